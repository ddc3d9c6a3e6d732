"""What the documents say can be done: the README's code and commands run, links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "prosocial").rglob("*.md")),
]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")

# The README's commands as they stand, but small: what each gets in addition. `make` runs the main
# job only; of its other targets the test sees that they exist.
SMALL = r"""
set -euo pipefail
small_life="phases.socialization.steps=2048 phases.autonomy.steps=2048 ppo.num_epochs=1"
quick="$PWD/outputs/value-internalization/quick"
small_paper="--figures 4a --seeds 1 --preset smoke --output $quick"
prosocial() {
  case "$1" in
    train) command prosocial "$@" $small_life ;;
    reproduce)
      case "$2" in
        commons-internalization) command prosocial "$@" --preset smoke --worlds fishery ;;
        bayesian-delegation) command prosocial "$@" --preset smoke ;;
        *) command prosocial "$@" $small_paper ;;
      esac ;;
    *) command prosocial "$@" ;;
  esac
}
make() {
  case "$1" in
    reproduce)
      command make -C "$REPOSITORY" --assume-old=.venv/.installed BIN="$BIN" \
        ARGS="$small_paper" reproduce ;;
    *) command make -C "$REPOSITORY" --dry-run "$@" > /dev/null ;;
  esac
}
"""


def blocks() -> list[tuple[str, str]]:
    """Language and text of the README's blocks that can be run, in its order."""
    return re.findall(r"^```(bash|python)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader types the README's blocks one after another."""
    return tmp_path_factory.mktemp("reader")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "text"), blocks())
def test_what_the_readme_shows_runs(language: str, text: str, reader: Path) -> None:
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "BIN": programs,
        "REPOSITORY": str(REPOSITORY),
    }
    command = ["bash", "-c", SMALL + text] if language == "bash" else [sys.executable, "-c", text]
    found = subprocess.run(
        command,
        cwd=reader,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{text}\n{found.stdout}"


def test_the_readme_begins_with_the_two_commands() -> None:
    assert blocks()[0] == ("bash", "make reproduce\nmake test\n")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing
