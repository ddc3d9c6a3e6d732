"""Compilation of planners, kept on disk where numba finds a folder that can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function that calls compiled functions of its own file alone.

    numba's disk cache does not see changes in imported files; see ``envs.engine.kernel``.
    """
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder to keep it in: compiled anew in each process
        return njit(nogil=True)(function)
