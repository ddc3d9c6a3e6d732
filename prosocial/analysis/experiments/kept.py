"""The tables of an experiment without its runs, small enough to be kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from prosocial.analysis.experiments.manifest import M, portable_command
from prosocial.envs.engine.errors import ConfigError


def require_other_folder(source: Path, target: Path) -> None:
    """Refuses to copy tables onto themselves.

    Raises:
        ConfigError: Both are the same folder.
    """
    if source.resolve() == target.resolve():
        raise ConfigError(f"the tables of {source} cannot be copied onto themselves.")


def portable(manifest: M) -> M:
    """The manifest without what belongs to one machine: the folders in its commands."""
    return replace(manifest, command=portable_command(manifest.command))


def write_frames(folder: Path, frames: Mapping[str, pl.DataFrame]) -> list[Path]:
    """Writes Parquet tables; those that are there already are replaced.

    Args:
        folder: Where to; made if missing.
        frames: Tables by the name of their file; one without rows has no file.

    Returns:
        The tables written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames.items():
        (folder / name).unlink(missing_ok=True)
        if not frame.is_empty():
            frame.write_parquet(folder / name, compression="zstd", compression_level=19)
            written.append(folder / name)
    return written


def read_frame(path: Path) -> pl.DataFrame:
    """A kept table; without rows and columns if it has no file."""
    return pl.read_parquet(path) if path.is_file() else pl.DataFrame()
