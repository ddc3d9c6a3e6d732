import math

import numpy as np
import pytest
import torch

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError
from prosocial.agents.internal_reward.encoding import AGENT_TYPE, encode
from prosocial.agents.internal_reward.network import ISRNetwork

A, B = ((9, 9, 4), 1), ((9, 9, 7), 2)  # inputs of the two environments of the paper


def network(shape=(9, 9, 4), bodies=1, seed=0, **config):
    source = torch.Generator().manual_seed(seed)
    return ISRNetwork(shape, bodies, ISRConfig(**config), generator=source)


@pytest.mark.parametrize(
    ("world", "axis", "channels", "features"),
    [
        (A, "channels", 5, 32 * 7 * 7),
        (B, "channels", 9, 32 * 7 * 7),
        (A, "authors", 9, 672),  # the released code's sizes
        (B, "authors", 9, 1568),
    ],
)
def test_the_architecture_has_the_published_sizes(world, axis, channels, features):
    net = network(*world, conv_axis=axis)
    shapes = [tuple(p.shape) for p in net.parameters()]
    assert shapes == [
        (16, channels, 2, 2), (16,), (32, 16, 2, 2), (32,),
        (32, features), (32,), (32, 32), (32,), (1, 32), (1,),
    ]  # fmt: skip


def test_one_body_s_action_is_written_at_the_centre():
    observations = torch.zeros(3, 9, 9, 4, dtype=torch.uint8)
    observations[:, 4, 4, 0] = AGENT_TYPE
    observations[:, 0, 0, 0] = AGENT_TYPE  # another agent in view
    planes = encode(observations, torch.tensor([[0], [1], [2]]), "channels", "auto")
    assert planes.shape == (3, 5, 9, 9)
    torch.testing.assert_close(planes[:, :4], observations.permute(0, 3, 1, 2))
    expected = torch.zeros(3, 9, 9, dtype=torch.uint8)
    expected[:, 4, 4] = torch.tensor([0, 1, 2])
    torch.testing.assert_close(planes[:, 4], expected)


def test_two_bodies_actions_are_written_at_every_agent():
    observations = torch.zeros(1, 9, 9, 7, dtype=torch.uint8)
    observations[0, 4, 4, 0] = observations[0, 2, 6, 0] = AGENT_TYPE
    observations[0, 1, 1, 3] = AGENT_TYPE  # a colour, not an agent
    planes = encode(observations, torch.tensor([[3, 2]]), "channels", "auto")
    assert planes.shape == (1, 9, 9, 9)
    for channel, action in ((7, 3), (8, 2)):
        expected = torch.zeros(9, 9, dtype=torch.uint8)
        expected[4, 4] = expected[2, 6] = action
        torch.testing.assert_close(planes[0, channel], expected)


def test_the_place_of_the_action_can_be_chosen():
    observations = torch.zeros(1, 9, 9, 4, dtype=torch.uint8)
    observations[0, 1, 1, 0] = AGENT_TYPE
    at_agents = encode(observations, torch.tensor([[2]]), "channels", "agents")[0, 4]
    assert at_agents.nonzero().tolist() == [[1, 1]]
    own = encode(observations, torch.tensor([[2, 1]]), "channels", "own")[0, 4:]
    assert own.nonzero().tolist() == [[0, 4, 4], [1, 4, 4]]


def test_the_authors_axis_takes_rows_for_channels():
    observations = torch.randint(0, 11, (2, 9, 9, 4), dtype=torch.uint8)
    actions = torch.tensor([[1], [2]])
    quirk = encode(observations, actions, "authors", "auto")
    clean = encode(observations, actions, "channels", "auto")
    assert quirk.shape == (2, 9, 9, 5)
    torch.testing.assert_close(quirk, clean.permute(0, 2, 3, 1))


def test_the_agent_code_is_the_world_s():
    cell = pytest.importorskip("prosocial.envs.worlds.caregiver_grid").Cell
    assert cell.AGENT == AGENT_TYPE


def test_linear_layers_start_orthogonal_and_convolutions_by_default():
    net = network()
    for layer in (net.hidden1, net.hidden2, net.output):
        weight = layer.weight.detach()
        product = weight @ weight.T
        torch.testing.assert_close(product, 2 * torch.eye(len(weight)), atol=1e-4, rtol=0)
        assert not layer.bias.any()
    for layer, inputs in ((net.conv1, 20), (net.conv2, 64)):
        bound = 1 / math.sqrt(inputs)
        for values in (
            layer.get_parameter("weight").detach(),
            layer.get_parameter("bias").detach(),
        ):
            assert values.abs().max() <= bound
            assert values.abs().max() > 0.6 * bound
            assert values.min() < 0 < values.max()


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    first, again, other = network(seed=1), network(seed=1), network(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    same = [torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(first.hidden1.weight, other.hidden1.weight)


@pytest.mark.parametrize("axis", ["channels", "authors"])
def test_a_prediction_depends_on_its_own_pair_only(axis):
    rng = np.random.default_rng(0)
    net = network(conv_axis=axis)
    observations = rng.integers(0, 11, (4500, 9, 9, 4), dtype=np.uint8)  # more than one chunk
    actions = rng.integers(0, 3, (4500, 1))
    together = net.predict(observations, actions)
    assert together.dtype == np.float32
    for index in (0, 4095, 4096, 4499):
        alone = net.predict(observations[index : index + 1], actions[index : index + 1])
        np.testing.assert_allclose(alone[0], together[index], rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        planes = net.planes(torch.from_numpy(observations[:3]), torch.from_numpy(actions[:3]))
        np.testing.assert_allclose(net(planes.float()).numpy(), together[:3], rtol=1e-5, atol=1e-5)
    assert len(np.unique(together)) > 4000
    assert net.predict(observations[:0], actions[:0]).shape == (0,)


def test_the_action_changes_the_prediction():
    net = network()
    observations = np.ones((3, 9, 9, 4), np.uint8)
    assert len(set(net.predict(observations, np.arange(3)))) == 3


def test_bad_input_is_refused():
    net = network()
    observations, actions = np.ones((2, 9, 9, 4), np.uint8), np.zeros((2, 1), np.int64)
    with pytest.raises(ExperienceError, match="observations are float64"):
        net.predict(observations.astype(float), actions)
    with pytest.raises(ExperienceError, match="observations are uint8"):
        net.predict(observations[..., :3], actions)
    with pytest.raises(ExperienceError, match="actions are int64"):
        net.predict(observations, actions[:1])
    with pytest.raises(ExperienceError, match="expected indices"):
        net.predict(observations, actions - 1)
    with pytest.raises(ExperienceError, match="at least 3×3"):
        network((9, 1, 4), conv_axis="channels")
    with pytest.raises(ExperienceError, match="no central cell"):
        network((8, 9, 4))
    network((8, 8, 4), action_cells="agents")
