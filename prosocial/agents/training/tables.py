"""Tables of a run as parquet files that are rewritten in one step."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.agents.training.checkpoint import CheckpointError
from prosocial.envs.engine.files import write_atomically

TABLES = ("metrics", "episodes", "evaluations")


class Table:
    """A parquet file that grows by rows.

    Columns may be added by later rows; earlier rows are then null in them.
    """

    def __init__(self, path: Path):
        """Attaches to the file at `path`, which need not exist; `cut` reads it."""
        self.path = path
        self._frame = pl.DataFrame()
        self._pending: list[pl.DataFrame] = []

    def append(self, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
        """Adds rows (a list of mappings, or columns by name) in memory."""
        if len(rows):
            self._pending.append(_frame(rows))

    def flush(self) -> int:
        """Writes everything to the disk in one step; returns the number of rows.

        Raises:
            DiskFullError: The disk is full; the file keeps its old content.
        """
        if self._pending:
            frame = pl.concat([self._frame, *self._pending], how="diagonal_relaxed")
            buffer = io.BytesIO()
            frame.write_parquet(buffer)
            write_atomically(self.path, buffer.getvalue())
            self._frame, self._pending = frame, []
        return self._frame.height

    def check(self, rows: int) -> None:
        """Raises CheckpointError unless the file can be read and holds at least `rows` rows."""
        if rows and (held := read_parquet(self.path).height) < rows:
            raise CheckpointError(
                f"Table {self.path} holds {held} rows, the checkpoint counts on {rows}."
            )

    def cut(self, rows: int) -> None:
        """Goes back to the first `rows` rows of the file."""
        self._pending = []
        if rows == 0:
            self.path.unlink(missing_ok=True)
            self._frame = pl.DataFrame()
            return
        full = read_parquet(self.path)
        self._frame = full.head(rows)
        if full.height > rows:
            buffer = io.BytesIO()
            self._frame.write_parquet(buffer)
            write_atomically(self.path, buffer.getvalue())


def read_parquet(path: Path) -> pl.DataFrame:
    """Returns the table at `path`.

    Raises:
        CheckpointError: It is missing or damaged.
    """
    try:
        return pl.read_parquet(io.BytesIO(path.read_bytes()))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CheckpointError(f"Table {path} cannot be read: {error}.") from error


def _frame(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> pl.DataFrame:
    if isinstance(rows, Mapping):
        return pl.DataFrame(dict(rows))
    return pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)
