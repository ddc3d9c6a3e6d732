import math

import pytest
import torch

from prosocial.agents.training.losses import normalized, ppo_loss

LOGITS = torch.tensor([[0.0, 0.0], [1.0, -1.0], [0.5, 0.0]])
OPTIONS = {"clip_range": 0.2, "value_coef": 0.5, "entropy_coef": 0.0}


def loss_of(advantages, old_log_probs, actions=(0, 1, 0), **changes):
    return ppo_loss(
        changes.pop("logits", LOGITS),
        torch.tensor([1.0, 2.0, 3.0]),
        actions=torch.tensor(actions),
        old_log_probs=torch.tensor(old_log_probs),
        advantages=torch.tensor(advantages),
        value_targets=torch.tensor([1.0, 0.0, 3.5]),
        **{**OPTIONS, **changes},
    )


def test_loss_and_statistics_by_hand():
    log_probs = torch.log_softmax(LOGITS, -1)
    taken = [log_probs[0, 0], log_probs[1, 1], log_probs[2, 0]]
    ratios = [1.0, 1.5, 0.5]
    old = [float(p) - math.log(r) for p, r in zip(taken, ratios, strict=True)]
    loss, statistics = loss_of([2.0, 1.0, -3.0], old)
    policy_loss = -(2.0 * 1.0 + 1.0 * 1.2 - 3.0 * 0.8) / 3  # the clipped value where it is lower
    value_loss = (0 + 4 + 0.25) / 3
    entropy = float(-(log_probs.exp() * log_probs).sum(-1).mean())
    kl = sum(r - 1 - math.log(r) for r in ratios) / 3
    assert float(loss) == pytest.approx(policy_loss + 0.5 * value_loss, rel=1e-5)
    expected = [policy_loss, value_loss, entropy, kl, 2 / 3]
    assert statistics.tolist() == pytest.approx(expected, rel=1e-4)
    assert not statistics.requires_grad


def test_clipped_samples_give_no_gradient_and_the_others_do():
    logits = LOGITS.clone().requires_grad_()
    log_probs = torch.log_softmax(LOGITS, -1)
    old = [float(log_probs[0, 0]), float(log_probs[1, 1]) - 0.5, float(log_probs[2, 0]) + 0.5]
    loss, _ = loss_of([1.0, 1.0, -1.0], old, logits=logits, value_coef=0.0)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].abs().min() > 0.1
    assert not logits.grad[1:].any()


def test_the_entropy_bonus_is_subtracted():
    old = [-0.7, -2.0, -0.5]
    without, statistics = loss_of([1.0, 1.0, 1.0], old)
    with_bonus, _ = loss_of([1.0, 1.0, 1.0], old, entropy_coef=0.1)
    assert float(without - with_bonus) == pytest.approx(0.1 * float(statistics[2]), rel=1e-4)


def test_normalized_advantages():
    values = normalized(torch.tensor([1.0, 2.0, 6.0]))
    assert float(values.mean()) == pytest.approx(0, abs=1e-6)
    assert float(values.std()) == pytest.approx(1, rel=1e-5)
    assert normalized(torch.tensor([5.0])).tolist() == [5.0]
