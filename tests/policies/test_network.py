import math

import numpy as np
import pytest
import torch
from torch import nn

from prosocial.agents.policies import GridActorCritic
from prosocial.envs.engine.errors import ConfigError

SHAPE = (9, 9, 4)


def observations(count: int = 5) -> torch.Tensor:
    codes = np.random.default_rng(0).integers(0, 11, (count, *SHAPE), dtype=np.uint8)
    return torch.from_numpy(codes)


def layers(policy: GridActorCritic) -> list[nn.Linear | nn.Conv2d]:
    return [m for m in policy.modules() if isinstance(m, nn.Linear | nn.Conv2d)]


def test_shapes_and_sizes_are_those_of_the_paper():
    policy = GridActorCritic(SHAPE, 3)
    logits, values = policy(observations())
    assert logits.shape == (5, 3)
    assert values.shape == (5,)
    sizes = [tuple(layer.weight.shape) for layer in layers(policy)]
    assert sizes == [
        *((16, 4, 2, 2), (32, 16, 2, 2), (64, 32, 2, 2), (128, 2304)),
        *((64, 128), (64, 64), (3, 64)),
        *((64, 128), (64, 64), (1, 64)),
    ]


def test_initial_weights_are_orthogonal_with_the_gains_of_stable_baselines():
    policy = GridActorCritic(SHAPE, 3, seed=7)
    root = math.sqrt(2)
    gains = [root] * 4 + [root, root, 0.01] + [root, root, 1.0]
    for layer, gain in zip(layers(policy), gains, strict=True):
        matrix = layer.weight.detach().flatten(1).double()
        small = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        expected = gain**2 * torch.eye(len(small), dtype=torch.double)
        torch.testing.assert_close(small @ small.T, expected, atol=1e-5, rtol=0)
        assert layer.bias is not None
        assert not layer.bias.any()


def test_the_seed_decides_the_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    first, again, other = (GridActorCritic(SHAPE, 3, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    later = GridActorCritic(SHAPE, 3, seed=1)
    for a, b, c, d in zip(*(p.parameters() for p in (first, again, later, other)), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)
        if d.any():
            assert not torch.equal(a, d)


def test_scaling_divides_by_255():
    scaled = GridActorCritic(SHAPE, 3, scale_observations=True, seed=3)
    raw = GridActorCritic(SHAPE, 3, scale_observations=False, seed=3)
    with torch.no_grad():
        layers(raw)[0].weight /= 255
        torch.testing.assert_close(scaled(observations())[0], raw(observations())[0])
        assert not torch.allclose(
            GridActorCritic(SHAPE, 3, scale_observations=False, seed=3)(observations())[1],
            scaled(observations())[1],
        )


def test_rows_and_columns_of_the_grid_are_not_mixed_up():
    policy = GridActorCritic((6, 9, 2), 3)
    first = layers(policy)[0]
    outputs = []
    first.register_forward_hook(lambda *call: outputs.append(call[2]))
    with torch.no_grad():
        first.weight.zero_()
        first.weight[0, 1, 0, 0] = 255.0  # channel 1 of the cell in the upper left of each window
        grid = torch.zeros(1, 6, 9, 2, dtype=torch.uint8)
        grid[0, 4, 7, 1] = 1
        assert policy(grid)[0].shape == (1, 3)
    assert torch.nonzero(outputs[0]).tolist() == [[0, 0, 4, 7]]
    assert outputs[0].max() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(9, 9), (3, 9, 4), (9, 3, 4), (9, 9, 4, 1)])
def test_observations_that_do_not_fit_are_refused(shape):
    with pytest.raises(ConfigError, match="height and width above 3"):
        GridActorCritic(shape, 3)


def test_no_actions_are_refused():
    with pytest.raises(ConfigError, match="num_actions=0"):
        GridActorCritic(SHAPE, 0)
