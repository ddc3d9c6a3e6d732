"""Analysis of finished runs: statistics, persistence, generalization, figures and reports.

Everything here reads tables (Parquet files and polars frames) and nothing else: no world is
stepped and no network is evaluated, so figures can be redrawn on a machine without ray or torch.
The one exception is `replay`, which plays recorded episodes again, likewise without either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .replay_page import replay

__all__ = ["replay"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: the rest of the package needs no worlds.
    if name == "replay":
        from .replay_page import replay

        return replay
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
