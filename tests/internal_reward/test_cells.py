import numpy as np
import pytest
import torch
from torch.nn import functional

from prosocial.agents.internal_reward.cells import MAX_ACTIONS, CellISRNetwork, CellRegression
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.continual import ContinualISR
from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.model import InternalReward

SHAPE, CODES = (5, 5, 1), 6
CONFIG = ISRConfig(
    network="cell_embedding", observation_codes=CODES, batch_size=64, learning_rate=3e-3
)


def experience(count: int = 4000, seed: int = 0) -> SocialExperience:
    """Blame of -1 for entering (action 1) a cell of code 2 with fewer than 3 others of code 2."""
    rng = np.random.default_rng(seed)
    seen = rng.choice(CODES, (count, *SHAPE), p=[0.2, 0.3, 0.2, 0.1, 0.1, 0.1]).astype(np.uint8)
    actions = rng.integers(0, 3, count)
    rare = (seen == 2).sum((1, 2, 3)) <= 5
    rewards = -((actions == 1) & (seen[:, 1, 2, 0] == 2) & rare).astype(np.float32)
    kept = SocialExperience(SHAPE)
    kept.append(seen, actions, rewards)
    return kept


def network(seed: int = 0, bodies: int = 1) -> CellISRNetwork:
    return CellISRNetwork(SHAPE, bodies, CONFIG, generator=torch.Generator().manual_seed(seed))


def test_the_first_layer_is_a_dense_layer_on_one_hot_codes_and_actions():
    member, data = network(bodies=2), experience(20)
    seen = torch.from_numpy(data.observations)
    actions = torch.from_numpy(np.random.default_rng(1).integers(0, 9, (20, 2)))
    codes = functional.one_hot(seen.long(), CODES).flatten(1).float()
    taken = functional.one_hot(actions, MAX_ACTIONS).flatten(1).float()
    first = torch.relu(torch.cat([codes, taken], 1) @ member.table + member.bias)
    expected = member.output(torch.relu(member.hidden(first)))[:, 0]
    torch.testing.assert_close(member(seen, actions), expected)


def test_a_fit_finds_what_is_blamed_on_samples_it_was_not_fitted_on():
    result = fit(CONFIG.replace(epochs=4), experience(20_000), seed=1)
    test = experience(2000, seed=5)
    predictions = result.model.predict(test.observations, test.actions)
    blamed = test.social_rewards < 0
    assert blamed.sum() > 50
    assert ((predictions < -0.5) == blamed).mean() > 0.99
    assert predictions[blamed].mean() < -0.7
    assert abs(predictions[~blamed].mean()) < 0.05
    assert result.holdout_mse is not None
    assert result.holdout_mse < 0.01


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = (fit(CONFIG, experience(500), seed).model for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    seen = experience(10).observations, experience(10).actions
    assert np.array_equal(one.predict(*seen), same.predict(*seen))
    assert not np.array_equal(one.predict(*seen), other.predict(*seen))


def test_a_saved_model_comes_back():
    model = fit(CONFIG, experience(500), seed=1).model
    again = InternalReward.load(model.state_tensors(), CONFIG)
    seen = experience(10).observations, experience(10).actions
    assert np.array_equal(model.predict(*seen), again.predict(*seen))
    with pytest.raises(ExperienceError, match="no internal reward"):
        InternalReward.load(model.state_tensors(), CONFIG.replace(network="grid_cnn"))


def test_interrupted_continual_fitting_goes_on_as_if_it_had_not_been():
    config = CONFIG.replace(updates_per_iteration=5)
    data = experience(600)
    whole = ContinualISR(InternalReward.create(config, SHAPE, 1, seed=3), seed=4)
    first = ContinualISR(InternalReward.create(config, SHAPE, 1, seed=3), seed=4)
    unstarted = ContinualISR.load(first.state_tensors(), config, seed=4)
    for _ in range(2):
        whole.update(data)
    unstarted.update(data)
    resumed = ContinualISR.load(unstarted.state_tensors(), config, seed=4)
    resumed.update(data)
    for name, tensor in whole.state_tensors().items():
        assert torch.equal(tensor, resumed.state_tensors()[name]), name


def test_the_gradient_is_clipped():
    data = experience(64)
    seen, taken = torch.from_numpy(data.observations), torch.from_numpy(data.actions)
    member = network()
    before = member.table.detach().clone()
    regression = CellRegression(member, CONFIG.replace(max_grad_norm=1e-12, adam_eps=1.0))
    regression.run(seen, taken, torch.from_numpy(data.social_rewards))
    torch.testing.assert_close(member.table, before, atol=1e-9, rtol=0)


def test_codes_beyond_the_table_are_refused():
    with pytest.raises(ExperienceError, match="knows codes below 6"):
        network().predict(np.full((1, *SHAPE), 6, np.uint8), np.zeros(1, np.int64))
