"""How the ISR's prediction becomes reward when the caregiver is absent.

``U = R_e + P·R_s + (1 − P)·R_i`` defines the internal reward ``R_i`` as what the internal channel
adds to the environmental reward. The released code of Rong & Kleiman-Weiner (2024) has three rules
for the utility at ``P = 0``, two of which put the prediction ``r̂`` in the place of ``R_e``;
``R_i`` is then ``r̂ − R_e``, and the formula holds for all. A fourth rule, "gated", is ours: it adds
what is as large as social rewards are and nothing else, praise or blame. Where most steps are
neither, an additive learner lives on the small errors of its ISR: thousands of steps of +0.1.

=========== ============ =================================== ===================================
rule        figures      U at P = 0                          R_i = U − R_e
=========== ============ =================================== ===================================
additive    1b, 4a, 4b   R_e + r̂                             r̂
threshold   5, 6         r̂ if r̂ / scale > 0.5, else R_e      r̂ − R_e if accepted, else 0
only        7            r̂                                   r̂ − R_e
gated       (ours)       R_e + r̂ if |r̂| / scale > 0.5,       r̂ if accepted, else 0
                         else R_e
=========== ============ =================================== ===================================
"""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.errors import ConfigError

from .config import Rule


def combine(
    rule: Rule,
    env_rewards: np.ndarray,
    predictions: np.ndarray,
    *,
    scale: float = 0.4,
    threshold: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Utility and internal reward of transitions without a caregiver.

    Args:
        rule: "additive", "gated", "threshold" or "only", see above.
        env_rewards: R_e, float (...).
        predictions: r̂, float (...).
        scale: Social reward of one approved step, > 0.
        threshold: The threshold rule accepts ``predictions / scale > threshold``, the gated one
            ``|predictions| / scale > threshold``.

    Returns:
        ``(U, R_i)``, both float32 (...), with ``U = R_e + R_i`` but for rounding.

    Raises:
        ConfigError: The rule is unknown, the scale is not positive, or the shapes differ.
    """
    env_rewards = np.asarray(env_rewards, np.float32)
    predictions = np.asarray(predictions, np.float32)
    if env_rewards.shape != predictions.shape:
        raise ConfigError(
            f"Environmental rewards {env_rewards.shape} and predictions {predictions.shape} differ "
            "in shape; expected one prediction per reward."
        )
    if not scale > 0:
        raise ConfigError(f"scale is {scale!r}; expected a number > 0.")
    if rule == "additive":
        return env_rewards + predictions, predictions.copy()
    if rule == "gated":
        accepted = np.abs(predictions) > np.float32(threshold * scale)
        internal = np.where(accepted, predictions, np.float32(0))
        return env_rewards + internal, internal
    if rule == "only":
        return predictions.copy(), predictions - env_rewards
    if rule == "threshold":
        accepted = predictions > np.float32(threshold * scale)
        utility = np.where(accepted, predictions, env_rewards)
        return utility, np.where(accepted, predictions - env_rewards, np.float32(0))
    raise ConfigError(f"The rule is {rule!r}; expected additive, gated, threshold or only.")
