"""The kept tables of an experiment: enough for the same page, and nothing of one machine."""

import json

import pytest

from prosocial.analysis.value_internalization.archive import copy_tables
from prosocial.analysis.value_internalization.records import read_experiment
from prosocial.analysis.value_internalization.report import write_report
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures


def test_the_copy_gives_the_same_frames_and_page(experiment_folder, tmp_path):
    target = tmp_path / "tables"
    copied = copy_tables(experiment_folder, target)
    assert copied
    ours, theirs = read_experiment(target), read_experiment(experiment_folder)
    for name in ("metrics", "evaluations", "fits", "curves", "audits", "levels", "plans"):
        assert getattr(ours, name).equals(getattr(theirs, name)), name
    assert ours.missing == theirs.missing
    assert ours.software == theirs.software
    page = write_report(target, tmp_path / "copied").page.read_text()
    assert page == write_report(experiment_folder, tmp_path / "original").page.read_text()
    copy_tables(experiment_folder, target)  # once more is allowed


def test_the_copy_has_tables_only_and_no_folder_of_this_machine(experiment_folder, tmp_path):
    run = (
        experiment_folder
        / json.loads((experiment_folder / "experiment.json").read_text())["runs"][0]["name"]
    )
    (run / "config.yaml").write_text(f"parent: {experiment_folder}\n")
    copy_tables(experiment_folder, tmp_path / "tables")
    files = [path for path in (tmp_path / "tables").rglob("*") if path.is_file()]
    kinds = {path.suffix if path.suffix == ".parquet" else path.name for path in files}
    assert kinds <= {".parquet", "experiment.json", "status.json", "provenance.json"}
    texts = [path.read_text() for path in files if path.suffix == ".json"]
    assert not any(str(tmp_path.parent) in text for text in texts)


def test_a_folder_is_not_copied_onto_itself(experiment_folder):
    with pytest.raises(ConfigError, match="onto themselves"):
        copy_tables(experiment_folder, experiment_folder)


def test_the_command_refuses_tables_of_plain_runs(tmp_path):
    with pytest.raises(ConfigError, match="--tables copies those of an experiment"):
        figures.main([str(tmp_path), "--tables", str(tmp_path / "tables")])
