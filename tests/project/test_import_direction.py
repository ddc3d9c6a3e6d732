"""The import contracts of pyproject.toml hold, and break if a lower floor imports a higher one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts that a test may spoil."""
    shutil.copytree(
        REPOSITORY / "prosocial",
        tmp_path / "prosocial",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_holds(copy: Path) -> None:
    found = lint_imports(copy)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("envs/engine/grid.py", "import prosocial.envs.social", "The floors of the package"),
        (
            "envs/worlds/__init__.py",
            "import prosocial.envs.social.caregivers",
            "The floors of the package",
        ),
        ("envs/social/norms.py", "import prosocial.agents.policies", "The floors of the package"),
        ("analysis/__init__.py", "import prosocial.agents.training", "The floors of the package"),
        ("envs/social/norms.py", "import torch", "The worlds need no training library"),
        ("agents/policies/__init__.py", "import ray", "Only agents.training imports ray"),
    ],
)
def test_breaks(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / "prosocial" / module).open("a") as file:
        file.write(f"\n{line}\n")
    found = lint_imports(copy)
    assert found.returncode == 1
    assert f"{contract} BROKEN" in found.stdout
