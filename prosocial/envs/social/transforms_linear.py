"""Rewards shared by a fixed rule: individual, common, mean, reward exchange, prosocial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import ConfigError

from .transforms_base import GroupTransform, require_number, sum_of_others, total


@dataclass
class Individual(GroupTransform):
    """Everybody learns from their own reward: r'_i = r_i, or n r_i at the scale of `Common`.

    Attributes:
        scale_parity: Multiply by the number n of active agents, so that the rewards have the scale
            of the common one (the individual mode of SocialJax, Guo et al. 2025).
    """

    scale_parity: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.scale_parity, bool):
            raise ConfigError(
                f"Individual.scale_parity is {self.scale_parity!r}; expected True or False."
            )

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        return rewards * total(active.astype(np.float64)) if self.scale_parity else rewards


@dataclass
class Common(GroupTransform):
    """Everybody learns from the reward of the whole group: r'_i = sum_j r_j (SocialJax)."""

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        return np.broadcast_to(total(rewards), rewards.shape)


@dataclass
class Mean(GroupTransform):
    """Everybody learns from the mean reward of the group: r'_i = 1/n sum_j r_j.

    The prosocial variant of Melting Pot (Agapiou et al. 2022), its per-capita team reward.
    """

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        number = np.maximum(total(active.astype(np.float64)), 1)
        return np.broadcast_to(total(rewards) / number, rewards.shape)


@dataclass
class RewardExchange(GroupTransform):
    """Everybody keeps a share s and gives the rest to the others in equal parts.

    r'_i = s r_i + (1 - s)/(n - 1) sum_{j != i} r_j with s = 1/(1 + rho (n - 1)). The sum over the
    group stays what it was; s = 1 is individual reward, s = 1/n the mean. The TRANSFER mode of
    SocialJax (Guo et al. 2025); s is the self-interest level of Willis et al. (2023). Someone who
    is alone keeps everything.

    Attributes:
        rho: Weight of each other agent relative to oneself, >= 0; 1/2 as shipped by SocialJax.
        self_interest: s itself, in [0, 1]; None to have it from `rho`.
    """

    rho: float = 0.5
    self_interest: float | None = None

    def __post_init__(self) -> None:
        require_number(self, "rho", 0)
        if self.self_interest is not None:
            require_number(self, "self_interest", 0, 1)

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        others, number = sum_of_others(rewards, active)
        share = self.self_interest
        kept = 1 / (1 + self.rho * number) if share is None else np.full_like(number, share)
        kept = np.where(total(active.astype(np.float64)) > 1, kept, 1)
        return kept * rewards + (1 - kept) / number * others


@dataclass
class Prosocial(GroupTransform):
    """Own reward and a part of everybody else's: r'_i = r_i + eta sum_{j != i} r_j.

    Attributes:
        eta: Weight of each other's reward, a finite number in [-1, 1]; 0 is individual reward, 1
            the common one, -1 spite. 0.85 is the best of the prosocial baseline of Jaques et al.
            (2019).
    """

    eta: float = 0.85

    def __post_init__(self) -> None:
        require_number(self, "eta", -1, 1)

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        return rewards + self.eta * sum_of_others(rewards, active)[0]
