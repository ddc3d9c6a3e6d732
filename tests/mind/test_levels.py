"""Level-k reasoning against published numbers and brute force."""

import itertools

import numpy as np
import pytest

from prosocial.agents.mind.levels import StageGame, infer, invert, level_policies
from prosocial.agents.mind.planning.distances import goal_table, grid_successors
from prosocial.agents.mind.planning.values import softmax
from prosocial.envs.engine import ConfigError


def test_schelling_numbers():
    """Chandra et al. (2025), the Schelling game of memo: where to meet, prior (.55, .45).

    There Alice of depth k thinks of Bob of depth k - 1, and Bob of depth k of Alice of depth k; in
    levels, Alice(1), Bob(1), Alice(2), Bob(2) have 1, 2, 3 and 4.
    """
    prior = np.array([0.55, 0.45])
    game = StageGame([np.eye(2)] * 2, base=[prior, prior], choice="ratio")
    levels = level_policies(game, 4, [prior, prior])
    published = [(0.599, 0.401), (0.646, 0.354), (0.691, 0.309), (0.732, 0.268)]
    for level, player, wanted in zip(range(1, 5), (0, 1, 0, 1), published, strict=True):
        assert np.allclose(levels[level][player][0], wanted, atol=5e-4)


def brute_force(payoffs, beliefs, beta, policies, player):
    """Returns the soft response (H, A_i) by enumerating all joint actions."""
    shape = payoffs[0].shape
    expected = np.zeros((shape[0], shape[1 + player]))
    for h in range(shape[0]):
        for joint in itertools.product(*map(range, shape[1:])):
            chance = 1.0
            for other, action in enumerate(joint):
                if other != player:
                    chance *= policies[other][h][action]
            expected[h, joint[player]] += chance * payoffs[player][h][joint]
    if beliefs[player] is not None:
        expected[:] = sum(b * row for b, row in zip(beliefs[player], expected.copy(), strict=True))
    weights = np.exp(beta * expected)
    return weights / weights.sum(axis=1, keepdims=True)


def test_three_players_of_whom_two_do_not_know_the_hypothesis():
    rng = np.random.default_rng(3)
    payoffs = [rng.normal(size=(4, 2, 3, 2)) for _ in range(3)]
    beliefs = [None, np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.0, 0.5, 0.5, 0.0])]
    game = StageGame(payoffs, beliefs=beliefs, beta=1.7)
    levels = level_policies(game, 3)
    policies = [np.full((4, n), 1 / n) for n in (2, 3, 2)]
    for level in range(4):
        for player in range(3):
            assert np.allclose(levels[level][player], policies[player], atol=1e-12)
        policies = [brute_force(payoffs, beliefs, 1.7, policies, k) for k in range(3)]
    assert np.ptp(levels[2][1], axis=0).max() == 0  # it does not know, so it does the same
    assert np.ptp(levels[2][0], axis=0).max() > 0.01


def test_levels_of_observers():
    rng = np.random.default_rng(4)
    game = StageGame([rng.normal(size=(3, 2, 2))] * 2, beliefs=[None, np.full(3, 1 / 3)], beta=2.0)
    prior = np.array([0.2, 0.5, 0.3])
    levels = level_policies(game, 2)
    for level in (1, 2, 3):
        likelihood = levels[level - 1][0][:, 1] ** 2 * levels[level - 1][0][:, 0]
        wanted = prior * likelihood / (prior @ likelihood)
        assert np.allclose(infer(game, level, 0, [1, 0, 1], prior), wanted, atol=1e-12)
    assert np.allclose(infer(game, 1, 0, [1, 1], prior), prior)  # level 0 tells nothing
    # Who does not know the hypothesis tells nothing about it either.
    assert np.allclose(infer(game, 3, 1, [0, 0, 1], prior), prior)


def test_a_pragmatic_listener():
    """A speaker who may say "glasses" or "hat" of a face; hat tells the faces apart."""
    # Faces: none, glasses, glasses and hat. Words: "glasses", "hat". Listener picks the face.
    meaning = np.array([[0, 0], [1, 0], [1, 1]])
    hears = np.where(meaning.T > 0, meaning.T, 0) / meaning.sum(axis=0)[:, None]
    speaker = softmax(np.log(np.maximum(hears.T, 1e-12)))
    told = invert(speaker[None], [0], np.array([0.0, 0.5, 0.5]))
    assert told[1] == pytest.approx(1 / (1 + 1 / 3), abs=1e-6)


def test_goals_in_a_grid_are_inverted_from_tables_of_values():
    cells = np.ones((3, 7), np.uint8)
    cells[1, 1:6] = 0
    blocking = np.zeros(256, np.uint8)
    blocking[1] = 1
    table = goal_table(grid_successors(cells.ravel(), 7, blocking, (0, -1, 1)), [8, 12])
    path, actions, beta = [10, 11], [2, 2], 1.3  # from the middle twice to the right
    policies = softmax(np.swapaxes(table[path], 1, 2), beta)
    posterior = invert(policies, actions, np.array([0.5, 0.5]))
    right = np.exp(-beta * np.array([[4, 2], [5, 1]])).astype(float)
    total = np.exp(-beta * np.array([[3, 3], [4, 2]])) + np.exp(-beta * np.array([[2, 4], [3, 3]]))
    odds = np.prod(right / (total + right), axis=0)
    assert np.allclose(posterior, odds / odds.sum(), atol=1e-6)
    joint = StageGame([np.swapaxes(table[10][None], 1, 2)[0]], beta=beta)  # one player, H goals
    assert np.allclose(level_policies(joint, 1)[1][0], policies[0], atol=1e-6)


def test_impossible_actions_are_never_taken():
    payoff = np.array([[1.0, -np.inf], [0.0, 2.0]])
    policies = level_policies(StageGame([payoff, payoff.T]), 2)
    assert policies[1][0][0].tolist() == [0, 1]
    assert not np.isnan(policies[2]).any()


def test_what_nobody_would_do_changes_nothing():
    policies = np.array([[[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]] * 3)
    with_it = invert(policies, [0, 2, 0])
    assert np.allclose(with_it, invert(policies[:2], [0, 0]))
    certain = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert invert(certain, [1], np.array([1.0, 0.0])).tolist() == [1, 0]


def test_posteriors_do_not_underflow():
    policies = np.tile(np.array([[[1e-5, 1 - 1e-5], [2e-5, 1 - 2e-5]]]), (400, 1, 1))
    posterior = invert(policies, [0] * 400)
    assert posterior[1] == pytest.approx(1.0)
    assert np.isfinite(posterior).all()


@pytest.mark.parametrize("beta", [0, -2, np.inf, np.nan])
def test_beta_is_positive_and_finite(beta):
    with pytest.raises(ConfigError, match="beta"):
        StageGame([np.eye(2)] * 2, beta=beta)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: StageGame([]), "each of n players"),
        (lambda: StageGame([np.eye(2), np.ones((2, 3))]), "differ in shape"),
        (lambda: StageGame([np.full((2, 2), np.nan)] * 2), "nan or inf"),
        (lambda: StageGame([-np.eye(2)] * 2, choice="ratio"), "negative"),
        (lambda: StageGame([np.eye(2)] * 2, choice="best"), "choice"),
        (lambda: StageGame([np.eye(2)] * 2, beliefs=[None, [0.5]]), "beliefs"),
        (lambda: StageGame([np.eye(2)] * 2, base=[None]), "base"),
        (lambda: StageGame([np.eye(2)] * 2, base=[None, [-1, 2]]), "base"),
        (lambda: level_policies(StageGame([np.eye(2)] * 2), -1), "level"),
        (lambda: level_policies(StageGame([np.eye(2)] * 2), 1, [[0.5, 0.5]]), "start"),
        (lambda: level_policies(StageGame([np.eye(2)] * 2), 1, [[0.5, 0.6]] * 2), "sum to one"),
        (lambda: infer(StageGame([np.eye(2)]), 0, 0, [0]), "level"),
        (lambda: invert(np.ones((1, 2, 2)) / 2, [2]), "actions"),
        (lambda: invert(np.ones((1, 2, 2)) / 2, [0, 1]), "shape"),
        (lambda: invert(np.ones((1, 2, 2)) / 2, [0], np.array([0.7, 0.7])), "sum to one"),
        (lambda: invert(np.ones((1, 2, 2)) / 2, [0], np.array([1.0])), "prior has shape"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


def test_beliefs_sum_to_one():
    with pytest.raises(ConfigError, match="sum to one"):
        StageGame([np.ones((2, 2, 2))] * 2, beliefs=[None, [0.5, 0.6]])
