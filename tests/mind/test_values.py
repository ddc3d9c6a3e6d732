"""Reward weights as hypotheses, and the exact predictive of action frequencies."""

import numpy as np
import pytest
from small_minds import draw_actions, make_batch

from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.frequencies import ActionFrequencies
from prosocial.agents.mind.inference import kernels
from prosocial.agents.mind.inference.likelihoods import from_logs
from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.values import RewardWeights, reward_weight_values
from prosocial.envs.engine import ConfigError

# A corridor of four cells: left, right, take. Taking pays the feature of the cell and ends.
CORRIDOR = np.array([[-1, 1, 4], [0, 2, 4], [1, 3, 4], [2, -1, 4]])
FEATURES = np.zeros((4, 3, 3))
FEATURES[:, :2, 2] = 1  # a step
FEATURES[0, 2, 0] = FEATURES[3, 2, 1] = 1  # gold to the left, silver to the right
WEIGHTS = np.array([[1, 0.2, -0.1], [0.2, 1, -0.1]])


class TestRewardWeightValues:
    def test_the_corridor_by_hand(self):
        found = reward_weight_values(FEATURES, WEIGHTS, CORRIDOR, discount=0.9)
        # Who wants gold walks left: 1 at the end, 0.1 a step, discounted.
        at_0 = 1.0
        at_1 = -0.1 + 0.9 * at_0
        at_2 = -0.1 + 0.9 * at_1
        at_3 = -0.1 + 0.9 * at_2
        np.testing.assert_allclose(found[0, :, 0], [-np.inf, -0.1 + 0.9 * at_1, 1], atol=1e-5)
        np.testing.assert_allclose(found[2, :, 0], [at_2, -0.1 + 0.9 * at_3, 0], atol=1e-5)
        np.testing.assert_allclose(found[3, :, 0], [at_3, -np.inf, 0.2], atol=1e-5)
        # Who wants silver sees the corridor the other way round.
        mirrored = found[::-1][:, [1, 0, 2], 1]
        np.testing.assert_allclose(mirrored, found[:, :, 0], atol=1e-5)

    def test_soft_values_solve_their_equation_and_become_hard(self):
        hard = reward_weight_values(FEATURES, WEIGHTS, CORRIDOR, discount=0.9)
        for beta in (1.0, 5.0):
            found = reward_weight_values(FEATURES, WEIGHTS, CORRIDOR, discount=0.9, beta=beta)
            soft = np.log(np.exp(beta * found).sum(axis=1)) / beta
            after = np.concatenate([soft, np.zeros((1, 2))])[CORRIDOR]
            expected = FEATURES @ WEIGHTS.T + 0.9 * after
            possible = CORRIDOR >= 0
            np.testing.assert_allclose(found[possible], expected[possible], atol=1e-5)
        found = reward_weight_values(FEATURES, WEIGHTS, CORRIDOR, discount=0.9, beta=1e5)
        np.testing.assert_allclose(found, hard, atol=1e-3)

    def test_one_step(self):
        found = reward_weight_values(FEATURES, WEIGHTS)
        np.testing.assert_allclose(found, FEATURES @ WEIGHTS.T, atol=1e-7)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"features": FEATURES[0]}, "features has shape"),
            ({"weights": WEIGHTS[:, :2]}, "weights"),
            ({"weights": WEIGHTS * np.nan}, "finite"),
            ({"successors": CORRIDOR[:2]}, "successors has shape"),
            ({"successors": CORRIDOR.astype(float)}, "dtype float64"),
            ({"successors": CORRIDOR + 1}, "successors holds 0 .. 5"),
            ({"successors": np.full((4, 3), -1)}, "In state 0 no action"),
            ({"discount": 1.0}, "discount is 1.0"),
            ({"beta": 0.0}, "beta is 0.0"),
        ],
    )
    def test_faults(self, change, message):
        given = {"features": FEATURES, "weights": WEIGHTS, "successors": CORRIDOR}
        with pytest.raises(ConfigError, match=message):
            reward_weight_values(**{**given, **change})


def test_a_mind_reads_values_from_actions():
    """Agents that act by some weights are taken to have these."""
    batch = make_batch(40)
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (5, batch.num_actions, 3))
    weights = rng.normal(0, 4, (4, 3))

    def state_of(states):
        return (states["t"][:, None] + np.arange(3)) % 5

    names = tuple("abcd")
    hypotheses = RewardWeights(batch.world, names, features, weights, state_of)
    mind = Mind(batch.world, hypotheses=hypotheses, observers="shared")
    mind.reset(batch.state)
    true = rng.integers(0, 4, (40, 3))
    for _ in range(20):
        values = hypotheses.action_values(batch.state)
        own = np.take_along_axis(values, true[:, :, None, None], axis=2)[:, :, 0]
        noise = rng.gumbel(size=own.shape)  # the best of values + noise is a softmax choice
        actions = (own + noise).argmax(axis=2)
        batch.step(actions)
        follow(mind, batch, actions)
    assert (mind.posterior[:, 0].argmax(axis=2) == true).mean() > 0.95


def test_reward_weights_must_fit_the_world():
    batch = make_batch()
    features = np.zeros((2, batch.num_actions, 3))
    with pytest.raises(ConfigError, match="2 sets of weights for 1 names"):
        RewardWeights(batch.world, ("a",), features, np.zeros((2, 3)), draw_actions)
    with pytest.raises(ConfigError, match="features has 2 actions; 'commons_harvest' has 8"):
        RewardWeights(batch.world, ("a",), features[:, :2], np.zeros((1, 3)), draw_actions)


class TestActionFrequencies:
    def test_the_predictive_is_exact(self):
        model = ActionFrequencies(2, 1, 5, alpha=0.3)
        np.testing.assert_allclose(model.predictive(), 0.2, rtol=1e-15)
        for action in (0, 0, 3, 0):
            model.observe(np.array([[action], [-1]]))
        expected = (np.array([3, 0, 0, 1, 0]) + 0.3) / (4 + 5 * 0.3)
        np.testing.assert_allclose(model.predictive()[0, 0], expected, rtol=1e-15)
        np.testing.assert_allclose(model.predictive()[1, 0], 0.2, rtol=1e-15)

    @pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
    def test_a_mind_with_every_policy_as_a_hypothesis_predicts_the_same(self, alpha):
        """The general update on a fine grid of policies is the integral that the counts solve."""
        share = (np.arange(4000) + 0.5) / 4000
        prior = (share * (1 - share)) ** (alpha - 1)
        weights = (prior / prior.sum()).astype(np.float32)[None, None, None, None]
        weights = np.ascontiguousarray(weights)
        chances = np.log(np.stack([share, 1 - share]))[None, :, None]  # (1, A, 1, H)
        table = from_logs(chances)
        model = ActionFrequencies(1, 1, 2, alpha)
        out = np.empty((1, 1, 1, 2), np.float32)
        row, one = np.array([[0]]), np.float32(1)
        for action in (1, 0, 1, 1, 1, 1, 0, 1):
            kernels.predict(weights, table.relative, table.scales, row, None, None, one, out)
            np.testing.assert_allclose(out[0, 0], model.predictive()[0], atol=2e-3 / alpha)
            did, surprises = np.array([[action]]), np.zeros((1, 1, 1), np.int64)
            kernels.update(weights, table.relative, row, did, None, None, one, None, surprises)
            model.observe(did)
        kernels.predict(weights, table.relative, table.scales, row, None, None, one, out)
        np.testing.assert_allclose(out[0, 0], model.predictive()[0], atol=1e-4)

    def test_contexts_have_frequencies_of_their_own(self):
        model = ActionFrequencies(1, 2, 3, num_contexts=4)
        model.observe(np.array([[1, 2]]), np.array([[0, 3]]))
        told = model.predictive(np.array([[0, 0]]))
        np.testing.assert_allclose(told[0], [[0.25, 0.5, 0.25], [1 / 3] * 3])
        model.reset(np.array([False]))
        assert model.counts.sum() == 2
        model.reset()
        assert model.counts.sum() == 0

    def test_it_approaches_the_true_policy(self):
        rng = np.random.default_rng(0)
        policies = rng.dirichlet(np.full(5, 0.1), 300)
        model = ActionFrequencies(300, 1, 5, alpha=0.1)
        losses = []
        for _ in range(100):
            predicted = model.predictive()[:, 0]
            losses.append(-(policies * np.log(predicted)).sum(axis=1).mean())
            actions = (policies.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1)
            model.observe(np.minimum(actions, 4)[:, None])
        entropy = -(policies * np.log(np.maximum(policies, 1e-300))).sum(axis=1).mean()
        assert losses[0] == pytest.approx(np.log(5))
        assert entropy < losses[-1] < entropy + 0.05

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"num_worlds": 0}, "at least 1"),
            ({"num_actions": 1}, "at least"),
            ({"alpha": 0}, "alpha is 0"),
            ({"alpha": np.inf}, "alpha is inf"),
        ],
    )
    def test_faults(self, change, message):
        given = {"num_worlds": 1, "num_targets": 1, "num_actions": 3}
        with pytest.raises(ConfigError, match=message):
            ActionFrequencies(**{**given, **change})

    @pytest.mark.parametrize(
        ("actions", "contexts"),
        [([[3]], None), ([[-2]], None), ([0], None), ([[0.0]], None), ([[0]], [[2]])],
    )
    def test_bad_actions(self, actions, contexts):
        model = ActionFrequencies(1, 1, 3, num_contexts=2)
        contexts = None if contexts is None else np.array(contexts)
        with pytest.raises(ConfigError, match="expected integers in"):
            model.observe(np.array(actions), contexts)
