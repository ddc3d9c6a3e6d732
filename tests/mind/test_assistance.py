"""Assistance games: exact values, against brute force, and what the robot does."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from prosocial.agents.mind.assistance import (
    AssistanceGame,
    literal_human,
    paperclips,
    red_blue,
    solve,
    wormy_apples,
)
from prosocial.envs.engine import ConfigError


def random_game(seed, states=2, types=2, human=2, robot=2, horizon=3):
    """Returns a game with random rewards and transitions."""
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.ones(states), (states, human, robot))
    reward = rng.normal(size=(types, states, human, robot))
    prior = rng.dirichlet(np.ones(types))
    return AssistanceGame(transition, reward, prior, horizon, 0.9)


def coordinator_value(game, time=0, state=None, belief=None):
    """Returns the optimum of both by trying every decision rule, |A| ** |H| of them, in each step.

    The reduction of Hadfield-Menell et al. (2016) to a partially observed problem over beliefs.
    """
    if time == game.horizon:
        return 0.0
    state = game.start if state is None else state
    belief = game.prior if belief is None else belief
    best = -np.inf
    for action in range(len(game.robot_actions)):
        for rule in product(range(len(game.human_actions)), repeat=len(belief)):
            value = 0.0
            for human in set(rule):
                said = belief * (np.array(rule) == human)
                value += said @ game.reward[:, state, human, action]
                if said.sum() > 0:
                    for following, chance in enumerate(game.transition[state, human, action]):
                        after = coordinator_value(game, time + 1, following, said / said.sum())
                        value += game.discount * said.sum() * chance * after
            best = max(best, value)
    return best


def value_of_plans(game, answer):
    """Returns the best value over all robot plans of two steps, tried one by one.

    ``answer(values (H, A))`` is the human's policy given what its actions are worth to each type.
    """
    assert game.horizon == 2
    states, humans = range(len(game.states)), range(len(game.human_actions))
    robots = range(len(game.robot_actions))
    heard = list(product(humans, states))
    last = np.zeros((len(game.states), len(game.robot_actions), len(game.prior)))
    for state, action in product(states, robots):
        values = game.reward[:, state, :, action]
        last[state, action] = (answer(values) * values).sum(axis=1)
    best = -np.inf
    for first in robots:
        for second in product(robots, repeat=len(heard)):
            values = game.reward[:, game.start, :, first].copy()
            for (human, state), action in zip(heard, second, strict=True):
                chance = game.transition[game.start, human, first, state]
                values[:, human] += game.discount * chance * last[state, action]
            best = max(best, game.prior @ (answer(values) * values).sum(axis=1))
    return best


def softmax(beta):
    def answer(values):
        share = np.exp(beta * (values - values.max(axis=1, keepdims=True)))
        return share / share.sum(axis=1, keepdims=True)

    return answer


def simulate(solution, episodes=2000, seed=0):
    """Returns the mean discounted reward of playing a solution."""
    game, rng, total = solution.game, np.random.default_rng(seed), 0.0
    for _ in range(episodes):
        kind = rng.choice(len(game.prior), p=game.prior)
        node, factor = solution.root, 1.0
        while node is not None:
            human = rng.choice(len(game.human_actions), p=node.human[kind])
            total += factor * game.reward[kind, node.state, human, node.action]
            following = rng.choice(
                len(game.states), p=game.transition[node.state, human, node.action]
            )
            factor *= game.discount
            node = node.children.get((int(human), int(following)))
    return total / episodes


def test_red_blue_waits_for_the_human():
    for human in ("literal", "pedagogic"):
        solution = solve(red_blue(), human)
        assert solution.value == pytest.approx(0.9 + 0.81, abs=1e-12)
        waits = [n.action == 2 for _, n in solution.situations() if n.time < 2]
        assert all(waits)  # information is about to arrive
        assert all(n.belief.max() == 1 for _, n in solution.situations() if n.time == 2)
    # Guessing at once: what is left if the robot cannot wait.
    game = red_blue()
    hasty = np.array(game.robot_can)
    hasty[0] = [True, True, False]
    guess = AssistanceGame(
        game.transition, game.reward, game.prior, 4, 0.9, 0, game.human_can, hasty
    )
    assert solve(guess).value == pytest.approx(0.5 + 0.9, abs=1e-12)


def test_a_sign_helps_a_pedagogic_human_only():
    game = red_blue(signals=True)
    assert solve(game, "literal").value == pytest.approx(1.71, abs=1e-12)
    told = solve(game, "pedagogic")
    assert told.value == pytest.approx(0.9 + 0.9, abs=1e-12)
    assert (told.root.human == np.eye(2)).all()  # each colour its sign
    soft = [solve(game, "pedagogic", beta=beta).value for beta in (0.5, 2.0, 20.0)]
    assert soft == sorted(soft)
    assert soft[-1] == pytest.approx(1.8, abs=1e-3)


def test_wormy_apples_in_order():
    values = {}
    for queries, asked, where in (
        ("any_time", 0.2, {"wormy"}),
        ("at_first", 1.0, {"start"}),
        ("never", 0.0, set()),
    ):
        solution = solve(wormy_apples(queries))
        values[queries] = solution.value
        assert solution.expected_uses(5) == pytest.approx(asked)
        game = solution.game
        assert {game.states[n.state] for _, n in solution.situations() if n.action == 5} == where
    g, wrong = 0.99, 1.0  # a guess costs 2 half of the time
    assert values == {
        "any_time": pytest.approx(0.8 * 2 * g + 0.2 * (-0.1 * g + 2 * g**3), abs=1e-12),
        "at_first": pytest.approx(-0.1 + 0.8 * 2 * g**2 + 0.2 * 2 * g**3, abs=1e-12),
        "never": pytest.approx(0.8 * 2 * g + 0.2 * (-wrong * g + 2 * g**2), abs=1e-12),
    }
    assert values["any_time"] > values["at_first"] > values["never"]


def test_who_answers_truthfully_whatever_the_robot_makes_of_it():
    game = wormy_apples()
    policy = np.zeros((2, 6, 6, 3))
    policy[..., 0] = 1
    policy[:, :, 5] = 0
    policy[0, :, 5, 1] = policy[1, :, 5, 2] = 1
    assert solve(game, policy).value == pytest.approx(solve(game).value, abs=1e-12)
    # A literal human takes the robot for all-knowing: its answers mean nothing, nobody asks.
    literal = solve(game, "literal")
    assert literal.value == pytest.approx(solve(wormy_apples("never")).value, abs=1e-12)
    assert literal.expected_uses(5) == 0


def test_an_expert_is_a_poor_teacher():
    game = paperclips()
    theta = np.linspace(0, 1, 101)
    taught, shown = solve(game), solve(game, "literal")
    both = taught.root.human[:, 1] > 0
    assert (both == ((theta >= 41 / 92) & (theta <= 51 / 92))).all()
    assert theta[shown.root.human[:, 1] > 0].tolist() == [0.5]
    assert taught.value > shown.value + 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_optimal_pair_equals_brute_force(seed):
    game = random_game(seed, states=2, types=2 + seed % 2)
    assert solve(game).value == pytest.approx(coordinator_value(game), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_plans_for_soft_humans_equal_brute_force(seed):
    game = random_game(seed, types=3, horizon=2)
    for beta in (0.3, 3.0):
        found = solve(game, "pedagogic", beta=beta).value
        assert found == pytest.approx(value_of_plans(game, softmax(beta)), abs=1e-9)
    assert solve(game).value == pytest.approx(value_of_plans(game, softmax(1e9)), abs=1e-9)


def test_a_threat_can_keep_a_soft_human_from_errors():
    """A plan that is worse whatever the human does can be worth keeping against a soft human."""
    transition = np.zeros((2, 2, 2, 2))
    transition[..., 1] = 1
    reward = np.zeros((1, 2, 2, 2))
    reward[0, 0, 1] = -3  # first the human may err
    reward[0, 1, :, 0], reward[0, 1, :, 1] = 1, -2  # then the robot may harm both
    game = AssistanceGame(transition, reward, np.ones(1), 2)
    assert solve(game).value == 1
    soft = solve(game, beta=1.0)
    assert soft.value == pytest.approx(1 - 6 / (1 + np.exp(6)), abs=1e-12)
    assert {key[0]: child.action for key, child in soft.root.children.items()} == {0: 0, 1: 1}


@pytest.mark.parametrize("seed", range(4))
def test_the_answer_to_a_literal_human_equals_brute_force(seed):
    game = random_game(seed, horizon=2, types=3)
    for beta in (None, 1.0):
        policy = literal_human(game, beta)
        found = solve(game, "literal", beta=beta)
        best = -np.inf
        heard = list(product(range(2), range(2)))
        for first in range(2):
            for second in product(range(2), repeat=len(heard)):
                plan = dict(zip(heard, second, strict=True))
                value = 0.0
                for kind, (human, state) in product(range(3), heard):
                    says = policy[0, kind, game.start, first, human]
                    reach = says * game.transition[game.start, human, first, state]
                    after = policy[1, kind, state, plan[human, state]]
                    later = after @ game.reward[kind, state, :, plan[human, state]]
                    now = game.reward[kind, game.start, human, first]
                    value += game.prior[kind] * reach * (now + game.discount * later)
                best = max(best, value)
        assert found.value == pytest.approx(best, abs=1e-9)


def test_pedagogy_is_never_worse_and_playing_yields_the_value():
    for seed in range(5):
        game = random_game(seed, types=3, horizon=2)
        assert solve(game).value >= solve(game, "literal").value - 1e-12
    for game, human in ((wormy_apples(), "pedagogic"), (red_blue(), "literal")):
        solution = solve(game, human)
        assert simulate(solution) == pytest.approx(solution.value, abs=0.05)
        assert sum(p for p, node in solution.situations() if node.time == 1) == pytest.approx(1)


def test_beliefs_follow_bayes_rule():
    game = random_game(3, types=3)
    for human, beta in (("literal", 2.0), ("pedagogic", 2.0)):
        game = random_game(3, types=3, horizon=2)
        root = solve(game, human, beta=beta).root
        for (action, _), child in root.children.items():
            joint = game.prior * root.human[:, action]
            assert child.belief == pytest.approx(joint / joint.sum())


def test_without_time_to_answer_types_do_not_matter():
    game = random_game(1, horizon=1, types=3)
    expected = max(
        sum(p * game.reward[k, 0, :, a].max() for k, p in enumerate(game.prior)) for a in range(2)
    )
    assert solve(game).value == pytest.approx(expected)
    assert solve(game, "literal").value == pytest.approx(expected)


FINE = {
    "transition": np.ones((1, 2, 2, 1)),
    "reward": np.zeros((2, 1, 2, 2)),
    "prior": np.array([0.5, 0.5]),
    "horizon": 2,
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"transition": np.ones((1, 2, 2, 2))}, r"transition has shape \(1, 2, 2, 2\)"),
        ({"transition": np.full((1, 2, 2, 1), 0.9)}, r"transition sums to 0.9 at \(0, 0, 0\)"),
        ({"transition": -np.ones((1, 2, 2, 1))}, "transition has entries that are no prob"),
        ({"prior": np.array([0.5, 0.6])}, "prior sums to 1.1; expected 1"),
        ({"prior": np.array([1.5, -0.5])}, "prior has entries that are no probabilities"),
        ({"reward": np.zeros((3, 1, 2, 2))}, r"reward has shape \(3, 1, 2, 2\)"),
        ({"reward": np.full((2, 1, 2, 2), np.nan)}, "reward has entries that are not finite"),
        ({"horizon": 0}, "horizon is 0; expected an integer >= 1"),
        ({"horizon": 2.5}, "horizon is 2.5"),
        ({"discount": 0.0}, r"discount is 0.0; expected a number in \(0, 1\]"),
        ({"discount": 1.01}, "discount is 1.01"),
        ({"start": 1}, "start is 1; expected 0 to 0"),
        ({"robot_can": np.zeros((1, 2), bool)}, "robot_can allows no action"),
        ({"human_can": np.ones((1, 2), bool)}, r"human_can has shape \(1, 2\)"),
        ({"types": ("one",)}, "types has 1 names; expected 2"),
    ],
)
def test_wrong_games_are_named(wrong, message):
    with pytest.raises(ConfigError, match=message):
        AssistanceGame(**{**FINE, **wrong})


def test_wrong_humans_are_named():
    game = red_blue()
    for beta in (0, -1.0, np.inf, np.nan, True):
        with pytest.raises(ConfigError, match="beta is"):
            solve(game, "literal", beta=beta)
    with pytest.raises(ConfigError, match="human is 'pedagogical'; expected one of pedagogic"):
        solve(game, "pedagogical")
    policy = literal_human(game)
    with pytest.raises(ConfigError, match="leave beta out"):
        solve(game, policy, beta=1.0)
    with pytest.raises(ConfigError, match="policy has shape"):
        solve(game, policy[0, 0])
    with pytest.raises(ConfigError, match="do not sum to one"):
        solve(game, policy * 0.5)
    with pytest.raises(ConfigError, match="human_can rules out"):
        solve(game, np.full_like(policy, 0.5))
    with pytest.raises(ConfigError, match="queries is 'always'"):
        wormy_apples("always")
    with pytest.raises(ConfigError, match="num_types is 1"):
        paperclips(1)


def test_too_large_games_are_refused():
    game = random_game(0, states=3, types=4, human=3, robot=4, horizon=4)
    with pytest.raises(ConfigError, match="plans to compare; expected at most"):
        solve(game, "pedagogic", beta=1.0)
