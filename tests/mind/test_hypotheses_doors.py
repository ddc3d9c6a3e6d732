"""Which box the human of doors wants: values against searches on records, and inference."""

import numpy as np
import pytest

from prosocial.agents.mind.hypotheses.doors import Boxes, human_graph
from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.planning.records import RecordModel, joint_actions
from prosocial.agents.mind.planning.search import cheapest_plan
from prosocial.agents.mind.planning.values import softmax
from prosocial.envs.engine import Batch, ConfigError, build

STAY, NORTH, SOUTH, WEST, EAST = range(5)
TWO_ROOMS = """
    #######
    #1+H+2#
    ###.###
    ###A###
    #######
"""


def reached(goal):
    """Returns the goal test of a human who wants a box (number from 0) in any world of records."""
    return lambda records: (records["position"][:, 0] == goal) & np.ones(len(records), np.bool_)


@pytest.mark.parametrize(
    ("layout", "push_steps"), [(TWO_ROOMS, 3), ("nested", 2), ("nested", 1), ("corridor", 6)]
)
def test_values_are_the_fewest_steps_on_the_records(layout, push_steps):
    """The planner on records knows the rules alone; the helper stays idle."""
    world = build("doors", layout=layout, push_steps=push_steps)
    told, batch = Boxes(world), Batch(world, 40, seed=4)
    batch.reset()
    rng = np.random.default_rng(5)
    for _ in range(12):  # to open some doors, leave some pushed half open
        batch.step(rng.choice(5, (40, 2), p=[0.1, 0.2, 0.2, 0.25, 0.25]))
    walk = joint_actions(world, [0])
    assert batch.state["effort"].any() or push_steps == 1
    for record in batch.state[:: 8 if layout == "nested" else 4]:
        values = told.action_values(record.reshape(1))[0, 0]
        for number, box in enumerate(world.params[0]["boxes"]):
            record["goal"] = number
            if record["position"][0] == box:
                continue
            for action in range(5):
                after = Batch(world, 1, auto_reset=False)
                after.reset()
                after.set_state(record.reshape(1).view(np.uint8).reshape(1, -1))
                after.step(np.array([[action, STAY]]))
                if after.terminated[0]:
                    assert values[number, action] == -1
                    continue
                plan = cheapest_plan(RecordModel(world, after.state[0], walk), reached(box))
                assert plan is not None
                assert values[number, action] == -(1 + plan.cost)


def test_a_human_who_cannot_open_doors_reckons_with_help():
    world = build("doors", layout=TWO_ROOMS, push_steps=0)
    batch = Batch(world, 1)
    batch.reset()
    values = Boxes(world).action_values(batch.state)[0, 0]
    assert values[0].tolist() == [-4, -4, -5, -3, -4]  # as if it took a push and two steps
    alone = human_graph(world, imagine=False)
    at_door = alone.states(batch.state)[0]
    assert alone.successors[at_door, WEST] == at_door


def test_a_map_without_doors():
    world = build("doors", layout="#####\n#1H2#\n#.A.#\n#####")
    told, batch = Boxes(world), Batch(world, 2)
    batch.reset()
    assert told.action_values(batch.state)[0, 0].tolist() == [
        [-2, -2, -3, -1, -3], [-2, -2, -3, -3, -1]
    ]  # fmt: skip


def test_names_targets_and_fast_path():
    told = Boxes(build("doors", layout="nested"), step_cost=0.5)
    assert told.names == ("box 1", "box 2", "box 3", "box 4")
    assert told.targets == ("human",)
    assert told.table.dtype == np.float32
    assert Boxes(build("doors", layout="nested"), step_cost=0.5).table is told.table  # cached
    assert Boxes(build("doors", layout="nested")).table[0, 0, 0] == 2 * told.table[0, 0, 0]


def test_the_posterior_is_that_of_bayes_rule_by_hand():
    world, beta = build("doors", layout="six_rooms"), 1.5
    batch = Batch(world, 30, seed=7, track_states=True)
    batch.reset()
    mind = Mind(world, beta=beta, observers="shared")
    mind.reset(batch.state)
    wanted = np.full((30, 6), 1 / 6)
    rng = np.random.default_rng(8)
    for _ in range(6):
        values = mind.hypotheses.action_values(batch.state)[:, 0]
        actions = rng.integers(0, 5, (30, 2))
        wanted *= softmax(values, beta)[np.arange(30), :, actions[:, 0]]
        batch.step(actions)
        assert batch.before is not None
        mind.observe(batch.before, actions, batch.after())
    wanted /= wanted.sum(axis=1, keepdims=True)
    running = batch.state["t"] == 6
    assert running.sum() > 20
    assert np.allclose(mind.posterior[running, 0, 0], wanted[running], atol=1e-5)


def test_what_the_helper_does_tells_nothing_about_the_human():
    world = build("doors", layout="cross")
    posteriors = []
    for helper in (STAY, WEST):
        batch = Batch(world, 1, seed=7, track_states=True)
        batch.reset()
        mind = Mind(world, beta=2.0)
        mind.reset(batch.state)
        actions = np.array([[EAST, helper]])
        batch.step(actions)
        assert batch.before is not None
        mind.observe(batch.before, actions, batch.after())
        posteriors.append(mind.posterior[0, 0, 0].copy())
    assert np.allclose(*posteriors)
    assert posteriors[0].argmax() == 2  # box 3 lies to the east


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Boxes(build("helping_grid")), "not in 'helping_grid'"),
        (lambda: Boxes(build("doors"), step_cost=0), "step_cost is 0"),
        (lambda: Boxes(build("doors"), step_cost=np.inf), "step_cost is inf"),
        (lambda: Mind(build("doors"), "norms"), "no hypotheses of kind 'norms'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
