"""Joint intentions: the posterior of the source, agreement, and what is refused."""

from itertools import combinations

import numpy as np
import pytest

from prosocial.agents.mind.hypotheses import hypotheses
from prosocial.agents.mind.hypotheses.rendezvous import Intentions
from prosocial.agents.mind.joint_intention import JointIntention, agreement, chance, pick
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import ActionError, Batch, ConfigError, ResetNeededError, build
from prosocial.envs.worlds.rendezvous import Action, ring

CORRIDOR = "#######\n#G.A.G#\n#######"
WALLED = "#######\n#G.#.G#\n#..#..#\n#.....#\n#..A..#\n#######"
WEST, EAST, STAY = Action.WEST, Action.EAST, Action.STAY


def start(text=CORRIDOR, agents=3, worlds=1, **options):
    batch = Batch(build("rendezvous", layout=text, num_agents=agents), worlds, seed=4)
    batch.reset()
    intention = JointIntention(batch.world, **options)
    intention.reset(batch.state)
    return batch, intention


def moves_to(cells, goal):
    """Returns the moves from every cell to a goal, eight directions, by relaxation."""
    far = np.where(cells == 1, 10**5, 10**6)
    far[goal] = 0
    for _ in range(cells.size):
        near = np.pad(far, 1, constant_values=10**6)
        rows, columns = cells.shape
        around = [near[r : r + rows, c : c + columns] for r in range(3) for c in range(3)]
        far = np.where(cells == 1, np.minimum(far, np.min(around, axis=0) + 1), 10**6)
        far[goal] = 0
    return far


def test_values_are_minus_the_moves_and_none_tells_nothing():
    world = build("rendezvous", layout=WALLED, num_agents=2)
    batch = Batch(world, 40, seed=1)
    batch.reset()
    rng = np.random.default_rng(0)
    width = int(world.params["width"][0])
    for _ in range(4):
        batch.step(rng.integers(0, 9, (40, 2)))
    values = Intentions(world).action_values(batch.state)
    assert values.shape == (40, 2, 3, 9)
    assert (values[:, :, 2] == 0).all()
    cells = world.params["blank"][0].reshape(-1, width)
    for goal in range(2):
        far = moves_to(cells, divmod(int(world.params["goals"][0, goal]), width))
        for k in range(40):
            for agent in range(2):
                here = int(batch.state["position"][k, agent])
                for action in range(9):
                    there = here + int(world.params["offsets"][0, action])
                    there = there if cells.flat[there] == 1 else here
                    assert values[k, agent, goal, action] == -(1 + far.flat[there])


def test_a_mind_reads_goals_from_moves():
    batch, _ = start()
    mind = Mind(batch.world, "intentions", beta=2.0)
    assert mind.names == ("goal_0", "goal_1", "none")
    mind.reset(batch.state)
    before = batch.state.copy()
    actions = np.array([[WEST, EAST, STAY]])
    batch.step(actions)
    mind.observe(before, actions, batch.after())
    west, east, stay = mind.posterior[0, 0]
    assert west.argmax() == 0
    assert east.argmax() == 1
    assert stay.argmax() == 2
    assert np.allclose(west[:2], east[1::-1])


def brute_force(prior, likely, agents, observer, decay, floor):
    """Returns the posterior of the source for one agent over (goal, set), written out."""
    sets = [set(s) for k in range(2, agents + 1) for s in combinations(range(agents), k)]
    own = [s for s in sets if observer in s]
    found = {}
    total = sum(value**decay for value in prior.values())
    for goal in range(likely.shape[1]):
        for number, members in enumerate(own):
            value = prior[goal, number] ** decay / total + floor
            for agent in range(agents):
                value *= likely[agent, goal] if agent in members else 1 / 9
            found[goal, number] = value
    scale = sum(found.values())
    return {key: value / scale for key, value in found.items()}


@pytest.mark.parametrize(("decay", "floor"), [(1.0, 1e-4), (0.7, 0.0), (0.9, 0.05)])
def test_the_posterior_is_that_of_the_source(decay, floor):
    batch, intention = start(agents=3, decay=decay, floor=floor, beta=1.5)
    plans = Intentions(batch.world)
    own = [{key: 1 / 6 for key in np.ndindex(2, 3)} for _ in range(3)]
    for actions in ([WEST, WEST, EAST], [WEST, EAST, STAY], [WEST, WEST, WEST]):
        before = batch.state.copy()
        values = np.exp(1.5 * plans.action_values(before)[0, :, :2].astype(float))
        policy = values / values.sum(-1, keepdims=True)
        likely = np.array([policy[agent, :, actions[agent]] for agent in range(3)])
        batch.step(np.array([actions]))
        intention.observe(before, np.array([actions]), batch.after())
        own = [brute_force(own[k], likely, 3, k, decay, floor) for k in range(3)]
        for agent in range(3):
            for (goal, number), value in own[agent].items():
                assert intention.posterior[0, agent, goal, number] == pytest.approx(value, abs=1e-9)


def test_sets_hold_the_agent_itself_and_at_least_so_many():
    _, intention = start(agents=4, least=3)
    assert intention.members.shape == (4, 4, 4)
    for agent in range(4):
        assert intention.members[agent, :, agent].all()
        assert sorted(intention.members[agent].sum(1)) == [3, 3, 3, 4]


def test_agents_who_went_another_way_are_left_out_and_come_round():
    batch, intention = start()
    for _ in range(2):
        before, actions = batch.state.copy(), np.array([[WEST, WEST, EAST]])
        batch.step(actions)
        intention.observe(before, actions, batch.after())
    goals, sets = intention.sample(before)
    assert goals[0].tolist() == [0, 0, 0]
    assert not intention.members[0, sets[0, 0], 2]
    assert intention.goal_posterior[0, 2, 0] > 0.9  # it cannot be in a "we" that goes east


def play(num_goals, worlds=300, steps=24, **options):
    """Returns the agreement at each step."""
    batch = Batch(build("rendezvous", num_goals=num_goals), worlds, seed=2)
    batch.reset()
    intention = JointIntention(batch.world, **options)
    intention.reset(batch.state)
    found = []
    for _ in range(steps):
        found.append(agreement(intention.sample(batch.state)[0]).mean())
        before, actions = batch.state.copy(), intention.act(batch.state)
        batch.step(actions)
        intention.observe(before, actions, batch.after())
    return np.array(found)


@pytest.mark.parametrize(("num_goals", "within"), [(2, 7), (4, 13)])
def test_agreement_rises_from_chance_to_nine_tenths_in_time(num_goals, within):
    found = play(num_goals)
    expected = chance(num_goals, 3)
    assert abs(found[0] - expected) < 4 * (expected / 300) ** 0.5
    assert found[within - 1] >= 0.9
    assert found[-1] > 0.97


def test_intentions_are_sampled_not_the_most_probable():
    batch, intention = start(worlds=400)
    went = intention.act(batch.state)
    assert abs((went == WEST).mean() - 0.5) < 0.1
    before, actions = batch.state.copy(), np.full((400, 3), [WEST, WEST, STAY])
    batch.step(actions)
    intention.observe(before, actions, batch.after())
    goals, sets = intention.sample(batch.state)
    for agent in range(3):
        share = np.bincount(goals[:, agent] * 3 + sets[:, agent], minlength=6) / 400
        assert np.abs(share - intention.posterior[0, agent].ravel()).max() < 0.08


def test_noise_delays_agreement_and_is_not_fatal():
    clear, noisy = play(4), play(4, noise=0.4)
    assert noisy[4:10].mean() < clear[4:10].mean() - 0.1
    assert noisy[-1] > 0.7


def test_bytes_depend_on_neither_batch_nor_order():
    many, few = start(worlds=5, noise=0.2), start(worlds=2, noise=0.2)
    for batch, intention in (many, few):
        for _ in range(4):
            before, actions = batch.state.copy(), intention.act(batch.state)
            batch.step(actions)
            intention.observe(before, actions, batch.after())
    assert np.array_equal(many[1].posterior[:2], few[1].posterior)


def test_worlds_are_reset_alone():
    batch, intention = start(worlds=3)
    before, actions = batch.state.copy(), np.full((3, 3), WEST)
    batch.step(actions)
    intention.observe(before, actions, batch.after())
    kept = intention.posterior[2].copy()
    intention.reset(batch.state, np.array([True, True, False]))
    assert (intention.posterior[:2] == 1 / 6).all()
    assert np.array_equal(intention.posterior[2], kept)


def test_picking_is_by_probability():
    draws = (np.arange(1000) + 0.5) / 1000
    found = pick(np.tile([0.2, 0.0, 0.5, 0.3], (1000, 1)), draws)
    assert np.bincount(found, minlength=4).tolist() == [200, 0, 500, 300]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 0}, "beta is 0; expected a finite number above 0"),
        ({"beta": np.inf}, "beta is inf"),
        ({"least": 1}, r"least is 1; expected an integer in \[2, 3\]"),
        ({"least": 4}, "least is 4"),
        ({"decay": 0}, r"decay is 0; expected a number in \(0, 1\]"),
        ({"floor": -1e-4}, "floor is -0.0001; expected a number >= 0"),
        ({"noise": 1.0}, r"noise is 1.0; expected a number in \[0, 1\)"),
    ],
)
def test_faulty_options_say_what_is_wrong(options, message):
    with pytest.raises(ConfigError, match=message):
        start(**options)


def test_other_worlds_single_agents_and_missing_resets():
    with pytest.raises(ConfigError, match="has 1 agent; a joint intention needs at least two"):
        JointIntention(build("caregiver_grid"))
    with pytest.raises(ConfigError, match="no hypotheses of kind 'intentions'"):
        JointIntention(build("clean_up"))
    river = build("clean_up")
    norms = hypotheses(river, "norms")
    with pytest.raises(ConfigError, match="are no intentions"):
        JointIntention(river, hypotheses=norms)
    with pytest.raises(ConfigError, match="Intentions are about rendezvous"):
        Intentions(build("clean_up"))
    batch, intention = start(worlds=2)
    with pytest.raises(ResetNeededError, match="about 2 worlds, the records are of 1"):
        intention.act(batch.state[:1])
    with pytest.raises(ActionError, match=r"actions has shape \(2,\); expected \(2, 3\)"):
        intention.observe(batch.state, np.zeros(2, int), batch.state)


def test_chance_and_agreement():
    assert chance(2, 3) == 0.25
    assert chance(4, 3) == 0.0625
    assert agreement(np.array([[1, 1, 1], [1, 0, 1]])).tolist() == [True, False]
    assert ring(2, 1) == "#####\n#...#\n#GAG#\n#...#\n#####"
