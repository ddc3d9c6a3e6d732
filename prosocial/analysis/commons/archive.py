"""The frames of an experiment without its runs, small enough to be kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prosocial.analysis.commons.manifest import write_manifest
from prosocial.analysis.commons.records import CURVES, TRANSFER, read_experiment
from prosocial.analysis.experiments.kept import portable, require_other_folder, write_frames


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
    require_other_folder(source, target)
    written = write_frames(target, {CURVES: experiment.curves, TRANSFER: experiment.transfer})
    write_manifest(
        target,
        portable(experiment.manifest),
        kept={"missing": experiment.missing, "software": experiment.software},
    )
    return written
