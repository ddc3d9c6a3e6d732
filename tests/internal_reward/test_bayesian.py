"""Inference of values: exact, quick with little feedback, and the same after an interruption."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from prosocial.agents.internal_reward.audit import audit
from prosocial.agents.internal_reward.bayesian import BayesianReward
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.continual_bayesian import (
    ContinualBayes,
    continued,
    loaded,
    resumed,
    untrained,
)
from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.posterior import MAX_EVENTS, Evidence, infer
from prosocial.envs.engine import ConfigError, build

EVENTS = ("goal", "forward", "bump", "lava")
CONFIG = ISRConfig(model="bayesian")
NOISE = (0.05, 0.3)


def make_counts(count: int, seed: int = 0) -> np.ndarray:
    """Events as in caregiver_grid: the goal is only ever entered by going forward."""
    rng = np.random.default_rng(seed)
    forward = rng.random(count) < 0.5
    kind = rng.random(count)
    goal, bump = forward & (kind < 0.2), forward & (kind > 0.7)
    return np.stack([goal, forward, bump, np.zeros(count)], 1).astype(np.uint8)


def make_experience(count: int = 300, noise: float = 0.0, seed: int = 0) -> SocialExperience:
    counts = make_counts(count, seed)
    rng = np.random.default_rng(seed + 1)
    rewards = 0.4 * counts[:, 0] + noise * rng.standard_normal(count)
    experience = SocialExperience((3, 3, 1), 1, EVENTS)
    observations = np.zeros((count, 3, 3, 1), np.uint8)
    actions = np.zeros((count, 1), np.int8)
    experience.append(observations, actions, rewards.astype(np.float32), events=counts)
    return experience


def brute_force(counts, rewards, inclusion, slab_sd, sizes):
    """Posterior by the marginal density of all rewards at once, subset by subset."""
    size = counts.shape[1]
    x, y = counts.astype(float), rewards.astype(float)
    log, means, covariances, valued, chosen_noise = [], [], [], [], []
    for number, sd in enumerate(sizes):
        for subset in itertools.product((0, 1), repeat=size):
            prior = np.diag(np.array(subset) * slab_sd**2)
            marginal = x @ prior @ x.T + sd**2 * np.eye(len(y))
            density = multivariate_normal(np.zeros(len(y)), marginal).logpdf(y)
            log.append(density + sum(math.log(inclusion if s else 1 - inclusion) for s in subset))
            gain = prior @ x.T @ np.linalg.inv(marginal)
            means.append(gain @ y)
            covariances.append(prior - gain @ x @ prior)
            valued.append(subset)
            chosen_noise.append(number)
    weights = np.exp(np.array(log) - max(log))
    weights /= weights.sum()
    mean = weights @ np.array(means)
    spread = np.array(means) - mean
    covariance = np.einsum("s,skl->kl", weights, np.array(covariances))
    covariance += np.einsum("s,sk,sl->kl", weights, spread, spread)
    noise = [weights[np.array(chosen_noise) == k].sum() for k in range(len(sizes))]
    return mean, covariance, weights @ np.array(valued), np.array(noise)


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_the_posterior_is_that_of_brute_force(count):
    counts = make_counts(count, seed=count)
    rng = np.random.default_rng(3)
    rewards = counts @ np.array([0.4, 0.0, -0.2, 0.0]) + 0.1 * rng.standard_normal(count)
    evidence = Evidence(4)
    evidence.add(counts[:3], rewards[:3])
    evidence.add(counts[3:], rewards[3:])
    found = infer(evidence, inclusion=0.3, slab_sd=0.7, noise_sd=NOISE)
    if count == 0:
        expected = np.zeros(4), 0.3 * 0.49 * np.eye(4), np.full(4, 0.3), np.full(2, 0.5)
    else:
        expected = brute_force(counts, rewards, 0.3, 0.7, NOISE)
    for one, other in zip(
        (found.mean, found.covariance, found.valued, found.noise), expected, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert found.subsets.sum() == pytest.approx(1)


def test_the_order_of_events_does_not_matter():
    counts, rewards = make_counts(60), 0.4 * make_counts(60)[:, 0]
    order = [2, 0, 3, 1]
    found = []
    for columns in ([0, 1, 2, 3], order):
        evidence = Evidence(4)
        evidence.add(counts[:, columns], rewards)
        found.append(infer(evidence, inclusion=0.5, slab_sd=1.0, noise_sd=NOISE))
    np.testing.assert_allclose(found[0].mean[order], found[1].mean, atol=1e-9)
    np.testing.assert_allclose(found[0].valued[order], found[1].valued, atol=1e-9)


@pytest.mark.parametrize("amount", [0.4, -2.0])
def test_a_few_feedbacks_tell_what_is_valued_and_its_sign(amount):
    counts = np.zeros((12, 4), np.uint8)
    counts[:, 1] = 1
    counts[[3, 8], 0] = 1  # two of twelve forward steps enter the goal
    model = BayesianReward(CONFIG, EVENTS)
    model.add(counts, amount * counts[:, 0])
    belief = model.explain()
    assert belief["goal"][0] > 0.99
    assert belief["goal"][1] == pytest.approx(amount, abs=0.01)
    assert belief["forward"][0] < 0.05
    predicted = model.predict(counts, counts, counts)
    np.testing.assert_allclose(predicted, amount * counts[:, 0], atol=0.02)


def test_noise_is_inferred_and_averaged_out():
    model = fit(CONFIG, make_experience(3000, noise=0.3), seed=0).model
    assert isinstance(model, BayesianReward)
    assert model.posterior.noise[CONFIG.noise_sd.index(0.3)] > 0.99
    assert model.explain()["goal"][1] == pytest.approx(0.4, abs=0.05)


def test_a_value_that_events_do_not_tell_of_is_put_down_to_those_that_go_with_it():
    config = CONFIG.replace(events=("forward", "bump"))
    model = fit(config, make_experience(3000), seed=0).model
    events = np.array([[1, 0], [1, 1], [0, 0]], np.uint8)
    forward, bump, nothing = model.predict(events, events, events)
    assert 0.05 < forward < 0.4  # 0.4 times the share of forward steps that enter the goal
    assert abs(bump) < 0.05
    assert nothing == 0


def test_what_is_uncertain_is_worth_less_and_never_changes_its_sign():
    predicted = {}
    for caution in (0.0, 1.0, 50.0):
        model = BayesianReward(CONFIG.replace(lower_confidence=caution), EVENTS)
        counts = np.array([[1, 1, 0, 0], [0, 1, 0, 0]], np.uint8)
        model.add(counts, np.array([-0.4, 0.0]))
        predicted[caution] = model.predict(counts, counts, counts)[0]
    assert predicted[0.0] < predicted[1.0] < 0
    assert predicted[50.0] == 0


def test_a_fit_and_its_audit_are_exact_in_the_grid():
    world = build("caregiver_grid", layout="x")
    result = fit(CONFIG, make_experience(), seed=0)
    assert result.holdout_mse == pytest.approx(0, abs=1e-5)
    assert result.train_size == 270
    found = audit(result.model, world)
    assert (found.false_positives, found.false_negatives) == (0, 0)
    assert found.leaked_share == pytest.approx(0, abs=1e-3)


def test_what_is_saved_predicts_the_same_bits():
    model = fit(CONFIG, make_experience(200, noise=0.1), seed=0).model
    again = loaded(model.state_tensors(), CONFIG)
    counts = make_counts(50, seed=9)
    first, second = (m.predict(counts, counts, counts) for m in (model, again))
    assert first.tobytes() == second.tobytes()
    assert isinstance(untrained(ISRConfig(), SocialExperience((5, 5, 3)), 0).members, list)


def test_continual_inference_goes_on_where_it_was_interrupted_and_ends_as_the_offline_fit():
    experience = make_experience(300, noise=0.1)
    whole = continued(untrained(CONFIG, experience, 0), 0)
    parts = continued(untrained(CONFIG, experience, 0), 0)
    assert isinstance(whole, ContinualBayes)
    first = SocialExperience((3, 3, 1), 1, EVENTS)
    grow(first, experience, 0, 120)
    for one in (whole, parts):
        one.update(first)
    parts = resumed(parts.state_tensors(), CONFIG, 0)
    grow(first, experience, 120, 300)
    updates = [one.update(first) for one in (whole, parts)]
    assert updates[0] == updates[1]
    assert updates[0].fresh == 180
    assert updates[0].fresh_mse == pytest.approx(0.01, abs=0.005)
    states = [one.state_tensors() for one in (whole, parts)]
    for name, tensor in states[0].items():
        assert tensor.numpy().tobytes() == states[1][name].numpy().tobytes(), name
    offline = fit(CONFIG.replace(train_fraction=1.0), experience, 0).model
    counts = make_counts(20, seed=5)
    predictions = [m.predict(counts, counts, counts) for m in (whole.model, offline)]
    np.testing.assert_allclose(predictions[0], predictions[1], atol=1e-6)


def test_with_recent_only_the_newest_count():
    experience = make_experience(100)
    grow(experience, make_experience(100, seed=7), 0, 100)
    experience.social_rewards[:100] *= -1  # it used to be blamed
    config = CONFIG.replace(recent=100)
    continual = continued(untrained(config, experience, 0), 0)
    continual.update(experience)
    assert isinstance(continual, ContinualBayes)
    assert continual.model.explain()["goal"][1] == pytest.approx(0.4, abs=0.01)


def grow(target: SocialExperience, source: SocialExperience, start: int, stop: int) -> None:
    rows = slice(start, stop)
    target.append(
        source.observations[rows],
        source.actions[rows],
        source.social_rewards[rows],
        events=source.events[rows],
    )


def test_experience_keeps_events_in_files(tmp_path):
    experience = make_experience(40)
    experience.save(tmp_path / "a.npz", start=10)
    again = SocialExperience.load(tmp_path / "a.npz")
    assert again.event_names == EVENTS
    assert np.array_equal(again.events, experience.events[10:])


def test_experience_without_events_is_refused_by_inference_only():
    experience = make_experience(40)
    experience.append(experience.observations, experience.actions, experience.social_rewards.copy())
    with pytest.raises(ExperienceError, match="kept without its events"):
        fit(CONFIG, experience, 0)
    with pytest.raises(ExperienceError, match=r"pass the events of the transitions too"):
        BayesianReward(CONFIG, EVENTS).predict(np.zeros(1), np.zeros(1))


@pytest.mark.parametrize(
    ("config", "events", "message"),
    [
        (CONFIG.replace(events=("gaol",)), EVENTS, "names gaol; the events of these worlds are"),
        (CONFIG, (), "names nothing"),
        (CONFIG, tuple(f"e{k}" for k in range(MAX_EVENTS + 1)), "at most 10. Choose some"),
    ],
)
def test_events_that_cannot_be_judged_are_refused(config, events, message):
    with pytest.raises(ExperienceError, match=message):
        BayesianReward(config, events)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model", "magic", "one of regression, bayesian"),
        ("inclusion", 1.0, r"a number in \(0, 1\)"),
        ("inclusion", 0.0, "a number > 0"),
        ("slab_sd", 0.0, "a number > 0"),
        ("noise_sd", (), "at least one"),
        ("noise_sd", (0.1, -1.0), "numbers > 0"),
        ("events", ("goal", "goal"), "each once"),
    ],
)
def test_wrong_options_are_named(field, value, message):
    with pytest.raises(ConfigError, match=rf"ISRConfig.{field}.*{message}"):
        ISRConfig(**{field: value})


def test_tensors_of_something_else_are_refused():
    tensors = fit(CONFIG, make_experience(), seed=0).model.state_tensors()
    with pytest.raises(ExperienceError, match="no Bayesian internal reward"):
        loaded({}, CONFIG)
    with pytest.raises(ExperienceError, match="this configuration has goal"):
        loaded(tensors, CONFIG.replace(events=("goal",)))
    with pytest.raises(ExperienceError, match="'seen' lacks"):
        resumed(tensors, CONFIG, 0)


def test_events_of_the_wrong_kind_are_refused():
    model = BayesianReward(CONFIG, EVENTS)
    with pytest.raises(ExperienceError, match="lack goal, lava"):
        model.add(np.zeros(3, [("forward", "u1"), ("bump", "u1")]), np.zeros(3))
    with pytest.raises(ExperienceError, match="expected uint8 with 4 columns"):
        model.add(np.zeros((3, 2), np.uint8), np.zeros(3))
    experience = make_experience(4)
    with pytest.raises(ExperienceError, match="events are of shape"):
        experience.append(
            experience.observations,
            experience.actions,
            experience.social_rewards,
            events=np.zeros((3, 4), np.uint8),
        )
