"""`prosocial watch`: any run, recording, session, scenario or world, on a page or as pictures."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.partners import partner_entry
from prosocial.agents.recording import Recording, RecordingError, load_recording, resimulate
from prosocial.agents.training import checkpoint
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.internalization import Internalization
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.rollout import collect
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.agents.training.utility import utility
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine import build, worlds
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social import CaregiverConfig
from prosocial.play.config import PlayConfig
from prosocial.play.session.protocol import Join, Press
from prosocial.play.session.session import Session
from prosocial.runs import cli
from prosocial.runs.loading import load_policy
from prosocial.runs.recording import USUAL_PARTNERS, record_run, record_scenario, record_world
from prosocial.runs.watch import main

SHORT = {"min_steps": 25, "max_steps": 25}


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a commons: two learners and a partner, and an intermittent caregiver."""
    folder = tmp_path_factory.mktemp("crowd")
    social = PhaseConfig("social", steps=50, collect=True)
    caregiver = {"schedule": "intermittent", "probability": 0.5}
    mixed = PhaseConfig(
        "mixed", steps=50, caregiver=caregiver, internal_reward=True, fit_isr="offline",
        collect=True, partners={"1": "random"},
    )  # fmt: skip
    config = TrainConfig(
        world="commons_harvest", world_config={**SHORT, "num_agents": 3}, phases=(social, mixed),
        ppo=PPOConfig(num_worlds=2, rollout_steps=50, minibatch_size=50, num_epochs=1),
        policy=PolicyConfig("cell_embedding"), caregiver=CaregiverConfig(false_alarm=0.3),
        isr=ISRConfig(network="cell_embedding", max_updates=5, rule="gated", scale=0.01),
        evaluation=EvaluationConfig(episodes=1, greedy=False),
    )  # fmt: skip
    LifeCourse(config, folder).run()
    return folder


@pytest.mark.parametrize("folder", ["run", "crowd"])
def test_it_is_played_as_in_training(folder: str, request: pytest.FixtureRequest) -> None:
    """Rewards, presence and R_i are those that a rollout of the phase and its utility give."""
    path: Path = request.getfixturevalue(folder)
    recording = record_run(path, episodes=4, seed=3, greedy=False)
    config, found = read_config(path), read_checkpoint(path)
    phase = config.phases[-1]
    caregiver = config.phase_caregiver(phase)
    setup = WorldSetup(config.world, config.phase_world(phase), caregiver, 3, phase.partners)
    batch = setup.make_batch(4)
    batch.reset()
    steps = recording.episodes[0].length
    partners = setup.make_partners(batch.num_agents)
    rollout = collect(load_policy(found), batch, steps, partners)
    internalization = Internalization(config.isr, batch.world)
    internalization.load(found.tensors, 0)
    felt = utility(rollout, internalization.model).internal
    felt[:, :, [int(slot) for slot in phase.partners]] = 0  # partners have no internal reward
    assert felt.any()
    for world, episode in enumerate(recording.episodes):
        assert (episode.actions == rollout.actions[:, world]).all()
        assert (episode.rewards == rollout.env_rewards[:, world]).all()
        assert np.allclose(episode.social.sum(0), rollout.social_rewards[:, world])
        assert (episode.present == rollout.present[:, world]).all()
        assert np.allclose(episode.internal, felt[:, world], atol=1e-5)
        assert not episode.internal[episode.present].any()
        resimulate(recording, world)


def test_a_recording_says_where_it_comes_from(run: Path, crowd: Path) -> None:
    recording = record_run(run, episodes=1, seed=4)
    found = read_checkpoint(run)
    assert recording.source == {
        "run": str(run), "checkpoint": found.path.name, "env_steps": found.step,
        "phase": "autonomy", "condition": "isr", "seed": 4,
    }  # fmt: skip
    assert recording.labels == ("learner",)
    assert record_run(crowd, episodes=1).labels == ("learner", "random", "learner")
    assert record_run(crowd, phase="social", episodes=1).labels == ("learner",) * 3


def test_the_phase_decides_over_world_and_caregiver(run: Path) -> None:
    social = record_run(run, phase="socialization", episodes=80, greedy=False)
    assert all(episode.present.all() for episode in social.episodes)
    assert not any(episode.internal.any() for episode in social.episodes)
    assert any(episode.social.any() for episode in social.episodes)
    alone = record_run(run, episodes=2)
    assert not any(episode.present.any() for episode in alone.episodes)
    assert alone.norm_names == social.norm_names == ("reach_goal",)
    assert record_run(run, overrides={"layout": "x"}, episodes=1).config["layout"] == "x"
    with pytest.raises(ConfigError, match=r"has no phase 'autonomi'\. Did you mean 'autonomy'"):
        record_run(run, phase="autonomi")


def test_an_episode_depends_neither_on_their_number_nor_on_the_others(run: Path) -> None:
    few, many = (record_run(run, episodes=k, seed=9, greedy=False).episodes for k in (2, 5))
    for one, other in zip(few, many, strict=False):
        assert (one.actions == other.actions).all()
        assert one.final_hash == other.final_hash


def test_the_run_decides_over_sampling(run: Path, crowd: Path) -> None:
    """crowd is evaluated with samples, run with the likeliest actions."""
    for folder, usual, other in ((run, True, False), (crowd, False, True)):
        default, same, not_same = (
            [e.final_hash for e in record_run(folder, episodes=2, greedy=g).episodes]
            for g in (None, usual, other)
        )
        assert default == same != not_same


def test_an_earlier_checkpoint_has_no_internal_reward_yet(run: Path) -> None:
    first = checkpoint.paths(run / "checkpoints")[0]
    with pytest.raises(ConfigError, match=r"phase 'autonomy'.*holds none.*an earlier phase"):
        record_run(run, checkpoint=first)
    recording = record_run(run, checkpoint=first, phase="socialization", episodes=1)
    assert recording.source["checkpoint"] == first.name


def test_a_policy_that_does_not_fit_is_refused(run: Path) -> None:
    with pytest.raises(ConfigError, match=r"The policy of .* sees \(9, 9, 4\)"):
        record_run(run, world="helping_grid")
    with pytest.raises(ConfigError, match="episodes is 0"):
        record_run(run, episodes=0)


def test_a_mind_may_look_on(run: Path) -> None:
    recording = record_run(run, mind="goals", episodes=1)
    posteriors = recording.episodes[0].posteriors
    assert posteriors is not None
    assert posteriors.observers == ("learner",)
    assert posteriors.probabilities.shape == (21, 1, 1, 25)


@pytest.mark.parametrize("world", worlds())
def test_every_world_can_be_watched_at_once(world: str) -> None:
    config = {"commons_harvest": SHORT, "clean_up": SHORT, "kitchen": {"max_steps": 4}}
    recording = record_world(world, overrides=config.get(world, {}), episodes=1)
    (episode,) = recording.episodes
    assert episode.length > 0
    resimulate(recording)
    for name in recording.labels:
        assert world in (partner_entry(name).worlds or (world,))
    assert (world in USUAL_PARTNERS) == ("random" not in recording.labels)


def test_partners_and_caregiver_of_a_world_can_be_chosen() -> None:
    named = ("doors_human", "oracle_helper")
    recording = record_world("doors", partners=named, caregiver="none", mind="goals")
    assert recording.labels == named
    assert recording.norm_names == ()
    assert len(recording.episodes) == 3
    with pytest.raises(ConfigError, match="3 partners are given for the 2 agents of doors"):
        record_world("doors", partners=["random"] * 3)


def test_long_episodes_are_played_once() -> None:
    overrides = {"num_agents": 1, "max_steps": 501, "min_steps": 501}
    recording = record_world("commons_harvest", partners=["random"], overrides=overrides)
    assert [episode.length for episode in recording.episodes] == [501]


def test_scenarios_are_recorded(crowd: Path) -> None:
    recording = record_scenario(
        "commons_harvest_open_0", focal="restrained_harvester", overrides=SHORT, episodes=2
    )
    assert set(recording.labels) == {"restrained_harvester", "zapping_harvester"}
    assert recording.source == {"scenario": "commons_harvest_open_0", "seed": 0}
    with pytest.raises(ConfigError, match="give one"):
        record_scenario("commons_harvest_open_0")
    learned = record_scenario("commons_harvest_open_0", run=crowd, overrides=SHORT, episodes=1)
    assert set(learned.labels) == {"learner", "zapping_harvester"}


def watch(*arguments: object) -> int:
    return cli.main(["watch", *map(str, arguments)])


def test_a_run_becomes_a_page(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(run, "layout=x", "--seed", 2, "--episodes", 2) == 0
    text = capsys.readouterr().out
    page = run / "replays" / "autonomy-run-seed-2.html"
    assert text.splitlines()[-1] == f"page: {page}"
    assert text.count("20 steps, R_e") == 2
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")


def test_everything_that_can_be_written(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av")
    files = {kind: tmp_path / f"x.{kind}" for kind in ("gif", "mp4", "png", "npz", "html")}
    options = zip(
        ("--gif", "--mp4", "--strip", "--record", "--output"), files.values(), strict=True
    )
    flat = [part for option in options for part in option]
    assert watch(run, "--episode", 1, 2, "--every", 5, "--tile", 8, *flat) == 0
    assert all(path.stat().st_size > 0 for path in files.values())
    recorded = load_recording(files["npz"])
    expected = record_run(run, episodes=3)
    hashes = [episode.final_hash for episode in expected.episodes[1:]]
    assert [episode.final_hash for episode in recorded.episodes] == hashes
    assert recorded.source["command"].startswith("prosocial watch ")
    assert Image.open(files["png"]).size == (8 * 56 + 7 * 4, 2 * 56 + 4)  # a row an episode
    capsys.readouterr()
    # What was recorded can be watched again; --episode 1 is now the second one in the file.
    assert watch(files["npz"], "--episode", 1, "--gif", tmp_path / "again.gif") == 0
    assert f"page: {tmp_path / 'x.html'}" in capsys.readouterr().out


def test_what_training_recorded(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(run, "--recorded") == 0
    text = capsys.readouterr().out
    assert "-autonomy-training_world.npz" in text
    assert (run / "replays").is_dir()
    assert watch(run, "--recorded", "--phase", "socialization") == 0
    assert "-socialization-training_world.npz" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="holds no recording of phase 'nothing'"):
        main([str(run), "--recorded", "--phase", "nothing"])


def test_two_runs_side_by_side(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []
    page = __import__("prosocial.analysis.replay_page", fromlist=["replay"])
    replay = page.replay

    def spy(recordings: Any, **options: Any) -> Any:
        given.append(recordings)
        return replay(recordings, **options)

    monkeypatch.setattr(page, "replay", spy)
    other = tmp_path / "other"
    shutil.copytree(run, other)
    output = tmp_path / "both.html"
    assert watch(run, "--against", other, "--sampled", "--seed", 5, "--output", output) == 0
    first, second = given[0]
    assert [e.final_hash for e in first.episodes] == [e.final_hash for e in second.episodes]
    assert (first.source["run"], second.source["run"]) == (str(run), str(other))
    record = tmp_path / "one.npz"
    first.save(record)
    assert watch(record, "--against", record) == 0
    assert "page: " in capsys.readouterr().out


def test_a_scenario_and_a_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # An option that comes before --scenario stands where a run would.
    name = "commons_harvest_open_0"
    short = ["max_steps=20", "min_steps=20"]
    assert watch(*short, "--scenario", name, "--focal", "random", "--episodes", 1) == 0
    assert f"page: outputs/watch/{name}-seed-0.html" in capsys.readouterr().out
    assert watch("fishery", "--partner", "random", "--caregiver", "none", "max_rounds=2") == 0
    assert "fishery: random\n  episode 0: " in capsys.readouterr().out
    assert (tmp_path / "outputs/watch/fishery-seed-0.html").is_file()


def test_a_session_of_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = PlayConfig.from_mapping({"world": "doors"})
    session = Session(config, folder=tmp_path / "session")
    session.join(Join("human"))
    for step in range(3):
        session.press("human", Press(step + 1, action=step, episode=0, step=step, time=0.0))
        assert session.tick(0.0) is not None
    session.close()
    record = tmp_path / "session.npz"
    assert watch(tmp_path / "session", "--record", record) == 0
    text = capsys.readouterr().out
    assert text.startswith("doors: person, bayesian_helper\n  episode 0: 3 steps")
    assert f"page: {tmp_path / 'session' / 'replay.html'}" in text
    assert load_recording(record).episodes[0].actions[:, 0].tolist() == [0, 1, 2]
    assert watch(tmp_path / "session" / "session.jsonl") == 0  # the log itself will do
    with pytest.raises(ConfigError, match="--seed: that does not go with a session"):
        main([str(tmp_path / "session"), "--seed", "1"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to watch"),
        (["kichen"], r"no file, folder or world 'kichen'\. Did you mean 'kitchen'"),
        (["."], "neither a run folder"),
        (["doors", "--phase", "a", "--sampled"], "--phase, --sampled: that does not go with a wor"),
        (["doors", "--against", "x.npz"], "--against: that does not go with a world"),
        (["RUN", "--partner", "random"], "--partner: that does not go with a run"),
        (["RUN", "--recorded", "size=9"], "size=9: that does not go with --recorded"),
        (["doors", "--partner", "random,"], "no partner named ''"),
        (["RUN", "--sampled", "--greedy"], "exclude each other"),
        (["RUN", "--scenario", "commons_harvest_open_0", "--focal", "random"], "give one"),
        (["RUN", "--episode", "7", "--episodes", "2"], "no episode 7; the recording has 2"),
        (["RUN", "size"], "expected key=value"),
        (["NPZ", "--seed", "1", "--mind", "goals"], "--mind, --seed: that does not go with a reco"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_faults_are_named(
    run: Path, tmp_path: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorded = next((run / "recordings").iterdir())
    places = {"RUN": str(run), "NPZ": str(recorded)}
    with pytest.raises((ConfigError, RecordingError), match=message):
        main([places.get(argument, argument) for argument in arguments])
    assert not list(tmp_path.iterdir())


def test_damaged_and_foreign_recordings_end_with_a_message(
    tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.npz"
    path.write_text("nothing")
    assert watch(path) == 1
    assert "holds no recording, or it is damaged" in capsys.readouterr().err
    recording: Recording = load_recording(next((run / "recordings").iterdir()))
    dataclasses.replace(recording, version=99).save(path)
    assert watch(path) == 1
    assert "version 99, but here it has version 0" in capsys.readouterr().err


def test_numbers_below_zero(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doors", "--seed", "-1"])
    assert "-1 is below 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["doors", "--episodes", "0"])
    assert "0 is below 1" in capsys.readouterr().err


def test_help_has_examples_and_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from prosocial.runs import watch\n"
        "try: watch.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'ray', 'av', 'polars', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "prosocial watch rendezvous" in done.stdout
    assert done.stdout.endswith("[]\n")


def test_a_world_is_built_with_options() -> None:
    recording = record_world("caregiver_grid", overrides={"num_walls": 0}, episodes=1)
    assert recording.build().config == build("caregiver_grid", num_walls=0).config
