"""The human and the helpers of doors."""

import itertools

import numpy as np
import pytest

from prosocial.agents.mind.hypotheses.doors import Boxes
from prosocial.agents.mind.planning.values import softmax
from prosocial.agents.partners import Population, act_for, make_partner
from prosocial.agents.partners.doors import BayesianHelper
from prosocial.agents.partners.doors_help import HelpPlan
from prosocial.envs.engine import Batch, ConfigError, ResetNeededError, build

STAY, NORTH, SOUTH, WEST, EAST = range(5)
HELPERS = ("oracle_helper", "bayesian_helper", "uninformed_helper", "door_opener")
SMALL = """
    #######
    #1+H+2#
    ###A###
    #######
"""

ROW = """
    ########
    #1++HA2#
    ########
"""


def play(helper, episodes, beta=2.0, seed=3, **config):
    """Returns the steps of the first episode of each world, int64 (episodes,)."""
    batch = Batch(build("doors", **config), episodes, seed=seed)
    batch.reset()
    population = Population([make_partner("doors_human", beta=beta), make_partner(helper)])
    population.reset(seed)
    steps = np.full(episodes, batch.world.max_steps)
    for step in range(1, batch.world.max_steps):
        batch.step(population.act(batch))
        steps[batch.done & (steps == batch.world.max_steps)] = step
    return steps


@pytest.mark.parametrize("push_steps", [6, 0], ids=["heavy", "locked"])
@pytest.mark.parametrize("layout", ["cross", "nested"])
def test_the_more_a_helper_knows_the_more_steps_it_saves(layout, push_steps):
    """Oracle >= inferring > not inferring >= none, with the same humans."""
    oracle, inferring, uninformed, opener, alone = (
        play(helper, 200, layout=layout, push_steps=push_steps) for helper in (*HELPERS, "idle")
    )

    def gain(better, worse):
        """Returns the mean number of steps saved and its standard error."""
        saved = worse - better
        return saved.mean(), saved.std() / np.sqrt(len(saved))

    saved, error = gain(oracle, inferring)
    assert saved > -2 * error
    for lesser in (uninformed, opener):
        saved, error = gain(inferring, lesser)
        assert saved > max(3 * error, 1.0)
        saved, error = gain(lesser, alone)
        assert saved >= 0
    assert gain(oracle, alone)[0] > 4
    assert gain(inferring, alone)[0] > 0.75 * gain(oracle, alone)[0]


def enumerate_help(world, beta, goal, record, horizon):
    """Returns the expected steps within a horizon under the best help, by plain recursion."""
    boxes = Boxes(world)
    known = {}

    def value(state, left):
        if left == 0:
            return 0.0
        key = state.tobytes(), left
        if key not in known:
            human = softmax(boxes.action_values(state.reshape(1))[0, 0, goal], beta)
            best = np.inf
            for helper in range(5):
                total = 1.0
                for action in range(5):
                    batch.set_state(state.reshape(1).view(np.uint8).reshape(1, -1))
                    batch.step(np.array([[action, helper]]))
                    if not batch.terminated[0]:
                        after = batch.state[0].copy()
                        for name in ("t", "step"):
                            after[name] = 0
                        total += human[action] * value(after, left - 1)
                best = min(best, total)
            known[key] = best
        return known[key]

    batch = Batch(world, 1, auto_reset=False)
    batch.reset()
    start = record.copy()
    for name in ("t", "step"):
        start[name] = 0
    return value(start, horizon)


@pytest.mark.parametrize(
    ("layout", "least", "first"), [(SMALL, 4, NORTH), (ROW, 6, WEST)], ids=["small", "row"]
)
def test_the_plan_is_the_best_response_by_plain_recursion(layout, least, first):
    """Within 14 steps; a rational human of beta 4 is at its box long before."""
    world = build("doors", layout=layout, push_steps=3)
    batch = Batch(world, 1)
    batch.reset()
    batch.state["goal"] = 0
    wanted = enumerate_help(world, 4.0, 0, batch.state[0], 14)
    costs = HelpPlan(world, 4.0).costs(batch.state, np.array([[1.0, 0.0]]))
    assert costs.min() == pytest.approx(wanted, abs=0.01)
    # Each door takes the helper a step up to it and one to open it; then the human walks in.
    assert least < wanted < least + 0.4
    assert costs.argmin() == first


def test_costs_are_expected_under_the_belief():
    world = build("doors", layout="cross")
    batch = Batch(world, 3, seed=1)
    batch.reset()
    plan = HelpPlan(world, 2.0)
    each = [plan.costs(batch.state, np.tile(np.eye(4)[k], (3, 1))) for k in range(4)]
    belief = np.array([[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    assert np.allclose(plan.costs(batch.state, belief), np.einsum("bg,gba->ba", belief, each))


def test_the_human_is_as_rational_as_it_says():
    world, beta = build("doors", layout=SMALL), 0.8
    batch = Batch(world, 8000, seed=2)
    batch.reset()
    human = make_partner("doors_human", beta=beta)
    human.reset(6)
    actions = human.act(batch)[:, 0]
    values = Boxes(world).action_values(batch.state)[:, 0]
    for goal in range(2):
        at = batch.state["goal"] == goal
        shares = np.bincount(actions[at], minlength=5) / at.sum()
        wanted = softmax(values[at][0, goal], beta)
        assert np.allclose(shares, wanted, atol=4 * np.sqrt(0.25 / at.sum()))


def test_the_oracle_goes_to_the_door_and_opens_it():
    batch = Batch(build("doors", layout=SMALL), 1)
    batch.reset()
    helper = make_partner("oracle_helper")
    for goal, way in ((0, WEST), (1, EAST)):
        batch.reset(seed=0)
        batch.state["goal"] = goal
        for wanted in (NORTH, way):
            action = helper.act(batch)
            assert action.tolist() == [[STAY, wanted]]
            batch.step(action)
        assert batch.state["is_open"][0, goal]


def test_the_inferring_helper_changes_its_mind_with_the_evidence():
    world = build("doors", layout="corridor")
    batch = Batch(world, 1)
    batch.reset()
    helper = BayesianHelper()
    with pytest.raises(ResetNeededError, match="has not acted yet"):
        _ = helper.posterior
    helper.act(batch)
    assert np.allclose(helper.posterior, 0.5)
    for action, belief in ((WEST, 0), (WEST, 0), (EAST, None), (EAST, None), (EAST, 1)):
        batch.step(np.array([[action, STAY]]))
        helper.act(batch)
        found = helper.posterior[0]
        assert belief is None or found[belief] > 0.8


def test_a_new_episode_begins_with_the_prior():
    batch = Batch(build("doors", layout=SMALL, max_steps=2), 1)
    batch.reset()
    helper = BayesianHelper()
    for _ in range(2):
        helper.act(batch)
        batch.step(np.array([[WEST, STAY]]))
    helper.act(batch)
    assert batch.state["t"][0] == 0
    assert np.allclose(helper.posterior, 0.5)


def test_the_door_opener_opens_them_all_and_rests():
    batch = Batch(build("doors", layout="nested", max_steps=200), 2)
    batch.reset()
    helper = make_partner("door_opener")
    for _ in range(60):
        batch.step(helper.act(batch))
    assert batch.state["is_open"].all()
    assert (helper.act(batch) == STAY).all()
    free = Batch(build("doors", layout="#####\n#1H2#\n#.A.#\n#####"), 1)
    free.reset()
    assert (helper.act(free) == STAY).all()


@pytest.mark.parametrize("name", ["doors_human", *HELPERS])
def test_actions_of_a_world_depend_on_seeds_alone(name):
    def actions(worlds, first=0, seed=1):
        batch = Batch(build("doors", layout="corridor"), worlds, seed=2, first=first)
        batch.reset()
        helper = "random" if name == "doors_human" else name
        population = Population([make_partner("doors_human", beta=1.0), make_partner(helper)])
        population.reset(seed)
        taken = []
        for _ in range(15):
            taken.append(population.act(batch))
            batch.step(taken[-1])
        return np.array(taken)

    whole = actions(8)
    assert (actions(8) == whole).all()
    assert (actions(3, first=4) == whole[:, 4:7]).all()
    assert (actions(8, seed=9) != whole).any()


def test_the_memory_of_the_inferring_helper_is_restored():
    world = build("doors", layout="nested")

    def steps(batch, partner, human, count):
        taken = []
        for _ in range(count):
            actions = human.act(batch) + partner.act(batch)
            taken.append(actions)
            batch.step(actions)
        return taken

    human, partner = make_partner("doors_human"), BayesianHelper()
    batch = Batch(world, 4, seed=3)
    batch.reset()
    assert partner.state() == {}
    steps(batch, partner, human, 5)
    kept, memory = partner.state(), batch.memory()
    whole = steps(batch, partner, human, 25)
    other, again = Batch(world, 4, seed=3), BayesianHelper()
    other.reset()
    other.recall(memory)
    again.reset(0)
    again.restore(kept)
    assert (np.array(steps(other, again, human, 25)) == np.array(whole)).all()


@pytest.mark.parametrize("name", ["doors_human", *HELPERS])
def test_they_act_for_their_agent_alone(name):
    batch = Batch(build("doors", layout=SMALL), 2)
    batch.reset()
    partner = make_partner(name)
    own = 0 if name == "doors_human" else 1
    assert (partner.act(batch)[:, 1 - own] == STAY).all()
    assert act_for(partner, batch, [own]).shape == (2, 1)
    for agents in ([1 - own], [0, 1]):
        with pytest.raises(ConfigError, match="alone"):
            act_for(partner, batch, agents)
    other = Batch(build("caregiver_grid"), 1)
    other.reset()
    with pytest.raises(ConfigError, match="acts in world 'doors'"):
        partner.act(other)


@pytest.mark.parametrize(
    ("name", "beta"),
    [
        *itertools.product(["doors_human", "bayesian_helper"], [0, -1, np.inf, np.nan, "high"]),
        ("oracle_helper", 0),
        ("uninformed_helper", 0),
    ],
)
def test_beta_is_positive_and_finite(name, beta):
    with pytest.raises(ConfigError, match="beta"):
        make_partner(name, beta=beta)


def test_a_human_without_aim_cannot_be_planned_for():
    batch = Batch(build("doors", layout="cross"), 1)
    batch.reset()
    with pytest.raises(ConfigError, match="Raise beta"):
        make_partner("oracle_helper", beta=1e-3).act(batch)
