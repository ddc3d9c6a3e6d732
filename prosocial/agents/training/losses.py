"""The loss of proximal policy optimisation, in plain torch."""

from __future__ import annotations

import torch
from torch import Tensor

STATISTICS = ("loss_policy", "loss_value", "entropy", "kl", "clip_fraction")


def ppo_loss(
    logits: Tensor,
    values: Tensor,
    *,
    actions: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    value_targets: Tensor,
    clip_range: float,
    value_coef: float,
    entropy_coef: float,
) -> tuple[Tensor, Tensor]:
    """Returns the loss to minimise and its statistics.

    Clipped surrogate objective (Schulman et al. 2017, equations 7 and 9) with an unclipped value
    loss, as Stable-Baselines3 computes it by default.

    Args:
        logits: Of the present policy, float32 (n, num_actions).
        values: Of the present critic, float32 (n,).
        actions: Taken, int64 (n,).
        old_log_probs: Of these actions when they were taken, float32 (n,).
        advantages: float32 (n,).
        value_targets: float32 (n,).
        clip_range: Largest useful change of the probability ratio, > 0.
        value_coef: Weight of the squared value error.
        entropy_coef: Weight of the entropy bonus.

    Returns:
        The scalar loss, and ``STATISTICS`` without gradient, float32 (5,). ``kl`` is the estimator
        mean(ratio - 1 - log ratio) of the divergence from the old policy.
    """
    log_probs = torch.log_softmax(logits, -1)
    log_ratio = log_probs.gather(-1, actions[:, None])[:, 0] - old_log_probs
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean()
    value_loss = (values - value_targets).square().mean()
    loss = policy_loss + value_coef * value_loss
    if entropy_coef:
        loss = loss - entropy_coef * _entropy(log_probs)
    with torch.no_grad():
        kl = (ratio - 1 - log_ratio).mean()
        clip_fraction = ((ratio - 1).abs() > clip_range).float().mean()
        statistics = torch.stack([policy_loss, value_loss, _entropy(log_probs), kl, clip_fraction])
    return loss, statistics


def normalized(advantages: Tensor) -> Tensor:
    """Returns advantages with mean 0 and standard deviation 1; a single one is left as it is."""
    if advantages.numel() < 2:
        return advantages
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)


def _entropy(log_probs: Tensor) -> Tensor:
    return -(log_probs.exp() * log_probs).sum(-1).mean()
