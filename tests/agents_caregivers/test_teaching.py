"""A caregiver that infers what its learner has understood, and teaches what it has not."""

from collections import deque
from typing import Any

import numpy as np
import pytest

import prosocial
from prosocial.agents.caregivers.making import make_caregiver
from prosocial.agents.caregivers.situations import ApplesInReach, WayToGoal, make_situations
from prosocial.agents.caregivers.teaching import TeachingCaregiver, TeachingConfig
from prosocial.agents.partners import RandomPartner, ShortestPathOracle
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import CaregiverConfig
from prosocial.envs.worlds.avatars.codes import APPLE
from prosocial.envs.worlds.caregiver_grid import Cell

GRID = build("caregiver_grid")
HARVEST = build("commons_harvest", num_agents=3)
NORMS = {"restraint": {"amount": -2.0, "praise": 0.0}}


def make_batch(world=GRID, num_worlds=4, first=0, seed=3, **config: Any):
    caregiver = make_caregiver({"teaching": {}, **config}, world)
    batch = Batch(world, num_worlds, seed=seed, first=first, caregiver=caregiver)
    batch.reset()
    return batch, caregiver


def random_actions(batch, seed=0):
    """Addressed by world and step, so that they do not depend on how a batch is cut."""
    return RandomPartner(seed).act(batch)


def live(batch, steps, act: Any = random_actions):
    """Returns presence (T, B), social rewards (T, B, N) and events of every step."""
    present, social, events = [], [], []
    for _ in range(steps):
        batch.step(act(batch))
        present.append(batch.caregiver_present.copy())
        social.append(batch.social_rewards.copy())
        events.append(batch.events.copy())
    return np.array(present), np.array(social), np.array(events)


def search(cells, width, start, heading, goal):
    """Steps to the goal by breadth-first search in plain Python; None if it cannot be reached."""
    ahead = (-width, 1, width, -1)
    queue, seen = deque([(start, heading, 0)]), {(start, heading)}
    while queue:
        cell, facing, steps = queue.popleft()
        target = cell + ahead[facing]
        if target == goal:
            return steps + 1
        options = [(cell, (facing + 1) % 4), (cell, (facing + 3) % 4)]
        if cells[target] == Cell.EMPTY:
            options.append((target, facing))
        for option in options:
            if option not in seen:
                seen.add(option)
                queue.append((*option, steps + 1))
    return None


def test_distances_are_those_of_a_plain_search():
    world = build("caregiver_grid", num_walls=8, num_lava=2, allow_unreachable=True)
    batch = Batch(world, 60, seed=1, track_states=True)
    batch.reset()
    batch.step(random_actions(batch))
    situations, states = WayToGoal(world), batch.before
    assert states is not None
    kinds = situations.before(batch)[:, 0]
    width = int(world.params["width"][0])
    for kind, state in zip(kinds, states, strict=True):
        place = int(state["position"]), int(state["heading"])
        steps = search(state["cells"], width, *place, int(state["goal"]))
        expected = -1 if steps is None else sum(steps > bound for bound in WayToGoal.BOUNDS)
        assert kind == expected
    assert {-1, 1, 2, 3} <= set(kinds)


def test_whoever_takes_shortest_ways_follows_and_whoever_stays_put_does_not():
    batch = Batch(GRID, 20, seed=1, track_states=True)
    batch.reset()
    situations, oracle = WayToGoal(GRID), ShortestPathOracle()
    goals = 0
    for _ in range(45):  # over the ends of two episodes
        batch.step(oracle.act(batch))
        situations.before(batch)
        assert situations.followed(batch).all()
        goals += int(batch.events["goal"].sum())
    assert goals > 50
    forth, back = np.zeros((20, 1), int), np.ones((20, 1), int)
    followed = []
    for actions in (forth, back) * 10:
        batch.step(actions)
        situations.before(batch)
        followed.append(situations.followed(batch).mean())
    assert np.mean(followed) <= 0.5  # one of two opposite turns at most comes nearer


def test_the_posterior_counts_and_forgets():
    batch, caregiver = make_batch(num_worlds=2, teaching={"memory": 10})
    followed, failed = np.ones((2, 4)), np.ones((2, 4))
    situations = WayToGoal(GRID)
    for _ in range(60):
        batch.step(random_actions(batch))
        kind = situations.before(batch)[:, 0]
        right = situations.followed(batch)[:, 0]
        for world in range(2):
            for counts, one in ((followed, right[world]), (failed, not right[world])):
                old = counts[world, kind[world]]
                counts[world, kind[world]] = 1 + 0.9 * (old - 1) + one
    state = caregiver.state()
    np.testing.assert_allclose(state["followed"][:, 0], followed)
    np.testing.assert_allclose(state["failed"][:, 0], failed)
    np.testing.assert_allclose(caregiver.understanding()[:, 0], followed / (followed + failed))


def test_it_teaches_a_beginner_all_the_time_and_an_expert_hardly_ever():
    beginner, _ = make_batch(num_worlds=8)
    present, _, _ = live(beginner, 300)
    assert present[100:].mean() > 0.95
    expert, caregiver = make_batch(num_worlds=8)
    oracle = ShortestPathOracle()
    present, _, _ = live(expert, 300, oracle.act)
    assert present[:5].mean() > 0.9  # it does not know the learner yet
    assert present[150:].mean() < 0.1
    assert caregiver.understanding().min() > 0.8
    # An expert that begins to fail is taught again.
    again, _, _ = live(expert, 400)
    assert again[300:].mean() > 0.8


def test_what_it_says_is_what_the_constant_caregiver_says_and_elsewhere_it_is_absent():
    batch, _ = make_batch(num_worlds=8, noise_sd=0.1, miss=0.1)
    constant = Batch(
        GRID, 8, seed=3, caregiver=make_caregiver({"noise_sd": 0.1, "miss": 0.1}, GRID)
    )
    constant.reset()
    oracle = ShortestPathOracle()
    present, social, events = live(batch, 200, oracle.act)
    always, full, _ = live(constant, 200, oracle.act)
    assert always.all()
    assert 0.05 < present.mean() < 0.6
    np.testing.assert_array_equal(social, np.where(present[:, :, None], full, 0))
    silent = ~present[:, :, None] & (events["goal"] > 0)
    assert silent.any()
    assert not batch.social_rewards_by_norm[:, ~present[-1]].any()


def test_attention_is_decided_before_the_act():
    oracle = ShortestPathOracle()
    seen = {}
    for action in range(3):
        batch, _ = make_batch(num_worlds=64, teaching={"tolerance": 0.0, "doubt": 1.0})
        live(batch, 30, oracle.act)
        batch.step(np.full((64, 1), action))
        seen[action] = batch.caregiver_present.copy()
    assert 0 < seen[0].sum() < 64
    assert np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[0], seen[2])


@pytest.mark.parametrize(("world", "config"), [(GRID, {}), (HARVEST, {"norms": NORMS})])
def test_a_world_lives_the_same_life_in_any_batch(world, config):
    teaching = {"tolerance": 0.1, "doubt": 0.9, "budget": 6.0}
    whole, mind = make_batch(world, 6, teaching=teaching, **config)
    parts = [make_batch(world, 3, first, teaching=teaching, **config) for first in (0, 3)]
    lived = live(whole, 120)
    cut = [live(batch, 120) for batch, _ in parts]
    for one, *others in zip(lived, *cut, strict=True):
        assert np.array_equal(one, np.concatenate(others, axis=1))
    for name, array in mind.state().items():
        both = np.concatenate([caregiver.state()[name] for _, caregiver in parts])
        assert array.tobytes() == both.tobytes()


def test_a_saved_memory_goes_on_as_if_never_interrupted():
    whole, _ = make_batch(num_worlds=5)
    live(whole, 90, ShortestPathOracle().act)
    again, mind = make_batch(num_worlds=5, seed=99)
    again.recall(whole.memory())
    first, second = (live(batch, 60, ShortestPathOracle().act) for batch in (whole, again))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one, other)
    forgetful, blank = make_batch(num_worlds=5, seed=99)
    memory = whole.memory()
    forgetful.set_state(memory["worlds"])
    assert not np.array_equal(blank.state()["followed"], mind.state()["followed"])


def test_a_new_life_begins_without_memory_and_a_later_episode_with_it():
    batch, caregiver = make_batch()
    before = caregiver.state()
    live(batch, 30)
    lived = caregiver.state()
    batch.reset()
    assert np.array_equal(caregiver.state()["followed"], lived["followed"])
    batch.reset(seed=5)
    for name, array in caregiver.state().items():
        assert np.array_equal(array, before[name])


def test_the_budget_is_kept_by_every_world():
    batch, caregiver = make_batch(num_worlds=6, teaching={"budget": 2.0, "tolerance": 0.0})
    present, social, _ = live(batch, 400, ShortestPathOracle().act)
    spent = social.sum((0, 2))
    np.testing.assert_allclose(caregiver.state()["spent"], spent, rtol=1e-5)
    assert (spent >= 2.0 - 1e-4).all()
    assert (spent < 2.4).all()
    assert not present[-50:].any()


def test_apples_in_reach_are_seen_before_the_act():
    batch = Batch(HARVEST, 6, seed=2, track_states=True)
    batch.reset()
    situations = ApplesInReach(HARVEST, k=3)
    params = HARVEST.params[0]
    seen, violations = set(), 0
    for _ in range(150):
        batch.step(random_actions(batch))
        kinds, followed = situations.before(batch), situations.followed(batch)
        states, events = batch.before, batch.events
        assert states is not None
        for world in range(6):
            for agent in range(3):
                near = [
                    int(states["live_near"][world, params["place_at"][cell]])
                    for cell in states["position"][world, agent] + params["offsets"]
                    if states["cells"][world, cell] == APPLE
                ]
                few = [m for m in near if m < 3 and not states["away"][world, agent]]
                assert kinds[world, agent] == (min(few) if few else -1)
        blamed = (events["ate"] > 0) & (events["ate_neighbours"] < 3)
        assert np.array_equal(followed, ~blamed)
        seen |= set(kinds.ravel().tolist())
        violations += int(blamed.sum())
    assert violations
    assert {-1, 0, 1, 2} >= seen > {-1}


def test_it_judges_restraint_and_attends_as_the_neediest_it_watches_requires():
    batch, caregiver = make_batch(HARVEST, 4, norms=NORMS)
    live(batch, 200)
    assert caregiver.situations[0] == "an apple with 0 live neighbours in reach"
    assert caregiver.understanding().shape == (4, 3, 3)
    error = caregiver.predicted_error()
    need = np.clip((error - 0.3) / 0.2, 0, 1)
    none = np.full((4, 3), -1)
    np.testing.assert_allclose(caregiver._attention(none), need.max((1, 2)))
    one, other = make_batch(HARVEST, 4, watches=[1], norms=NORMS)
    other.restore(caregiver.state())
    np.testing.assert_allclose(other._attention(none), need[:, 1].max(1))
    assert one.num_agents == 3


def test_praise_at_the_goal_teaches_the_way_there():
    _, caregiver = make_batch(num_worlds=1)
    state = caregiver.state()
    state["followed"][0, 0] = [500, 500, 500, 1]
    state["failed"][0, 0] = [1, 1, 1, 500]  # lost when it is far away
    caregiver.restore(state)
    assert caregiver._attention(np.array([[0]])) == 1
    state["followed"][0, 0] = [1, 500, 500, 500]
    state["failed"][0, 0] = [500, 1, 1, 1]
    caregiver.restore(state)
    assert caregiver._attention(np.array([[0]])) == 1
    assert caregiver._attention(np.array([[3]])) == 0  # praise far away cannot teach the last step


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory": 0.5}, "memory is 0.5; expected a number >= 1"),
        ({"caution": -1}, "caution"),
        ({"tolerance": 0.6}, r"doubt is 0.5; expected a number above tolerance \(0.6\)"),
        ({"doubt": 1.5}, r"doubt is 1.5; expected a number in \[0, 1\]"),
        ({"budget": 0}, "budget is 0; expected a number > 0"),
        ({"memroy": 3}, "no option 'memroy'. Did you mean 'memory'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ConfigError, match=message):
        make_caregiver({"teaching": options}, GRID)


def test_worlds_and_norms_that_it_cannot_judge_are_refused():
    with pytest.raises(ConfigError, match="cannot tell what a learner in 'fishery' understands"):
        make_caregiver({"teaching": {}}, build("fishery"))
    with pytest.raises(ConfigError, match="understands of restraint"):
        make_situations(GRID, make_caregiver({"norms": NORMS}, HARVEST).norms)
    with pytest.raises(ConfigError, match=r"CaregiverConfig\.teaching is 3; expected a mapping"):
        CaregiverConfig(teaching=3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match=r"holds a mind: make it with make_caregiver"):
        CaregiverConfig(teaching={}).make(GRID)


def test_a_memory_of_another_batch_is_refused():
    _, caregiver = make_batch(num_worlds=3)
    _, other = make_batch(num_worlds=4)
    with pytest.raises(ConfigError, match="memory of the teaching caregiver"):
        caregiver.restore(other.state())


def test_without_teaching_the_caregiver_holds_no_mind():
    assert not isinstance(make_caregiver({"noise_sd": 0.1}, GRID), TeachingCaregiver)
    made = make_caregiver(CaregiverConfig(teaching={"memory": 50}, miss=0.1), GRID)
    assert made.teaching == TeachingConfig(memory=50)
    assert made.miss == 0.1
    assert made.needs_states


def test_it_can_be_given_to_a_batch_of_the_public_api():
    caregiver = make_caregiver({"teaching": {}}, GRID)
    batch = prosocial.make_batch("caregiver_grid", 3, caregiver=caregiver)
    batch.reset()
    batch.step(random_actions(batch))
    assert caregiver.understanding().shape == (3, 1, 4)


def test_attention_is_drawn_apart_from_the_schedule_and_from_noise():
    chance = {"schedule": "intermittent", "probability": 0.5, "miss": 0.5}
    half = {"tolerance": 0.0, "doubt": 1.0, "caution": 0.0}
    batch, _ = make_batch(num_worlds=4000, teaching=half, **chance)
    batch.step(random_actions(batch))  # nothing is known: attention is one half too
    assert batch.caregiver_present.mean() == pytest.approx(0.25, abs=0.03)
