"""What all experiments share: manifests that stay readable, rules and their verdicts."""

import json
from pathlib import Path

import pytest

from prosocial.analysis.experiments.verdicts import Checks, NotMeasuredError
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import reproduce

RESULTS = Path(__file__).parents[2] / "docs" / "results"
FOLDERS = sorted(RESULTS.glob("*/tables/experiment.json"))


@pytest.mark.parametrize("path", FOLDERS, ids=[path.parts[-3] for path in FOLDERS])
def test_committed_manifests_are_read_and_written_as_they_are(path, tmp_path):
    contents = json.loads(path.read_text())
    file = reproduce.analysis(contents["experiment"]).file
    manifest = file.read(path.parent)
    file.write(tmp_path, manifest, file.kept(path.parent))
    assert (tmp_path / "experiment.json").read_text() == path.read_text()
    assert file.extend(tmp_path, manifest) == manifest
    contents.pop("claims")
    (tmp_path / "experiment.json").write_text(json.dumps(contents))
    with pytest.raises(ConfigError, match="not what this version writes"):
        file.read(tmp_path)


def made_up(claims: bool):
    return type("Experiment", (), {"manifest": type("Manifest", (), {"claims": claims})})


def test_a_rule_is_held_missed_or_not_run_and_says_why():
    checks = Checks()

    @checks.add("1", "In harvest alone", "the place is harvest")
    def _(_, place):
        if place == "nowhere":
            raise NotMeasuredError("no run of it")
        return place == "harvest", f"it is {place}"

    found = checks.run_in(("harvest", "fishery", "nowhere"), made_up(claims=True))
    assert [(check.number, check.status, check.observed) for check in found] == [
        ("1 harvest", "held", "it is harvest"),
        ("1 fishery", "missed", "it is fishery"),
        ("1 nowhere", "not run", "no run of it"),
    ]
    assert checks.criteria() == [("1", "the place is harvest")]
    (unjudged,) = checks.run_in(("harvest",), made_up(claims=False))
    assert (unjudged.status, unjudged.observed) == ("not run", "the budget is too small to judge")
