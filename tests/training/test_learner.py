from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch

from prosocial.agents.policies import GridActorCritic
from prosocial.agents.training.config import PPOConfig, TrainConfig
from prosocial.agents.training.learner import RolloutPPOLearner
from prosocial.agents.training.losses import normalized, ppo_loss
from prosocial.agents.training.rllib_config import LEARNER, algorithm_config, module_spec
from prosocial.agents.training.world_setup import derived_seed
from prosocial.envs.engine import build

COUNT = 160
WORLD = build("caregiver_grid")


def make_config(**ppo) -> TrainConfig:
    options = {"minibatch_size": 64, "num_worlds": 2, "rollout_steps": 160, "learning_rate": 1e-3}
    return TrainConfig(seed=4, ppo=PPOConfig(**{**options, **ppo}))


def make_learner(config: TrainConfig, kind: Any = RolloutPPOLearner) -> Any:
    learner = kind(config=algorithm_config(config, WORLD), module_spec=module_spec(config, WORLD))
    learner.build()
    return learner


@pytest.fixture
def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        Columns.OBS: rng.integers(0, 11, (COUNT, 9, 9, 4), dtype=np.uint8),
        Columns.ACTIONS: rng.integers(0, 3, COUNT),
        Columns.ACTION_LOGP: np.full(COUNT, np.log(1 / 3), np.float32),
        Postprocessing.ADVANTAGES: rng.normal(size=COUNT).astype(np.float32),
        Postprocessing.VALUE_TARGETS: rng.normal(size=COUNT).astype(np.float32),
    }


def update(learner, columns, seed=9, epochs=2):
    batch = MultiAgentBatch({LEARNER: SampleBatch(dict(columns))}, env_steps=COUNT)
    learner.update(batch=batch, num_epochs=epochs, minibatch_size=64, shuffle_seed=seed)


def weights(learner) -> list[np.ndarray]:
    return list(learner.module[LEARNER].get_state().values())


def equal(a, b) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def plain_update(policy, optimizer, columns, seed=9, epochs=2) -> list[list[float]]:
    """The same update without RLlib."""
    observations, actions, log_probs, advantages, targets = map(torch.from_numpy, columns.values())
    generator = torch.Generator().manual_seed(seed)
    statistics = []
    for _ in range(epochs):
        for index in torch.randperm(COUNT, generator=generator).split(64):
            loss, figures = ppo_loss(
                *policy(observations[index]),
                actions=actions[index],
                old_log_probs=log_probs[index],
                advantages=normalized(advantages[index]),
                value_targets=targets[index],
                clip_range=0.2,
                value_coef=0.5,
                entropy_coef=0.0,
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
            optimizer.step()
            statistics.append(figures.tolist())
    return statistics


def test_an_update_equals_the_plain_torch_loop_bit_for_bit(columns):
    learner = make_learner(make_config())
    policy = GridActorCritic((9, 9, 4), 3, seed=derived_seed(4, 1))
    assert equal(weights(learner), [p.detach().numpy() for p in policy.parameters()])
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-3, eps=1e-5, fused=True)
    update(learner, columns)
    statistics = plain_update(policy, optimizer, columns)
    assert equal(weights(learner), [p.detach().numpy() for p in policy.parameters()])
    means = np.mean(statistics, axis=0)
    np.testing.assert_allclose(list(learner.statistics[LEARNER].values()), means, rtol=1e-4)


def test_the_seed_of_the_order_and_nothing_global_decides(columns):
    learners = [make_learner(make_config()) for _ in range(3)]
    for learner, seed, noise in zip(learners, (9, 9, 10), (0, 1, 0), strict=True):
        torch.manual_seed(noise)
        np.random.seed(noise)  # noqa: NPY002  (to show that it does not matter)
        update(learner, columns, seed)
    assert equal(weights(learners[0]), weights(learners[1]))
    assert not equal(weights(learners[0]), weights(learners[2]))


def test_the_loss_is_that_of_rllibs_own_ppo(columns):
    config = make_config(normalize_advantages="batch", entropy_coef=0.03)
    ours, stock = make_learner(config), make_learner(config, PPOTorchLearner)
    logits, _ = ours.module[LEARNER].net(torch.from_numpy(columns[Columns.OBS]))
    columns = {
        **columns,
        Columns.ACTION_DIST_INPUTS: logits.detach().numpy() + 0.3,
        Columns.ACTION_LOGP: columns[Columns.ACTION_LOGP]
        + np.linspace(-0.5, 0.5, COUNT, dtype="f"),
    }
    batch = {name: torch.from_numpy(values) for name, values in columns.items()}
    losses = [
        learner.compute_loss_for_module(
            module_id=LEARNER,
            config=learner.config,
            batch=batch,
            fwd_out=learner.module[LEARNER].forward_train(batch),
        )
        for learner in (ours, stock)
    ]
    torch.testing.assert_close(losses[0], losses[1])


def test_advantages_are_normalized_as_asked(columns):
    columns[Postprocessing.ADVANTAGES] += 5
    first, second = (
        make_learner(make_config(normalize_advantages=how)) for how in ("minibatch", "batch")
    )
    update(first, columns)
    update(second, columns)
    assert first.statistics[LEARNER]["loss_policy"] > -1
    assert second.statistics[LEARNER]["loss_policy"] < -3


def test_every_sample_is_used_once_an_epoch(columns):
    learner = make_learner(make_config())
    seen = []
    original = learner.compute_loss_for_module

    def spy(**arguments):
        seen.append(arguments["batch"][Postprocessing.VALUE_TARGETS])
        return original(**arguments)

    learner.compute_loss_for_module = spy
    update(learner, columns, epochs=3)
    assert [len(part) for part in seen] == [64, 64, 32] * 3
    targets = np.sort(columns[Postprocessing.VALUE_TARGETS])
    for epoch in range(3):
        used = torch.cat(seen[3 * epoch : 3 * epoch + 3]).numpy()
        assert np.array_equal(np.sort(used), targets)
    assert not torch.equal(seen[0], seen[3])


def test_gradients_are_clipped_by_their_global_norm(columns):
    columns[Postprocessing.VALUE_TARGETS] *= 1000
    learner = make_learner(make_config())
    norms = []
    original = learner.apply_gradients

    def spy(gradients):
        norms.append(torch.nn.utils.get_total_norm(gradients.values()).item())
        original(gradients)

    learner.apply_gradients = spy
    update(learner, columns)
    assert norms == pytest.approx([0.5] * len(norms), rel=1e-3)
