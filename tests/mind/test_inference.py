"""Bayes' rule: against enumeration, against the NumPy twin, and what it must not depend on."""

import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosocial.agents.mind.inference import (
    checked_betas,
    checked_prior,
    checked_share,
    choice_likelihoods,
    kernels,
    update_posterior,
)
from prosocial.envs.engine import ConfigError

PLAIN = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "plain_minds.py"))


def situation(seed=0, worlds=5, observers=2, targets=3, betas=1, names=4, actions=3, rows=6):
    """Random likelihoods and what was done, as keyword arguments of both implementations."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2, (rows, actions, names)).astype(np.float32)
    table = choice_likelihoods(values, np.linspace(0.5, 3, betas))
    weights = np.full((worlds, observers, targets, betas, names), 1 / betas / names, np.float32)
    where = rng.integers(0, rows, (worlds, targets))
    did = rng.integers(0, actions, (worlds, targets))
    prior = rng.dirichlet(np.ones(names), (worlds, targets)).astype(np.float32)
    return weights, table, where, did, prior


def run(weights, table, rows, actions, columns=None, prior=None, keep=1.0, visible=None):
    weights, surprises = weights.copy(), np.zeros(weights.shape[:3], np.int64)
    arguments = (rows, actions, columns, prior, np.float32(keep), visible, surprises)
    kernels.update(weights, table, *arguments)
    return weights, surprises


def run_logs(weights, logs, rows, actions, columns=None, prior=None, keep=1.0, visible=None):
    with np.errstate(divide="ignore"):
        weights = np.log(weights, dtype=np.float64)
    surprises = np.zeros(weights.shape[:3], np.int64)
    arguments = (rows, actions, columns, prior, np.float32(keep), visible, surprises)
    kernels.update_logs(weights, logs, *arguments)
    return np.exp(weights), surprises


@pytest.mark.parametrize("betas", [1, 3])
@pytest.mark.parametrize("switch", [0.0, 0.2])
@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_the_compiled_update_equals_numpy(betas, switch, moved, masked):
    weights, table, rows, actions, prior = situation(betas=betas)
    relative, logs = table.relative.copy(), None
    relative[2, 1] = 0  # impossible under all
    relative[3, :, :, 1] = 0
    rows[1, 1], rows[4, 2], actions[0, 0] = 2, -1, -1
    actions[1, 1] = 1
    with np.errstate(divide="ignore"):
        logs = np.log(relative, dtype=np.float64)
    rng = np.random.default_rng(1)
    options = {
        "columns": rng.permuted(np.tile([0, 1, 2, -1], (5, 1)), axis=1) if moved else None,
        "prior": prior if switch else None,
        "keep": 1 - switch,
        "visible": rng.random((5, 2, 3)) < 0.6 if masked else None,
    }
    expected = weights
    found, found_logs = weights, weights
    for _ in range(4):
        expected, impossible = PLAIN["update"](expected, relative, rows, actions, **options)
        found, surprises = run(found, relative, rows, actions, **options)
        found_logs, surprises_logs = run_logs(found_logs, logs, rows, actions, **options)
        np.testing.assert_array_equal(surprises, impossible)
        np.testing.assert_array_equal(surprises_logs, impossible)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(found_logs, expected, atol=1e-6)
    assert impossible.any() or masked
    np.testing.assert_allclose(found.sum((3, 4)), 1, atol=1e-6)
    assert not np.allclose(found, weights)


@pytest.mark.parametrize("lapse", [0.0, 0.1])
def test_choice_probabilities_equal_numpy(lapse):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 3, (7, 4, 3)).astype(np.float32)
    values[2, 1], values[3, :, 2] = -np.inf, -np.inf
    betas = np.array([0.3, 1.0, 8.0])
    table = choice_likelihoods(values, betas, lapse, logs=True)
    expected = PLAIN["choice_probabilities"](values, betas, lapse)
    chances = table.relative * table.scales[:, :, None, None]
    np.testing.assert_allclose(chances, expected, atol=1e-6)
    assert table.logs is not None
    np.testing.assert_allclose(np.exp(table.logs), expected, atol=1e-12)
    possible = np.isfinite(values).max(axis=1)[:, None]
    sums = table.logs.transpose(0, 2, 1, 3)
    np.testing.assert_allclose(np.exp(sums).sum(axis=2), np.broadcast_to(possible, (7, 3, 3)))
    assert (expected[2, 1] == 0).all() == (lapse == 0)


def enumerate_sequences(prior, chances, betas_prior, switch):
    """The posterior over the last hypothesis and beta by summing over all sequences of hypotheses.

    Args:
        prior: (H,).
        chances: Likelihood of what was done, (steps, K, H).
        betas_prior: (K,).
        switch: Probability of a draw from the prior between two steps.
    """
    steps, num_betas, names = chances.shape
    found = np.zeros((num_betas, names))
    for k in range(num_betas):
        for sequence in itertools.product(range(names), repeat=steps):
            mass = betas_prior[k] * prior[sequence[0]]
            for before, after in itertools.pairwise(sequence):
                mass *= switch * prior[after] + (1 - switch) * (before == after)
            for step, name in enumerate(sequence):
                mass *= chances[step, k, name]
            found[k, sequence[-1]] += mass
    return found / found.sum()


@pytest.mark.parametrize("update", [run, run_logs])
@pytest.mark.parametrize("switch", [0.0, 0.3])
@pytest.mark.parametrize("num_betas", [1, 2])
def test_it_equals_enumeration(update, switch, num_betas):
    rng = np.random.default_rng(7)
    steps, names, actions = 5, 3, 4
    betas, prior = np.array([0.7, 2.0])[:num_betas], rng.dirichlet(np.ones(names))
    values = rng.normal(0, 1.5, (steps, actions, names)).astype(np.float32)
    did = rng.integers(0, actions, steps)
    table = choice_likelihoods(values, betas, logs=True)
    start = (np.ones((num_betas, 1)) / num_betas * prior)[None, None, None].astype(np.float32)
    found = start
    drawn = prior[None, None].astype(np.float32) if switch else None
    numbers = table.relative if update is run else table.logs
    for step in range(steps):
        rows, actions_then = np.array([[step]]), did[None, step : step + 1]
        found, _ = update(found, numbers, rows, actions_then, prior=drawn, keep=1 - switch)
    chances = PLAIN["choice_probabilities"](values, betas)
    observed = np.stack([chances[step, did[step]] for step in range(steps)])
    expected = enumerate_sequences(prior, observed, np.ones(num_betas) / num_betas, switch)
    np.testing.assert_allclose(found[0, 0, 0], expected, atol=1e-6)


def test_the_order_of_hypotheses_does_not_matter():
    weights, table, rows, actions, prior = situation(names=6)
    order = np.random.default_rng(3).permutation(6)
    plain, _ = run(weights, table.relative, rows, actions, prior=prior, keep=0.9)
    table_then = np.ascontiguousarray(table.relative[..., order])
    prior_then = np.ascontiguousarray(prior[..., order])
    other, _ = run(weights, table_then, rows, actions, prior=prior_then, keep=0.9)
    np.testing.assert_allclose(other, plain[..., order], atol=1e-7)


def test_worlds_do_not_depend_on_each_other():
    weights, table, rows, actions, prior = situation(worlds=33, betas=2, names=11)
    whole, _ = run(weights, table.relative, rows, actions, prior=prior, keep=0.9)
    for part in (slice(0, 1), slice(7, 20), slice(32, 33)):
        alone, _ = run(
            weights[part], table.relative, rows[part], actions[part], None, prior[part], 0.9
        )
        assert alone.tobytes() == whole[part].tobytes()


def test_long_products_neither_vanish_nor_forget_in_log_space():
    values = np.array([[[0, 0.0], [0, -8]]], np.float32)  # action 1 speaks against the second
    table = choice_likelihoods(values, np.array([1.0]), logs=True)
    likelihood = PLAIN["choice_probabilities"](values, np.array([1.0]))[0, :, 0]
    weights = np.full((1, 1, 1, 1, 2), 0.5, np.float32)
    log_odds = 0.0
    logs = np.log(weights, dtype=np.float64)
    # 200 steps against the second hypothesis, then very many for it.
    for action in [1] * 200 + [0] * 4000:
        did, surprises = np.array([[action]]), np.zeros((1, 1, 1), np.int64)
        weights, impossible = run(weights, table.relative, np.array([[0]]), did)
        arguments = (np.array([[0]]), did, None, None, np.float32(1), None, surprises)
        kernels.update_logs(logs, table.logs, *arguments)
        log_odds += np.log(likelihood[action, 1]) - np.log(likelihood[action, 0])
        assert not impossible.any()
        assert np.isfinite(weights).all()
        assert weights.min() > 0
        np.testing.assert_allclose(logs[0, 0, 0, 0, 1] - logs[0, 0, 0, 0, 0], log_odds, atol=1e-5)
        if action == 1:
            np.testing.assert_allclose(weights, np.exp(logs), atol=1e-6)
    assert log_odds > 100  # the evidence has turned round
    np.testing.assert_allclose(np.exp(logs[0, 0, 0, 0]), [0, 1], atol=1e-6)
    np.testing.assert_allclose(weights[0, 0, 0, 0], [0, 1], atol=1e-6)


def test_the_unlikeliest_hypothesis_still_explains_what_no_other_can():
    # The second hypothesis has all but vanished, and makes the action all but impossible.
    weights = np.array([1, kernels.FLOOR], np.float32).reshape(1, 1, 1, 1, 2)
    table = np.array([0, kernels.FLOOR], np.float32).reshape(1, 1, 1, 2)
    found, surprises = run(weights, table, np.array([[0]]), np.array([[0]]))
    assert not surprises.any()
    np.testing.assert_allclose(found.ravel(), [0, 1], atol=1e-6)


def test_what_is_possible_stays_so_however_unlikely():
    values = np.array([[[0, 0.0], [-1, -1e4]]], np.float32)  # exp(-1e4) vanishes in any precision
    table = choice_likelihoods(values, np.array([1.0]))
    weights = np.full((1, 1, 1, 1, 2), 0.5, np.float32)
    found, _ = run(weights, table.relative, np.array([[0]]), np.array([[1]]))
    assert found.ravel()[1] == kernels.FLOOR
    for _ in range(140):
        found, _ = run(found, table.relative, np.array([[0]]), np.array([[0]]))
    assert found.ravel()[1] > 0.5  # it has come back


def test_odds_between_bad_explanations_count():
    # Both hypotheses make the action very unlikely, one far more so: their ratio decides.
    values = np.array([[[0, 0.0], [-100, -105]]], np.float32)
    table = choice_likelihoods(values, np.array([1.0]))
    weights = np.full((1, 1, 1, 1, 2), 0.5, np.float32)
    found, _ = run(weights, table.relative, np.array([[0]]), np.array([[1]]))
    np.testing.assert_allclose(found.ravel()[1], 1 / (1 + np.exp(5)), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from([run, run_logs]))
def test_it_is_never_nan(seed, update):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 10.0 ** rng.integers(-3, 4), (4, 3, 3)).astype(np.float32)
    values[rng.random(values.shape) < 0.4] = -np.inf
    table = choice_likelihoods(values, np.array([1.0]), logs=True)
    weights = np.full((1, 1, 1, 1, 3), 1 / 3, np.float32)
    numbers = table.relative if update is run else table.logs
    for _ in range(30):
        rows, actions = rng.integers(0, 4, (1, 1)), rng.integers(0, 3, (1, 1))
        before = weights
        weights, surprises = update(weights, numbers, rows, actions)
        assert np.isfinite(weights).all()
        np.testing.assert_allclose(weights.sum(), 1, atol=1e-6)
        if surprises.any():
            np.testing.assert_allclose(weights, before, atol=1e-12)


def test_the_true_beta_is_recovered():
    rng = np.random.default_rng(5)
    betas = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
    worlds, names, actions = 200, 4, 5
    values = rng.normal(0, 1, (50, actions, names)).astype(np.float32)
    table = choice_likelihoods(values, betas)
    chances = table.relative * table.scales[:, :, None, None]
    for true in range(len(betas)):
        goal = rng.integers(0, names, worlds)
        weights = np.full((worlds, 1, 1, len(betas), names), 1 / len(betas) / names, np.float32)
        for _ in range(150):
            rows = rng.integers(0, 50, (worlds, 1))
            p = chances[rows[:, 0], :, true, goal].cumsum(axis=1)
            did = np.minimum((rng.random((worlds, 1)) > p).sum(axis=1), actions - 1)[:, None]
            weights, _ = run(weights, table.relative, rows, did)
        found = weights.sum(axis=4)[:, 0, 0]
        # All worlds together leave no doubt; each alone rarely errs by more than a neighbour.
        with np.errstate(divide="ignore"):
            together = np.log(found).sum(axis=0)
        assert together.argmax() == true
        assert (np.abs(found.argmax(axis=1) - true) <= 1).mean() > 0.95
        assert found[:, true].mean() > 0.5


def test_a_target_that_switches_is_followed():
    values = np.where(np.eye(3)[None], 0, -2).astype(np.float32)  # action a speaks for a
    table = choice_likelihoods(values, np.array([1.0])).relative
    prior = np.full((1, 1, 3), 1 / 3, np.float32)
    firm = agile = prior[:, None, :, None, :].copy()
    for action in [0] * 40 + [1] * 4:
        rows, did = np.array([[0]]), np.array([[action]])
        firm, _ = run(firm, table, rows, did)
        agile, _ = run(agile, table, rows, did, prior=prior, keep=0.9)
    assert firm.argmax() == 0
    assert agile.argmax() == 1
    assert agile.max() > 0.9


class TestUpdatePosterior:
    def test_it_equals_enumeration(self):
        rng = np.random.default_rng(0)
        logs = rng.normal(0, 1, (4, 2, 3))
        prior = rng.dirichlet(np.ones(3), (4, 2)).astype(np.float32)
        start = np.repeat(prior[:, None], 2, axis=1)
        visible = rng.random((4, 2, 2)) < 0.5
        found, found_logs = start.copy(), np.log(start, dtype=np.float64)
        options = {"prior": prior, "switch": 0.25, "visible": visible}
        assert not update_posterior(found, logs, **options).any()
        assert not update_posterior(found_logs, logs, log_space=True, **options).any()
        expected = start * np.exp(logs)[:, None]
        expected /= expected.sum(axis=3, keepdims=True)
        expected = np.where(visible[..., None], expected, start)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(np.exp(found_logs), expected, atol=1e-6)

    def test_impossible_evidence_leaves_it_as_it_was(self):
        posterior = np.array([1.0, 0], np.float32).reshape(1, 1, 1, 2)
        logs = np.array([-np.inf, 0]).reshape(1, 1, 2)
        assert update_posterior(posterior, logs).all()
        assert posterior.ravel().tolist() == [1, 0]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"posterior": np.ones((2, 1, 1, 3))}, "dtype float64"),
            ({"posterior": np.ones((2, 3), np.float32)}, "shape"),
            ({"log_likelihoods": np.zeros((2, 1, 4))}, "log_likelihoods has shape"),
            ({"log_likelihoods": np.full((2, 1, 3), np.nan)}, "NaN"),
            ({"log_likelihoods": np.full((2, 1, 3), np.inf)}, "inf"),
            ({"switch": 0.1}, "prior"),
            ({"switch": 1.0}, "switch is 1.0"),
            ({"visible": np.ones((2, 3), bool)}, "visible has shape"),
        ],
    )
    def test_faults_are_named(self, change, message):
        arguments = {
            "posterior": np.full((2, 1, 1, 3), 1 / 3, np.float32),
            "log_likelihoods": np.zeros((2, 1, 3)),
        }
        with pytest.raises(ConfigError, match=message):
            update_posterior(**{**arguments, **change})


@pytest.mark.parametrize("beta", [0, -1.0, np.inf, np.nan, "1", None, True, (), (1, 1), (1, 0)])
def test_bad_betas_are_refused(beta):
    with pytest.raises(ConfigError, match="beta is"):
        checked_betas(beta)


def test_good_betas_are_taken():
    assert checked_betas(2).tolist() == [2]
    assert checked_betas((0.5, np.float32(2))).tolist() == [0.5, 2]


@pytest.mark.parametrize("share", [-0.1, 1.0, np.nan, np.inf, "0", None, True])
def test_bad_shares_are_refused(share):
    with pytest.raises(ConfigError, match=r"lapse is .* expected a probability in \[0, 1\)"):
        checked_share("lapse", share)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([0.5, 0.4], "sums to 0.9"),
        ([[0.5, 0.5], [1, 0.1], [1, 0]], "sums to 1.1"),
        ([1.5, -0.5], "expected finite numbers >= 0"),
        ([np.nan, 1], "finite"),
        ([0.5, 0.25, 0.25], r"shape \(3,\); expected \(2,\).*order is ball, box"),
        (np.ones((2, 2)) / 2, r"shape \(2, 2\)"),
        ("half", "expected numbers"),
        ([[1], [0.5, 0.5]], "expected numbers"),
    ],
)
def test_bad_priors_are_refused(prior, message):
    with pytest.raises(ConfigError, match=message):
        checked_prior(prior, 3, ("ball", "box"))


def test_priors_are_for_all_targets_or_for_each():
    assert checked_prior(None, 3, ("a", "b")).tolist() == [[0.5, 0.5]] * 3
    assert checked_prior((0.25, 0.75), 2, ("a", "b")).tolist() == [[0.25, 0.75]] * 2
    each = [[1, 0], [0.5, 0.5]]
    assert checked_prior(each, 2, ("a", "b")).tolist() == each


def test_priors_are_restricted_to_what_is_available():
    prior = np.array([[0.5, 0.5, 0.0], [1.0, 0, 0]])
    available = np.array([[[False, True, True], [False, True, True]]])
    found, surprises = np.full((1, 2, 3), np.float32(9)), np.zeros((1, 1, 2), np.int64)
    weights = np.full((1, 1, 2, 2, 3), np.float32(9))
    for where in (False, True):  # nothing changes where no episode begins
        kernels.begin(prior, available, np.array([where]), weights, found, surprises)
        assert (weights == 9).all() != where
    assert found.tolist() == [[[0, 1, 0], [1, 0, 0]]]
    assert weights[0, 0, 0].tolist() == [[0, 0.5, 0]] * 2
    assert surprises.tolist() == [[[0, 1]]]
    logs = np.zeros((1, 1, 2, 2, 3))
    kernels.begin(prior, available, np.array([True]), logs, found, surprises)
    np.testing.assert_allclose(np.exp(logs), weights)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(value):
    values = np.zeros((2, 3, 2), np.float32)
    values[1, 2, 0] = value
    with pytest.raises(ConfigError, match="Action 2 under hypothesis 0 is worth"):
        choice_likelihoods(values, np.array([1.0]))
