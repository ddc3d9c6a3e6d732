import copy

import pytest
import torch
from torch.nn import functional

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.network import ISRNetwork
from prosocial.agents.internal_reward.regression import Regression


@pytest.mark.parametrize("axis", ["channels", "authors"])
@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize(("shape", "bodies"), [((9, 9, 4), 1), ((7, 5, 3), 2)])
@pytest.mark.parametrize("limit", [1.0, 1e9])  # gradients that are cut, and that are not
def test_updates_are_those_of_autograd_and_torch_adam(axis, batch, shape, bodies, limit):
    config = ISRConfig(conv_axis=axis, batch_size=batch, learning_rate=1e-3, max_grad_norm=limit)
    source = torch.Generator().manual_seed(3)
    ours = ISRNetwork(shape, bodies, config, generator=source)
    theirs = copy.deepcopy(ours)
    updates = 12
    count = updates * batch
    observations = torch.randint(0, 11, (count, *shape), generator=source).to(torch.uint8)
    actions = torch.randint(0, 3, (count, bodies), generator=source)
    targets = torch.rand(count, generator=source)

    regression = Regression(ours, config)
    losses = regression.run(observations, actions, targets)

    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3, eps=1e-5)
    norms = []
    for update in range(updates):
        rows = slice(update * batch, (update + 1) * batch)
        optimizer.zero_grad()
        planes = theirs.planes(observations[rows], actions[rows]).float()
        loss = functional.mse_loss(theirs(planes), targets[rows])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(theirs.parameters(), limit))
        optimizer.step()
        torch.testing.assert_close(losses[update], loss.detach(), rtol=1e-3, atol=1e-5)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
    assert max(norms) > 1.0  # so that the limit of 1 cuts
    # Adam forgets the size of the gradients; its moments do not.
    state = regression.state_tensors()
    for mine, other in (("first_moment", "exp_avg"), ("second_moment", "exp_avg_sq")):
        sizes = torch.stack([values[other].norm() for values in optimizer.state.values()])
        torch.testing.assert_close(state[mine].norm(), sizes.norm(), rtol=1e-3, atol=0)
    assert state["step"] == updates


def test_small_gradients_are_not_scaled():
    config = ISRConfig(max_grad_norm=1e9)
    source = torch.Generator().manual_seed(0)
    network = ISRNetwork((5, 5, 3), 1, config, generator=source)
    other = copy.deepcopy(network)
    data = torch.ones(1, 5, 5, 3, dtype=torch.uint8), torch.ones(1, 1).long(), torch.ones(1)
    regression = Regression(network, config)
    regression.run(*data)
    first = regression.state_tensors()["first_moment"]
    tight = Regression(other, config.replace(max_grad_norm=1e-3))
    tight.run(*data)
    scaled = tight.state_tensors()["first_moment"]
    # The first moment is a tenth of the gradient.
    torch.testing.assert_close(scaled.norm(), torch.tensor(1e-4), rtol=1e-3, atol=0)
    torch.testing.assert_close(scaled / scaled.norm(), first / first.norm())
    assert first.norm() > 1e-3


def test_a_run_in_parts_is_the_whole_run():
    config = ISRConfig(batch_size=2)
    source = torch.Generator().manual_seed(0)
    whole = ISRNetwork((5, 5, 3), 1, config, generator=source)
    parts = copy.deepcopy(whole)
    observations = torch.randint(0, 11, (5000, 5, 5, 3), generator=source).to(torch.uint8)
    actions = torch.randint(0, 3, (5000, 1), generator=source)
    targets = torch.rand(5000, generator=source)
    expected = Regression(whole, config).run(observations, actions, targets)

    first = Regression(parts, config)
    losses = [first.run(observations[:600], actions[:600], targets[:600])]
    resumed = Regression(copy.deepcopy(parts), config)
    resumed.load(first.state_tensors())
    losses.append(resumed.run(observations[600:], actions[600:], targets[600:]))

    assert torch.equal(torch.cat(losses), expected)
    for a, b in zip(whole.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b)
