"""The tables of an experiment without the rest of its runs, small enough to be kept for good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from prosocial.analysis.experiments import is_finished
from prosocial.analysis.experiments.kept import portable, require_other_folder

from .records import read_manifest, write_manifest

TABLES = (
    "metrics.parquet",
    "evaluations.parquet",
    "fits.parquet",
    "curves.parquet",
    "audits.parquet",
    "levels.parquet",
    "plans.parquet",
)


def copy_tables(source: Path, target: Path) -> Sequence[Path]:
    """Copies all that figures, tables and verdicts are drawn from; episodes and weights stay.

    The copy is an experiment's folder too, for ``prosocial figures``. What belongs to one machine
    (folders in commands, its name) is left out; runs that are there already are replaced.

    Args:
        source: Output folder of ``prosocial reproduce``.
        target: Folder of the copy; made if missing.

    Returns:
        The copied tables.

    Raises:
        ConfigError: ``source`` holds no experiment, or is ``target``.
    """
    manifest = read_manifest(source)
    require_other_folder(source, target)
    copied = []
    for run in manifest.runs:
        if not is_finished(source / run.name):
            continue
        folder = target / run.name
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            if (source / run.name / table).is_file():
                copied.append(Path(shutil.copy(source / run.name / table, folder / table)))
        _copy_software(source / run.name, folder)
        (folder / "status.json").write_text(json.dumps({"state": "finished"}) + "\n", "utf-8")
    write_manifest(target, portable(manifest))
    return copied


def _copy_software(source: Path, target: Path) -> None:
    path = source / "provenance.json"
    if not path.is_file():
        return
    starts = json.loads(path.read_text("utf-8")).get("starts", [])
    kept = [{key: start.get(key) for key in ("version", "git_commit")} for start in starts]
    unique = [start for number, start in enumerate(kept) if start not in kept[:number]]
    (target / "provenance.json").write_text(json.dumps({"starts": unique}) + "\n", "utf-8")
