"""The frames of an experiment without its runs, small enough to be kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prosocial.analysis.commons.manifest import write_manifest
from prosocial.analysis.commons.records import CURVES, TRANSFER, read_experiment
from prosocial.analysis.value_internalization.report import portable_command
from prosocial.envs.engine.errors import ConfigError


def copy_tables(source: Path, target: Path) -> Sequence[Path]:
    """Keeps all that figures, tables and verdicts are drawn from; episodes and weights stay.

    The copy is an experiment's folder too, for ``prosocial figures``: averages by block of training
    and by transfer test in two tables, under 1 MB for three worlds and ten seeds. What belongs to
    one machine (folders in commands) is left out; tables that are there already are replaced.

    Args:
        source: Output folder of ``prosocial reproduce commons-internalization``.
        target: Folder of the copy; made if missing.

    Returns:
        The tables written.

    Raises:
        ConfigError: ``source`` holds no such experiment, or is ``target``.
    """
    experiment = read_experiment(source)
    if source.resolve() == target.resolve():
        raise ConfigError(f"the tables of {source} cannot be copied onto themselves.")
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in ((CURVES, experiment.curves), (TRANSFER, experiment.transfer)):
        (target / name).unlink(missing_ok=True)
        if not frame.is_empty():
            frame.write_parquet(target / name, compression="zstd", compression_level=19)
            written.append(target / name)
    manifest = experiment.manifest
    write_manifest(
        target,
        replace(manifest, command=portable_command(manifest.command)),
        kept={"missing": experiment.missing, "software": experiment.software},
    )
    return written
