"""What stands in the repository: no path of one machine, links into the package, one version."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import prosocial

REPOSITORY = Path(__file__).parents[2]
MACHINE_PATH = re.compile(rb"(?<![\w.~$}/-])/(?:work|root|home/\w+)\b")


def tracked_files() -> list[Path]:
    """The files that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True).stdout
    paths = [REPOSITORY / name.decode() for name in listed.split(b"\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def test_no_file_names_a_path_of_one_machine() -> None:
    files = tracked_files()
    assert REPOSITORY / "pyproject.toml" in files
    found = {
        f"{path.relative_to(REPOSITORY)}: {match[0].decode()}"
        for path in files
        if path != Path(__file__)
        for match in MACHINE_PATH.finditer(path.read_bytes())
    }
    assert not found


@pytest.mark.parametrize("text", [b"see /work/main", b"'/root/x'", b"cd /work", b"/home/someone/x"])
def test_a_path_of_one_machine_is_seen(text: bytes) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize(
    "text", [b"https://a.b/work/x", b"docs/work/x", b"/workers", b"~/root", b"and/root"]
)
def test_other_words_are_no_path(text: bytes) -> None:
    assert not MACHINE_PATH.search(text)


@pytest.mark.parametrize("name", ["envs", "agents", "conf", "runs"])
def test_the_links_at_the_top_point_into_the_package(name: str) -> None:
    link = REPOSITORY / name
    assert link.is_symlink()
    assert link.resolve() == REPOSITORY / "prosocial" / name
    assert link.is_dir()


def test_there_is_one_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    assert version("prosocial") == prosocial.__version__


@pytest.mark.parametrize(
    "line", ["import envs", "from agents.policies import network", "import runs.cli", "import conf"]
)
def test_lint_forbids_imports_through_the_links(line: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "prosocial/x.py", "-"]
    found = subprocess.run(
        command, cwd=REPOSITORY, input=line, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "TID251" in found.stdout
