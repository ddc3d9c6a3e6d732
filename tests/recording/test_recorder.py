"""Whatever happens in any world is recorded, saved, loaded and played again, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.agents.mind.batch import make_batch
from prosocial.agents.mind.config import MindConfig
from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.partners import make_partner
from prosocial.agents.recording import Recorder, load_recording, resimulate
from prosocial.agents.recording.episodes import clean
from prosocial.agents.scenarios import evaluate_scenario, get_scenario
from prosocial.agents.scenarios.episodes import play_episodes
from prosocial.envs.engine import Batch, ConfigError, ResetNeededError, World, build, worlds
from prosocial.envs.social import make_caregiver

# Short episodes, so that they end within the steps of a test; and what is not the default.
CONFIGS: dict[str, dict[str, Any]] = {
    "caregiver_grid": {"num_lava": 2, "max_steps": 9},
    "clean_up": {"min_steps": 10, "max_steps": 20},
    "commons_harvest": {"min_steps": 10, "max_steps": 20, "num_agents": 3},
    "food_trucks": {"max_steps": 15},
    "helping_grid": {"max_steps": 15},
    "kitchen": {"max_steps": 15},
    "rendezvous": {"max_steps": 15},
}


def actions(world: World, seed: int, steps: int, num_worlds: int) -> np.ndarray:
    shape = (steps, num_worlds, world.num_agents)
    return np.random.default_rng(seed).integers(0, world.num_actions, shape)


@pytest.mark.parametrize("name", worlds())
@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**63),
    steps=st.integers(1, 45),
    auto_reset=st.booleans(),
    caregiver=st.sampled_from([None, "always", "intermittent"]),
)
def test_every_state_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    seed: int,
    steps: int,
    auto_reset: bool,
    caregiver: str | None,
) -> None:
    world = build(name, **CONFIGS.get(name, {}))
    schedule = {"schedule": caregiver, "probability": 0.5, "noise_sd": 0.1}
    batch = Batch(
        world, 2, seed=seed, auto_reset=auto_reset, track_states=True,
        caregiver=make_caregiver(schedule if caregiver else None, world),
    )  # fmt: skip
    recorder = Recorder("random")
    batch.reset()
    recorder.begin(batch)
    kept: dict[tuple[int, int], list[Any]] = {}  # by number of the episode and world
    for taken in actions(world, seed % 1000, steps, 2):
        numbers = batch.state["episode"].tolist()
        seen = batch.observations.copy()
        batch.step(taken)
        felt = taken.astype(np.float32) / 7
        recorder.step(batch, felt)
        assert batch.before is not None
        for k, number in enumerate(numbers):
            social = batch.social_rewards_by_norm[:, k].copy()
            kept.setdefault((number, k), []).append(
                (batch.before[k].copy(), batch.after()[k].copy(), seen[k], batch.events[k].copy(),
                 social, bool(batch.caregiver_present[k]), felt[k], bool(batch.terminated[k]))
            )  # fmt: skip
        if not auto_reset and batch.done.any():
            break
    path = recorder.recording().save(tmp_path_factory.mktemp("recorded") / "episodes.npz")
    loaded = load_recording(path)
    assert len(loaded.episodes) == len(kept)
    for index, rows in enumerate(kept[place] for place in sorted(kept)):
        episode, again = loaded.episodes[index], resimulate(loaded, index)
        befores, afters, seen, events, social, present, felt, terminated = zip(*rows, strict=True)
        assert clean(again.states[:-1]).tobytes() == clean(np.array(befores)).tobytes()
        assert clean(again.states[1:]).tobytes() == clean(np.array(afters)).tobytes()
        assert (again.observations[:-1] == np.array(seen)).all()
        assert (again.events == np.array(events)).all()
        assert (episode.social.swapaxes(0, 1) == np.array(social)).all()
        assert episode.present.tolist() == list(present)
        assert (episode.internal == np.array(felt)).all()
        assert episode.terminated == terminated[-1]


@pytest.mark.parametrize("name", worlds())
def test_recording_changes_nothing(name: str) -> None:
    world = build(name, **CONFIGS.get(name, {}))
    memories = []
    for recorder in (None, Recorder("random", max_worlds=1, mind=Mind(world, observers="shared"))):
        caregiver = make_caregiver({"schedule": "intermittent", "probability": 0.5}, world)
        batch = Batch(world, 3, seed=5, caregiver=caregiver)
        batch.reset()
        if recorder is not None:
            recorder.begin(batch)
        written = []
        for taken in actions(world, 0, 30, 3):
            batch.step(taken)
            if recorder is not None:
                recorder.step(batch)
            arrays = (batch.observations, batch.rewards, batch.social_rewards, batch.events)
            written += [array.tobytes() for array in arrays]
        memories.append([*written, *(a.tobytes() for a in batch.memory().values())])
    assert memories[0] == memories[1]


def test_episodes_stand_in_the_order_of_play() -> None:
    world = build("caregiver_grid", max_steps=4)
    batch = Batch(world, 3, seed=0)
    recorder = Recorder("random", max_worlds=2)
    for begun in range(2):
        batch.reset()
        recorder.begin(batch, episodes=2)
        for taken in actions(world, begun, 9, 3):
            batch.step(taken)
            recorder.step(batch)
    # Worlds 0 and 1, two whole episodes of each; the second batch begins with world number 3.
    initial = [e.initial for e in recorder.recording().episodes]
    seeds = batch.state["seed"].tolist()
    assert [(int(i["episode"]), seeds.index(i["seed"])) for i in initial] == [
        (0, 0), (0, 1), (1, 0), (1, 1)
    ]  # fmt: skip


def test_a_recording_may_be_taken_at_any_time() -> None:
    world = build("caregiver_grid", max_steps=6)
    batch = Batch(world, 1, seed=0)
    recorder = Recorder("random")
    batch.reset()
    recorder.begin(batch)
    assert recorder.recording().episodes == ()
    lengths = []
    for taken in actions(world, 0, 8, 1):
        batch.step(taken)
        recorder.step(batch)
        recording = recorder.recording()
        for index in range(len(recording.episodes)):
            resimulate(recording, index)
        lengths.append([e.length for e in recording.episodes])
    assert lengths == [[1], [2], [3], [4], [5], [6], [6, 1], [6, 2]]


def test_a_second_batch_cuts_the_first_one_off() -> None:
    world = build("caregiver_grid")
    recorder = Recorder("random")
    for seed in (0, 1):
        batch = Batch(world, 1, seed=seed)
        batch.reset()
        recorder.begin(batch)
        for taken in actions(world, 0, 5, 1):
            batch.step(taken)
            recorder.step(batch)
    recording = recorder.recording()
    assert [e.length for e in recording.episodes] == [5, 5]
    for index in (0, 1):
        resimulate(recording, index)


@pytest.mark.parametrize("observers", ["each", "shared"])
def test_the_posteriors_of_a_mind_are_recorded(observers: str) -> None:
    world = build("commons_harvest", num_agents=3, min_steps=6, max_steps=6)
    batch = Batch(world, 3, seed=2)
    trace = PosteriorTrace(Mind(world, observers=observers))
    own = Recorder("random", max_worlds=2, mind=Mind(world, observers=observers))
    shared = Recorder("random", max_worlds=2, trace=trace)
    batch.reset()
    for follower in (trace, own, shared):
        follower.begin(batch)
    for taken in actions(world, 0, 10, 3):
        batch.step(taken)
        for follower in (shared, trace, own):  # the order does not matter
            follower.step(batch)
    kept = trace.trace()
    for recorder in (own, shared):
        for number, episode in enumerate(recorder.recording().episodes):
            rows = (kept.world == number % 2) & (kept.episode == number // 2)
            assert episode.posteriors is not None
            assert episode.posteriors.labels == (kept.names, kept.targets, kept.observers)
            assert (episode.posteriors.probabilities == kept.posterior[rows]).all()
            assert len(episode.posteriors.probabilities) == episode.length + 1 == (7, 5)[number > 1]


def test_a_batch_with_a_mind_of_its_own_is_recorded() -> None:
    world = build("commons_harvest", num_agents=3, min_steps=6, max_steps=6)
    batch = make_batch(world, 2, MindConfig(), seed=2)
    recorder = Recorder("random")
    batch.reset()
    recorder.begin(batch)
    for taken in actions(world, 0, 10, 2):
        batch.step(taken)
        recorder.step(batch)
    recording = recorder.recording()
    assert [resimulate(recording, k).truncated for k in range(4)] == [True, True, False, False]


def test_a_scenario_is_recorded_and_its_rows_stay_the_same() -> None:
    scenario = get_scenario("commons_harvest_open_0")
    focal = make_partner("random")
    options = {"episodes": 3, "num_worlds": 2, "overrides": {"min_steps": 20, "max_steps": 20}}
    recorder = Recorder("random", max_worlds=3)
    rows = evaluate_scenario(scenario, focal, recorder=recorder, **options)
    plain = evaluate_scenario(scenario, focal, **options)
    assert all((rows[name] == plain[name]).all() for name in plain)
    recording = recorder.recording()
    assert len(recording.episodes) == 3
    for number, episode in enumerate(recording.episodes):
        returns = rows["env_return"][rows["episode"] == number]
        assert episode.rewards.sum(0, dtype=float).tolist() == pytest.approx(returns.tolist())


def test_play_episodes_records_one_episode_of_each_world() -> None:
    world = build("helping_grid", max_steps=12)
    batch = Batch(world, 3, seed=1, caregiver=make_caregiver("default", world))
    recorder = Recorder("scripted_helper", {"seed": 1})
    rows = play_episodes(batch, make_partner("scripted_helper"), recorder=recorder)
    recording = recorder.recording()
    assert recording.labels == ("scripted_helper",)
    assert recording.norm_names == ("help",)
    assert [e.length for e in recording.episodes] == rows["length"].tolist()
    social = [float(e.social.sum()) for e in recording.episodes]
    assert social == pytest.approx(rows["social_return"].tolist())


def test_faults_of_the_caller_are_named() -> None:
    world = build("caregiver_grid")
    batch = Batch(world, 1, caregiver=make_caregiver("default", world))
    batch.reset()
    recorder = Recorder("random")
    with pytest.raises(ResetNeededError, match="begin"):
        recorder.step(batch)
    with pytest.raises(ResetNeededError, match="begin"):
        recorder.recording()
    recorder.begin(batch)
    other = Batch(build("caregiver_grid", num_walls=1), 1)
    other.reset()
    with pytest.raises(ConfigError, match="configured otherwise"):
        recorder.begin(other)
    bare = Batch(world, 1)
    bare.reset()
    with pytest.raises(ConfigError, match="norms"):
        recorder.begin(bare)
    with pytest.raises(ConfigError, match="max_worlds is 0"):
        Recorder("random", max_worlds=0)
    mind = Mind(world, observers="shared")
    with pytest.raises(ConfigError, match="not both"):
        Recorder("random", mind=mind, trace=PosteriorTrace(mind))


def test_a_trace_that_keeps_too_little_is_refused() -> None:
    world = build("caregiver_grid")
    batch = Batch(world, 2)
    trace = PosteriorTrace(Mind(world, observers="shared"), max_worlds=1)
    recorder = Recorder("random", trace=trace)
    batch.reset()
    trace.begin(batch)
    recorder.begin(batch)
    batch.step(np.zeros((2, 1), int))
    trace.step(batch)
    recorder.step(batch)
    with pytest.raises(ConfigError, match="keeps 0 moments"):
        recorder.recording()


def test_a_step_costs_few_bytes(tmp_path: Path) -> None:
    sizes = {}
    for name, partner, config in (
        ("caregiver_grid", "shortest_path", {}),
        ("commons_harvest", "random", {"min_steps": 1000, "max_steps": 1000}),
    ):
        world = build(name, **config)
        worlds = 50 if name == "caregiver_grid" else 1
        batch = Batch(world, worlds, caregiver=make_caregiver("default", world))
        recorder = Recorder(partner, max_worlds=50)
        play_episodes(batch, make_partner(partner), recorder=recorder)
        recording = recorder.recording()
        assert sum(e.length for e in recording.episodes) == 1000
        sizes[name] = recording.save(tmp_path / f"{name}.npz").stat().st_size
    assert sizes["caregiver_grid"] < 15_000  # 50 maps and 1,000 steps
    assert sizes["commons_harvest"] < 12_000  # one map and 7,000 actions
