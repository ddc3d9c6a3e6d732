"""The worlds work without the libraries of the extras, here and from a wheel in a clean place."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
STEP_WORLDS = Path(__file__).with_name("step_worlds.py")
CONSTRAINTS = REPOSITORY / "constraints.txt"

# The main environment has the gymnasium that ray pins; the clean one gets the newest release.
NEWEST_GYMNASIUM = "gymnasium==1.4.0"
CONFORMANCE = REPOSITORY / "tests" / "api"


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command; fails with everything it printed."""
    found = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{' '.join(map(str, command))}\n{found.stdout}"
    return found.stdout


def test_stepping_the_worlds_imports_no_extra(tmp_path: Path) -> None:
    assert "caregiver_grid" in run(sys.executable, STEP_WORLDS, cwd=tmp_path)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a new environment outside the checkout with the wheel and its base dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    pins = [
        line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("gymnasium==")
    ]
    (folder / "constraints.txt").write_text("\n".join([*pins, NEWEST_GYMNASIUM]))
    # Through a source distribution, so that the sources are known to be complete too.
    run(sys.executable, "-m", "build", "--outdir", folder, REPOSITORY, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True, symlinks=os.name != "nt")
    python = folder / "venv" / "bin" / "python"
    install(python, wheel)
    return python


def install(python: Path, *packages: str | Path) -> None:
    folder = python.parents[2]
    run(
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "-c",
        folder / "constraints.txt",
        *packages,
        cwd=folder,
    )


@pytest.mark.slow
class TestCleanEnvironment:
    def test_has_no_training_library(self, clean: Path) -> None:
        listed = run(clean, "-m", "pip", "list", "--format=freeze", cwd=clean.parent).lower()
        installed = {line.split("==")[0] for line in listed.splitlines()}
        assert "prosocial" in installed
        assert installed.isdisjoint({"torch", "ray", "hydra-core", "polars", "matplotlib"})

    def test_holds_every_data_file(self, clean: Path) -> None:
        (package,) = clean.parents[1].glob("lib/python*/site-packages/prosocial")
        kinds = {".md", ".yaml", ".txt", ".typed", ".py"}
        wanted = {
            p.relative_to(REPOSITORY / "prosocial") for p in (REPOSITORY / "prosocial").rglob("*")
        }
        wanted = {p for p in wanted if p.suffix in kinds}
        assert Path("py.typed") in wanted
        missing = sorted(str(p) for p in wanted if not (package / p).is_file())
        assert not missing

    def test_steps_every_world(self, clean: Path) -> None:
        printed = run(clean, "-I", STEP_WORLDS, cwd=clean.parent)
        assert str(clean.parents[1]) in printed  # the wheel was stepped, not the checkout
        assert NEWEST_GYMNASIUM.replace("==", " ") in printed

    def test_conforms_on_the_newest_gymnasium(self, clean: Path) -> None:
        install(clean, "pytest", "pytest-timeout", "hypothesis")
        options = (
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            REPOSITORY / "pyproject.toml",
            "--rootdir",
            REPOSITORY,
        )
        printed = run(clean, "-I", "-m", "pytest", *options, CONFORMANCE, cwd=clean.parent)
        assert " passed" in printed
