"""Keeping a mind beside a batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prosocial.envs.engine import Batch, ConfigError

from .mind import Mind
from .planning.compiling import compiled


def follow(
    mind: Mind, batch: Batch, actions: np.ndarray, record: Callable[[], object] | None = None
) -> None:
    """Lets a mind see the step that a batch has just made; call it after every ``batch.step``.

    Worlds whose episode ended begin the next one with the prior. Before the first step, call
    ``mind.reset(batch.state)``.

    Args:
        mind: The mind.
        batch: The worlds; it must track their states.
        actions: What was given to ``batch.step``, (B, N).
        record: Called when the mind has seen the step, before it forgets ended episodes.

    Raises:
        ConfigError: The batch does not track states.
        ResetNeededError: The mind was not reset yet.
    """
    if batch.before is None:
        raise ConfigError(
            "The batch keeps no records from before a step; make it with track_states=True."
        )
    ended = batch.done.any()
    mind.observe(batch.before, actions, _after(batch) if ended else batch.state)
    if record is not None:
        record()
    if ended:
        mind.reset(batch.state, batch.done)


def _after(batch: Batch) -> np.ndarray:
    """Returns what ``batch.after`` returns, or the same records where every episode ended."""
    if batch.done.all():
        return batch.final_states
    out = np.empty_like(batch.state)
    size = (len(out), out.dtype.itemsize)
    states = (records.view(np.uint8).reshape(size) for records in (batch.final_states, batch.state))
    _choose(batch.done, *states, out.view(np.uint8).reshape(size))
    return out


@compiled
def _choose(which, these, others, out):
    """Copies the rows of ``these`` where a mark is set, and those of ``others`` elsewhere."""
    for row in range(which.shape[0]):
        if which[row]:
            out[row] = these[row]
        else:
            out[row] = others[row]
