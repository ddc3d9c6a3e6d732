"""What the learner of caregiver_grid walks to and wants: values by brute force, posteriors rise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from following import at, before, infer, play

from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.hypotheses import caregiver_grid, hypotheses
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import make_partner
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.caregiver_grid.rules import BLOCKING, Action

ISLAND = """
    #######
    #A.#..#
    #..#.G#
    #.A####
    #######
"""
CORRIDOR = """
    #####
    #>.G#
    #...#
    #####
"""


def begun(num_worlds: int = 4, seed: int = 0, **config) -> Batch:
    batch = Batch(build("caregiver_grid", **config), num_worlds, seed=seed, track_states=True)
    batch.reset()
    return batch


def shortest_by_stepping(batch: Batch, cell: int, first: int, longest: int = 5) -> float:
    """Returns the least number of actions, ``first`` first, that put the learner on a cell.

    Steps the rules of the world themselves; a new map ends a walk.
    """
    for length in range(1, longest + 1):
        for rest in itertools.product(range(3), repeat=length - 1):
            copy = Batch(batch.world, 1, seed=0, auto_reset=False)
            copy.reset()
            copy.set_state(batch.get_state())
            for action in (first, *rest):
                copy.step(np.array([[action]]))
                if copy.events["goal"][0, 0]:
                    ahead = int(batch.state["goal"][0])
                    break
                ahead = int(copy.state["position"][0])
            if ahead == cell:
                return length
    return np.inf


def test_values_of_destinations_are_what_stepping_the_world_needs():
    batch = begun(1, layout=CORRIDOR, max_steps=10**6)
    told = hypotheses(batch.world, "goals")
    values = told.action_values(batch.state)[0, 0]
    cells = told.cells  # type: ignore[attr-defined]
    for number in (1, 2, 4):  # the cell ahead, the goal two ahead, the cell below the one ahead
        for action in Action:
            needed = shortest_by_stepping(batch, int(cells[number]), action)
            # Whoever begins on the cell has to come back; the formula counts from the cell itself.
            assert values[number, action] == -needed, (told.names[number], action.name)


def test_unreachable_cells_and_walls_have_prior_zero():
    batch = begun(8, layout=ISLAND, allow_unreachable=True)
    mind = Mind(batch.world, "goals")
    mind.reset(batch.state)
    shown = dict(zip(mind.names, mind.posterior[0, 0, 0], strict=True))
    reachable = {"cell(1,1)", "cell(1,2)", "cell(2,1)", "cell(2,2)", "cell(3,1)", "cell(3,2)"}
    assert {name for name, p in shown.items() if p > 0} == reachable
    assert len(mind.names) == 10  # the four cells of the island are hypotheses too
    assert mind.posterior.sum(-1) == pytest.approx(1)
    random = begun(16)
    mind = Mind(random.world, "goals")
    mind.reset(random.state)
    assert ((mind.posterior[:, 0, 0] > 0).sum(-1) <= 22).all()  # 25 cells, 3 walls


def test_lava_is_no_destination_and_draws_a_new_map():
    batch = begun(64, num_lava=3)
    told = hypotheses(batch.world, "goals")
    lava = batch.state["cells"][:, told.cells] == 9  # type: ignore[attr-defined]
    assert lava.sum(1).tolist() == [3] * 64
    assert not told.available(batch.state)[:, 0][lava].any()
    rng, entered = np.random.default_rng(0), 0
    for _ in range(15):
        actions = rng.integers(0, 3, (64, 1))
        batch.step(actions)
        drawn = (batch.events["lava"] + batch.events["goal"])[:, 0] > 0
        assert isinstance(told, caregiver_grid.Destinations)
        np.testing.assert_array_equal(told.restarts(before(batch), actions, batch.after()), drawn)
        entered += int(batch.events["lava"].sum())
    assert entered > 0


@pytest.mark.parametrize("layout", ["random", "four_rooms", "plus"])
def test_the_destination_of_the_oracle_is_found_and_forgotten_with_the_map(layout):
    batch = begun(64, seed=5, layout=layout, max_steps=10**6)
    mind = Mind(batch.world, "goals", observers="shared", beta=2.0)
    mind.reset(batch.state)
    cells = mind.hypotheses.cells  # type: ignore[attr-defined]
    last = []
    oracle = make_partner("shortest_path")
    for _ in range(20):
        goal = np.searchsorted(cells, batch.state["goal"])
        believed = mind.posterior[np.arange(64), 0, 0, goal].copy()
        actions = oracle.act(batch)
        batch.step(actions)
        arrived = batch.events["goal"][:, 0] > 0
        last += believed[arrived].tolist()
        follow(mind, batch, actions)
        prior = mind.hypotheses.available(batch.state)[:, 0].astype(float)
        prior /= prior.sum(-1, keepdims=True)
        np.testing.assert_allclose(mind.posterior[arrived, 0, 0], prior[arrived], atol=1e-6)
    assert len(last) > 60
    # Just before the last step: far above chance, 1 in 22; only cells beyond the goal compete.
    assert np.mean(last) > 0.3


@pytest.mark.parametrize(
    ("partner", "family", "bar"),
    [("shortest_path", "seeks_goal", 0.99), ("idle", "saves_steps", 0.9), ("random", "other", 0.8)],
)
def test_what_the_learner_wants_is_found(partner, family, bar):
    mind, trace = infer(
        "caregiver_grid", [partner], 60, 64, mind={"kind": "values"}, max_steps=10**6
    )
    group = [name.partition("@")[0] for name in mind.names]
    if family == "other":  # somebody who acts at random neither seeks nor saves
        chosen = [k for k, name in enumerate(group) if name in ("indifferent", "avoids_goal")]
    else:
        chosen = [k for k, name in enumerate(group) if name == family]
    rising = trace[:, :, 0, 0][:, :, chosen].sum(-1).mean(1)
    assert rising[-1] > bar
    assert rising[-1] > rising[5]


def test_rationality_is_told_apart_and_the_oracle_is_strict():
    mind, trace = infer("caregiver_grid", ["shortest_path"], 60, 32, mind={"kind": "values"})
    # Episodes of 20 steps: the prior at the end of each, and within them it rises again.
    strict = trace[:, :, 0, 0, at(mind, "seeks_goal@100")[0]].mean(1)
    assert strict[18] > 0.8
    assert strict[20] < 0.5 < strict[38]


def test_a_drifting_learner_moves_from_saving_to_seeking_under_a_switch():
    options = {"kind": "values", "switch": 0.02, "observers": "shared"}
    batch = begun(32, max_steps=10**6)
    mind = Mind(batch.world, **options)
    idle = play(mind, batch, ["idle"], 40)
    mind_now = mind.posterior.copy()
    seeks = [k for k, name in enumerate(mind.names) if name.startswith("seeks")]
    assert mind_now[..., seeks].sum(-1).mean() < 0.1
    oracle = make_partner("shortest_path")
    for _ in range(40):
        actions = oracle.act(batch)
        batch.step(actions)
        follow(mind, batch, actions)
    assert mind.posterior[..., seeks].sum(-1).mean() > 0.85
    assert np.isfinite(idle).all()


def optimum_by_sweeps(batch: Batch, discount: float, cost: float) -> np.ndarray:
    """Returns the optimal action values of who is paid 1 for the goal, by value iteration.

    Plain Python over (cell, heading) with the successor of each action from the rules themselves.
    """
    state, width = batch.state[0], int(batch.world.params[0]["width"])
    offsets, goal = heading_offsets(width), int(state["goal"])
    free = [c for c in range(state["cells"].size) if not BLOCKING[state["cells"][c]]]
    value = {(c, h): 0.0 for c in free for h in range(4) if c != goal}

    def worth(c: int, h: int, action: int) -> float:
        if action < 2:
            return discount * value[c, (h + (3, 1)[action]) % 4]
        ahead = c + int(offsets[h])
        if ahead == goal:
            return 1.0
        return discount * value[ahead if (ahead, h) in value else c, h] - cost

    for _ in range(200):
        value = {(c, h): max(worth(c, h, a) for a in range(3)) for c, h in value}
    return np.array([worth(int(state["position"]), int(state["heading"]), a) for a in range(3)])


@pytest.mark.parametrize("seed", range(6))
def test_values_of_who_seeks_the_goal_are_optimal(seed):
    batch = begun(1, seed=seed, num_walls=5)
    told = hypotheses(batch.world, "values", rationalities=(1.0,), discount=0.9, goal_reward=0.9)
    wanted = optimum_by_sweeps(batch, 0.9, 0.05)
    assert wanted.max() > 0
    values = told.action_values(batch.state)[0, 0, told.names.index("seeks_goal@1")]
    np.testing.assert_allclose(values, wanted, atol=1e-5)


def test_a_goal_out_of_reach_leaves_only_rest():
    batch = begun(32, layout=ISLAND, allow_unreachable=True)
    told = hypotheses(batch.world, "values", rationalities=(1.0,))
    apart = np.isin(batch.state["position"] % batch.world.params[0]["width"],
                    batch.world.params[0]["radius"] + np.array([1, 2]))  # fmt: skip
    values = told.action_values(batch.state)[apart, 0]
    assert apart.all()
    np.testing.assert_allclose(values[:, 0], np.tile([0, 0, -0.045 / 0.4], (32, 1)), rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("goals", {"step_cost": 0}, "step_cost is 0"),
        ("goals", {"step_cost": np.inf}, "step_cost is inf"),
        ("values", {"rationalities": ()}, "rationalities is"),
        ("values", {"rationalities": (1, 1)}, "all different"),
        ("values", {"rationalities": (0,)}, "positive finite"),
        ("values", {"discount": 1.0}, "discount is 1.0"),
        ("values", {"goal_reward": 0}, "goal_reward is 0"),
    ],
)
def test_bad_options(kind, options, message):
    with pytest.raises(ConfigError, match=message):
        hypotheses(build("caregiver_grid"), kind, **options)


@pytest.mark.parametrize("name", ["Destinations", "Values"])
def test_other_worlds_are_refused(name):
    with pytest.raises(ConfigError, match="about caregiver_grid, not about 'fishery'"):
        getattr(caregiver_grid, name)(build("fishery"))
