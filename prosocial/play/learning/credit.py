"""Which steps a person's feedback is about."""

from __future__ import annotations

import numpy as np


def spread(rewards: np.ndarray, steps: np.ndarray, over: int) -> np.ndarray:
    """Spreads the feedback of each step evenly over it and the steps before it.

    A person's feedback comes late: it is about what happened over the last moments, and TAMER
    (Knox & Stone 2009) gives credit to recent steps by a density of the person's delay. Here, as if
    that were uniform, each feedback is divided among the last ``over`` steps of its episode, or
    among all of them at the beginning, so that none of it is lost or made.

    Args:
        rewards: R_s as given at consecutive steps of one world, float32 (n, N).
        steps: Number of each step in its episode, from 1, integers (n,). The first row may lie in
            the middle of an episode; what belongs to steps before it is left out.
        over: Steps to spread over, >= 1.

    Returns:
        float32 (n, N).
    """
    if over == 1:
        return rewards.copy()
    total = np.zeros_like(rewards)
    shares = rewards / np.minimum(steps, over)[:, None].astype(np.float32)
    for back in range(over):
        reached = np.flatnonzero(steps > back)  # those whose episode had begun so early
        reached = reached[reached >= back]
        total[reached - back] += shares[reached]
    return total
