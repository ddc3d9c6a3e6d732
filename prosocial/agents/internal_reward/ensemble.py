"""The lower-confidence rule: what several networks disagree on is worth less.

The paper's ISR is one network, and a learner can be drawn to states where it is wrong by chance
("reward hacking", figure 6). Networks fitted independently agree where they have data and err
differently elsewhere; lowering the mean by their disagreement takes most of such errors out of the
reward (Coste et al. 2023 for reward models of language models).
"""

from __future__ import annotations

import numpy as np


def lower_confidence(predictions: np.ndarray, coefficient: float) -> np.ndarray:
    """Mean over the ensemble minus ``coefficient`` standard deviations.

    Args:
        predictions: float (members, ...), one row per network.
        coefficient: k >= 0; 0 gives the mean.

    Returns:
        float32 (...): ``mean − k · std``, std being the population's (divided by the number of
        members), so that a single network is left as it is.
    """
    predictions = np.asarray(predictions)
    mean = predictions.mean(0, dtype=np.float64)
    deviation = predictions.std(0, dtype=np.float64)
    return np.asarray(mean - coefficient * deviation, np.float32)
