"""Updates of posteriors from likelihoods that the caller has computed."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError

from . import kernels
from .checks import checked_share
from .likelihoods import from_logs


def update_posterior(
    posterior: np.ndarray,
    log_likelihoods: np.ndarray,
    *,
    prior: np.ndarray | None = None,
    switch: float = 0.0,
    visible: np.ndarray | None = None,
    log_space: bool = False,
) -> np.ndarray:
    """Multiplies posteriors by likelihoods and normalises them, in place.

    A target may first have switched: it keeps its hypothesis with probability 1 - switch and draws
    a new one from the prior otherwise (Baker, Saxe & Tenenbaum 2009, model M2). Impossible
    evidence, likelihood 0 wherever the posterior is not, leaves a posterior as it was.

    Args:
        posterior: (B, O, T, H): float32 probabilities, which sum to one; in log space natural
            logarithms, float64. C-contiguous, changed in place.
        log_likelihoods: Of what each target did, (B, T, H); -inf for 0.
        prior: Probabilities (B, T, H); needed if targets switch.
        switch: Probability of a switch, in [0, 1).
        visible: bool (B, O, T): who saw it; None: everyone.
        log_space: Whether to keep odds beyond 1e18 to one, for long products.

    Returns:
        Where the evidence was impossible: bool (B, O, T).

    Raises:
        ConfigError: A shape or dtype is wrong, a likelihood is NaN or +inf, or targets switch
            without a prior.
    """
    switch = checked_share("switch", switch)
    dtype = np.dtype(np.float64 if log_space else np.float32)
    if posterior.ndim != 4 or posterior.dtype != dtype or not posterior.flags.c_contiguous:
        raise ConfigError(
            f"posterior has shape {posterior.shape} and dtype {posterior.dtype}; expected a "
            f"C-contiguous {dtype} array (worlds, observers, targets, hypotheses)."
        )
    num_worlds, num_observers, num_targets, num_hypotheses = posterior.shape
    logs = _shaped("log_likelihoods", log_likelihoods, (num_worlds, num_targets, num_hypotheses))
    if not (logs < np.inf).all():
        raise ConfigError("log_likelihoods holds NaN or +inf; expected finite values or -inf.")
    if switch and prior is None:
        raise ConfigError("switch is positive, so a prior is needed to switch to; give prior.")
    table = from_logs(logs.reshape(num_worlds * num_targets, 1, 1, num_hypotheses), log_space)
    likelihoods = table.logs if table.logs is not None else table.relative
    surprises = np.zeros(posterior.shape[:3], np.int64)
    rows = np.arange(num_worlds * num_targets).reshape(num_worlds, num_targets)
    seen = None if visible is None else _shaped("visible", visible, surprises.shape, np.bool_)
    drawn = _shaped("prior", prior, logs.shape, np.float32) if switch else None
    kernel = kernels.update_logs if log_space else kernels.update
    kernel(
        posterior.reshape(num_worlds, num_observers, num_targets, 1, num_hypotheses),
        likelihoods, rows, np.zeros_like(rows), None, drawn, np.float32(1 - switch), seen,
        surprises,
    )  # fmt: skip
    return surprises > 0


def _shaped(name: str, array: object, shape: tuple[int, ...], dtype: object = np.float64):
    """Returns a C-contiguous array of the dtype, or raises a ConfigError if the shape differs."""
    given = np.ascontiguousarray(array, dtype)  # pyright: ignore[reportArgumentType, reportCallIssue]
    if given.shape != shape:
        raise ConfigError(f"{name} has shape {given.shape}; expected {shape}.")
    return given
