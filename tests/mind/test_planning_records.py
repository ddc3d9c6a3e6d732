"""Searches on copies of world records, against exact distances of caregiver_grid."""

import numpy as np
import pytest

from prosocial.agents.mind.planning.brtdp import BRTDP, BRTDPConfig, step_costs
from prosocial.agents.mind.planning.distances import distances_to
from prosocial.agents.mind.planning.records import RecordModel, joint_actions
from prosocial.agents.mind.planning.search import cheapest_plan, depth_limited_values
from prosocial.envs.engine import Batch, ConfigError, build

LEFT, RIGHT, FORWARD = range(3)
ROOM = """
    #######
    #>....#
    #.###.#
    #...#.#
    #.#...#
    #....G#
    #######
"""
OPEN = "#######\n" + "#.....#\n" * 4 + "#v...G#\n#######"


def root_of(text, **config):
    world = build("caregiver_grid", layout=text, max_steps=5, **config)
    batch = Batch(world, 1)
    batch.reset()
    return world, batch.state[0].copy()


def exact_steps(world, record):
    """Returns the fewest actions from each (cell, heading) to each cell: int32 (n, 4, n)."""
    free = record["cells"] == 1  # the goal ends the map and leads back to the start
    width, count = int(world.params["width"][0]), free.size
    offsets = (-width, 1, width, -1)
    table = np.empty((count, 4, 3), np.int64)
    for cell in range(count):
        for heading in range(4):
            ahead = cell + offsets[heading] if free[cell] else cell
            there = ahead if free[ahead] else cell
            table[cell, heading] = (
                4 * cell + (heading + 3) % 4, 4 * cell + (heading + 1) % 4, 4 * there + heading
            )  # fmt: skip
    steps = distances_to(table.reshape(-1, 3), range(4 * count)).reshape(count, 4, count, 4)
    return np.where(steps < 0, 10**6, steps).min(axis=3)


def planned(*arguments):
    """Returns the cheapest plan, which there must be."""
    plan = cheapest_plan(*arguments)
    assert plan is not None
    return plan


def on(cell):
    return lambda records: records["position"] == cell


@pytest.mark.parametrize("text", [ROOM, OPEN])
def test_cheapest_plans_are_shortest_paths(text):
    world, record = root_of(text)
    steps = exact_steps(world, record)
    model = RecordModel(world, record)
    free = np.flatnonzero(record["cells"] == 1)
    for cell in free:
        plan = planned(model, on(cell))
        assert plan.cost == steps[record["position"], record["heading"], cell]
        assert len(plan.actions) == plan.cost
        assert len(plan.states) == plan.cost + 1
    assert model.num_states <= 4 * (len(free) + 1)


def test_a_plan_leads_to_the_goal_in_the_world():
    """Also beyond the world's time limit of 5 steps, which the copies do not have."""
    world, record = root_of(ROOM)
    target = int(np.flatnonzero(record["cells"] == 8)[0]) - 1
    plan = planned(RecordModel(world, record), on(target))
    longer = build("caregiver_grid", layout=ROOM, max_steps=100)
    batch = Batch(longer, 1)
    batch.reset()
    assert plan.cost > 5
    for action in plan.actions:
        batch.step(action[None])
    assert batch.state["position"][0] == target


def test_a_time_limit_that_terminates_is_off_too():
    """In helping_grid it ends the episode for good, so that nothing could follow."""
    layout = "#######\n#C.B.G#\n#.....#\n#....L#\n" + "#######\n" * 3
    world = build("helping_grid", layout=layout, max_steps=3)
    batch = Batch(world, 1)
    batch.reset()
    target = int(batch.state["position"][0, 0]) - 4  # four cells to the west
    goal = lambda records: records["position"][:, 0] == target  # noqa: E731
    plan = planned(RecordModel(world, batch.state[0]), goal)
    assert 4 <= plan.cost <= 6


def test_the_root_is_left_as_it_was():
    world, record = root_of(ROOM)
    before = record.tobytes()
    cheapest_plan(RecordModel(world, record), on(-1))
    assert record.tobytes() == before


def test_no_plan_to_where_no_way_leads():
    world, record = root_of(ROOM)
    assert cheapest_plan(RecordModel(world, record), on(0)) is None


def test_costs_decide_between_ways():
    world, record = root_of(OPEN)
    target = int(record["position"]) - int(world.params["width"][0])  # one north; it looks south
    model = RecordModel(world, record)
    assert planned(model, on(target), [1, 5, 1]).actions.ravel().tolist() == [0, 0, 2]
    assert planned(model, on(target), [5, 1, 1]).actions.ravel().tolist() == [1, 1, 2]
    # One turn to the left is found first; three to the right are cheaper.
    plan = planned(model, on(int(record["position"]) + 1), [5, 1, 1])
    assert (plan.cost, plan.actions.ravel().tolist()) == (4, [1, 1, 1, 2])


def test_depth_limited_values_are_the_best_sums_of_rewards():
    world, record = root_of(OPEN, step_cost=0.25)
    start = record["position"]
    record["heading"] = 1
    model = RecordModel(world, record)
    # Forward costs .25 in this world; nothing else gives or takes.
    assert depth_limited_values(model, 3).tolist() == [0, 0, -0.25]
    assert depth_limited_values(model, 1, weights=[-2]).tolist() == [0, 0, 0.5]
    # As a sum to be made large by walking: 3 steps forward, or 2 after a turn, discounted.
    values = depth_limited_values(model, 3, weights=[-4], discount=0.5)
    assert values.tolist() == [0.75, 0.75, 1.75]
    assert record["position"] == start


def test_depth_limited_values_are_those_of_all_sequences():
    world, record = root_of(ROOM, step_cost=0.25)
    values = depth_limited_values(RecordModel(world, record), 5, weights=[-1], discount=0.9)
    best = np.full(3, -np.inf)
    batch = Batch(world, 3**5, auto_reset=False)
    batch.reset()
    batch.set_state(np.repeat(record.reshape(1).view(np.uint8)[None], 3**5, axis=0))
    total, sequences = np.zeros(3**5), np.stack(np.unravel_index(range(3**5), (3,) * 5), axis=1)
    for step in range(5):
        batch.step(sequences[:, step, None])
        total -= 0.9**step * batch.rewards[:, 0]
    for first in range(3):
        best[first] = total[sequences[:, 0] == first].max()
    assert np.allclose(values, best)


def bounds(steps, cell, low=1.0, high=3.0):
    def exact(records):
        return steps[records["position"], records["heading"], cell].astype(float)

    return lambda records: low * exact(records), lambda records: high * exact(records)


@pytest.mark.parametrize("low", [0.0, 0.5, 1.0])
def test_brtdp_agrees_with_exact_distances(low):
    world, record = root_of(ROOM)
    steps = exact_steps(world, record)
    for cell in np.flatnonzero(record["cells"] == 1):
        planner = BRTDP(RecordModel(world, record), on(cell), *bounds(steps, cell, low))
        assert planner.plan()
        exact = steps[record["position"], record["heading"], cell]
        assert planner.bounds[0] == pytest.approx(exact, abs=0.01)
        best = np.flatnonzero(planner.best_actions())
        for action in best:
            after = int(planner.model.successors(0)[action])
            there = planner.model.records([after])[0]
            if exact > 0:
                assert steps[there["position"], there["heading"], cell] == exact - 1


def test_brtdp_expands_few_states_under_good_bounds():
    world, record = root_of(OPEN)
    steps, cell = exact_steps(world, record), int(np.flatnonzero(record["cells"] == 1)[0])
    tight = BRTDP(RecordModel(world, record), on(cell), *bounds(steps, cell, 1.0))
    loose = BRTDP(RecordModel(world, record), on(cell), *bounds(steps, cell, 0.0))
    assert tight.plan()
    assert loose.plan()
    assert tight.model.num_states < 0.6 * loose.model.num_states


def test_brtdp_is_deterministic_and_its_ties_are_seeded():
    world, record = root_of(OPEN)
    steps, cell = exact_steps(world, record), int(np.flatnonzero(record["cells"] == 1)[2])

    def states(seed):
        config = BRTDPConfig(seed=seed)
        planner = BRTDP(
            RecordModel(world, record), on(cell), *bounds(steps, cell, 0.4), config=config
        )
        planner.plan()
        return planner.model.num_states, planner.trials

    assert states(1) == states(1)
    assert len({states(seed) for seed in range(5)}) > 1


def test_brtdp_stops_at_its_limits():
    world, record = root_of(ROOM)
    steps, cell = exact_steps(world, record), int(np.flatnonzero(record["cells"] == 8)[0]) - 1
    config = BRTDPConfig(max_trials=1, max_trial=2)
    planner = BRTDP(RecordModel(world, record), on(cell), *bounds(steps, cell, 0.0), config=config)
    assert not planner.plan()
    assert planner.trials == 1
    low, high = planner.bounds
    assert low < steps[record["position"], record["heading"], cell] <= high


def test_brtdp_says_where_no_way_leads():
    """A trap: the upper bound says 100, but nothing ever reaches the goal."""
    world, record = root_of(ROOM)
    planner = BRTDP(
        RecordModel(world, record),
        on(0),
        lambda r: np.zeros(len(r)),
        lambda r: np.full(len(r), 1e3),
    )
    assert not planner.plan()
    assert planner.bounds[0] > 1


def test_costs_of_steps():
    assert step_costs(np.array([[0, 0], [1, 0], [2, 3]]), 0).tolist() == [1.0, 1.1, 1.2]


def test_joint_actions_leave_the_others_idle():
    world = build("commons_harvest", num_agents=3)
    actions = joint_actions(world, [0, 2], idle=1)
    assert actions.shape == (world.num_actions**2, 3)
    assert (actions[:, 1] == 1).all()
    assert len(np.unique(actions, axis=0)) == len(actions)


def test_states_of_many_agents_are_stepped_together():
    world = build("fishery")
    batch = Batch(world, 1)
    batch.reset()
    actions = np.repeat(np.arange(3)[:, None], world.num_agents, axis=1)
    model = RecordModel(world, batch.state[0], actions)
    model.expand([0])
    copy = Batch(world, 3)
    copy.reset()
    copy.set_state(np.repeat(batch.get_state(), 3, axis=0))
    copy.step(actions)
    assert (model.rewards(0) == copy.rewards).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w, r: RecordModel(w, np.zeros(3)), "one record of caregiver_grid"),
        (lambda w, r: RecordModel(w, r, np.zeros((0, 1), int)), "actions has shape"),
        (lambda w, r: RecordModel(w, r, np.zeros((2, 2), int)), "actions has shape"),
        (lambda w, r: RecordModel(w, r, ignore=["nothing"]), "fields of the record"),
        (lambda w, r: RecordModel(w, r, max_states=0), "max_states"),
        (lambda w, r: cheapest_plan(RecordModel(w, r, max_states=9), on(0)), "more than 9 states"),
        (lambda w, r: cheapest_plan(RecordModel(w, r), on(0), [1, 0, 1]), "costs"),
        (lambda w, r: depth_limited_values(RecordModel(w, r), 0), "depth"),
        (lambda w, r: depth_limited_values(RecordModel(w, r), 2, [1, 1]), "weights"),
        (lambda w, r: joint_actions(w, [1]), "agents"),
        (lambda w, r: joint_actions(w, idle=3), "idle"),
        (lambda w, r: BRTDPConfig(alpha=0), "alpha"),
        (lambda w, r: BRTDPConfig(tau=1), "tau"),
        (
            lambda w, r: BRTDP(
                RecordModel(w, r), on(0), lambda s: np.ones(len(s)), lambda s: np.zeros(len(s))
            ).plan(),
            "lower <= upper",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    world, record = root_of(ROOM)
    with pytest.raises(ConfigError, match=message):
        call(world, record)
