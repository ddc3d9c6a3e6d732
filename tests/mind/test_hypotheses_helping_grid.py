"""What the bodies of helping_grid are up to: values by hand, stages, posteriors that rise."""

from __future__ import annotations

import numpy as np
import pytest
from following import at

from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.hypotheses import hypotheses
from prosocial.agents.mind.hypotheses.helping_grid import Purposes
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import make_partner
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.helping_grid.codes import DeclaredAction, FullAction

CORRIDOR = """
    ########
    #C..B.G#
    ####.###
    #L.....#
    ########
"""
LEARNER, CAREGIVER = 0, 1
EAST = 1


def begun(layout: str = CORRIDOR, num_worlds: int = 1, heading: int = EAST, **config) -> Batch:
    world = build("helping_grid", layout=layout, **{"max_steps": 10**6, **config})
    batch = Batch(world, num_worlds, seed=2, track_states=True)
    batch.reset()
    batch.state["heading"] = heading
    return batch


def told(batch: Batch, body: int, **options) -> dict[str, dict[str, float]]:
    """Returns the values of one body's actions by purpose, those that are possible."""
    asked = hypotheses(batch.world, "goals", **options)
    values = asked.action_values(batch.state)[0, body]
    return {
        name: {FullAction(a).name: float(v) for a, v in enumerate(row) if np.isfinite(v)}
        for name, row in zip(asked.names, values, strict=True)
    }


def test_values_in_a_corridor_by_hand():
    batch = begun()
    caregiver = told(batch, CAREGIVER)
    assert caregiver["to_goal"] == {}  # the ball lies across the only way
    # East five cells: FORWARD leaves four more; a turn is to be taken back; the rest is lost time.
    assert caregiver["to_goal_blocked"] == {
        "STAY": -6, "LEFT": -7, "RIGHT": -7, "FORWARD": -5, "PICKUP": -6, "DROP": -6,
    }  # fmt: skip
    # Two steps to stand before the ball, and the pick-up.
    assert caregiver["fetch_ball"]["FORWARD"] == -3
    assert caregiver["make_way"] == {}
    learner = told(batch, LEARNER)
    assert learner["to_goal"] == learner["to_goal_blocked"] == {}
    # Three cells east, a turn north, one cell up, pick up: FORWARD and five more.
    assert learner["fetch_ball"] == {
        "STAY": -7, "LEFT": -8, "RIGHT": -8, "FORWARD": -6, "PICKUP": -7
    }  # fmt: skip
    # It is off the caregiver's way already, so making way is resting.
    assert learner["make_way"] == learner["rest"]
    assert learner["rest"]["STAY"] == 0
    assert learner["wander"] == {"STAY": -3, "LEFT": 0, "RIGHT": 0, "FORWARD": 0, "PICKUP": -3}


def test_the_pick_up_and_the_way_out():
    batch = begun()
    asked = hypotheses(batch.world, "goals")
    width = int(batch.world.params[0]["width"])
    cells = np.flatnonzero(batch.state["cells"][0] == 6)
    state = batch.state
    # The learner stands below the ball and looks at it.
    state["cells"][0, state["position"][0, LEARNER]] = 1
    state["position"][0, LEARNER], state["heading"][0, LEARNER] = cells[0] + width, 0
    state["cells"][0, cells[0] + width] = 10
    assert told(batch, LEARNER)["fetch_ball"]["PICKUP"] == -1
    before = state.copy()
    batch.step(np.array([[4]]))
    assert batch.events["pickup"][0, 0] == 1
    after = batch.after()
    assert asked.restarts(before, np.array([[4]]), after).tolist() == [True]  # type: ignore[attr-defined]
    assert asked.actions(before, np.array([[4]]), after).tolist() == [[4, 3]]
    now = told(batch, LEARNER)
    assert now["fetch_ball"] == {}  # nothing lies there any more
    assert now["make_way"] == now["rest"]
    assert told(batch, CAREGIVER)["to_goal_blocked"] == {}
    assert told(batch, CAREGIVER)["to_goal"]["FORWARD"] > told(batch, CAREGIVER)["to_goal"]["LEFT"]
    # In the corridor itself, the learner is in the way: one step back frees it.
    state["cells"][0, state["position"][0, LEARNER]] = 1
    state["position"][0, LEARNER], state["heading"][0, LEARNER] = cells[0], 2
    state["cells"][0, cells[0]] = 10
    assert told(batch, LEARNER)["make_way"] == {
        "STAY": -2, "LEFT": -3, "RIGHT": -3, "FORWARD": -1, "PICKUP": -2
    }  # fmt: skip


def test_a_ball_that_can_be_walked_around_does_not_block():
    room = """
        ######
        #C.BG#
        #....#
        #L...#
        ######
    """
    caregiver = told(begun(room), CAREGIVER)
    assert caregiver["to_goal_blocked"] == {}
    assert caregiver["to_goal"]["FORWARD"] == -3


def test_the_scripted_caregiver_is_understood_and_a_helper_too():
    world = build("helping_grid", max_steps=10**6)
    batch = Batch(world, 64, seed=1, track_states=True)
    batch.reset()
    mind = Mind(world, "goals", observers="shared", beta=2.0)
    mind.reset(batch.state)
    assert mind.targets == ("learner", "caregiver")
    helper = make_partner("scripted_helper")
    blocked, free, fetched = [], [], []
    to_goal, to_goal_blocked = at(mind, "to_goal", "to_goal_blocked")
    (fetch,) = at(mind, "fetch_ball")
    for _ in range(40):
        actions = helper.act(batch)
        now, was_lying = mind.posterior[:, 0].copy(), (batch.state["carrying"] == 0).all(1)
        batch.step(actions)
        picked = batch.events["pickup"][:, 0] > 0
        fetched += now[picked, LEARNER, fetch].tolist()
        blocked += now[picked, CAREGIVER, to_goal_blocked].tolist()
        reached = (batch.events["caregiver_goal"][:, 0] > 0) & ~was_lying
        free += now[reached, CAREGIVER, to_goal].tolist()
        follow(mind, batch, actions)
        assert np.isfinite(mind.posterior).all()
    # At the end of each stage what the bodies are up to is mostly known; of the caregiver, fetching
    # the ball and pushing on towards it look alike until the ball is reached.
    assert np.mean(fetched) > 0.7
    assert np.mean(free) > 0.5
    assert np.mean(blocked) > 0.3
    assert min(map(len, (fetched, blocked, free))) > 20


def test_who_never_helps_leaves_the_caregiver_stuck_and_is_found_out():
    world = build("helping_grid")
    batch = Batch(world, 64, seed=1, track_states=True)
    batch.reset()
    mind = Mind(world, "goals")  # what each sees of the other; there is one agent
    mind.reset(batch.state)
    assert mind.posterior.shape == (64, 1, 2, 7)
    for _ in range(30):
        actions = np.zeros((64, 1), np.int64)
        batch.step(actions)
        follow(mind, batch, actions)
    rest = mind.posterior[:, 0, LEARNER, at(mind, "rest", "make_way")].sum(-1)
    stuck = mind.posterior[:, 0, CAREGIVER, at(mind, "to_goal_blocked")[0]]
    assert rest.mean() > 0.95
    # Walking against the ball for long is what somebody does who cannot get where he wants to.
    assert stuck.mean() > 0.9


def test_a_controlled_caregiver_has_the_actions_of_the_agents():
    batch = begun(scripted_caregiver=False, action_set="declared")
    asked = hypotheses(batch.world, "goals", sight="view")
    values = asked.action_values(batch.state)
    assert np.isinf(values[..., FullAction.STAY]).all()
    # Without STAY, who rests turns on the spot.
    rest = values[0, :, asked.names.index("rest")]
    assert (rest[:, [FullAction.LEFT, FullAction.RIGHT]] == 0).all()
    assert (rest[:, FullAction.FORWARD] < 0).all()
    actions = np.array([[DeclaredAction.FORWARD, DeclaredAction.LEFT]])
    before = batch.state.copy()
    batch.step(actions)
    did = asked.actions(before, actions, batch.after())
    assert did.tolist() == [[FullAction.FORWARD, FullAction.LEFT]]
    # Views: the learner at (3, 1) looks east, the caregiver at (1, 1) now looks north.
    batch = begun(scripted_caregiver=False, view=3)
    narrow = hypotheses(batch.world, "goals", sight="view")
    assert narrow.visible(batch.state).tolist() == [[[True, False], [False, True]]]  # type: ignore[attr-defined]


def test_bad_options():
    with pytest.raises(ConfigError, match="sight is 'x'"):
        hypotheses(build("helping_grid"), "goals", sight="x")

    with pytest.raises(ConfigError, match="about helping_grid, not about 'fishery'"):
        Purposes(build("fishery"))
