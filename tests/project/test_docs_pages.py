"""What the pages of the site show runs: their code and commands, typed in their order."""

import ast
import shlex
from pathlib import Path

import pytest
from documents import DOCS, REPOSITORY, Block, blocks, pages, run, shown_commands
from prosocial_docs.commands import help_of

from prosocial.runs import cli

PAGES = [page for page in pages() if page != REPOSITORY / "README.md"]
BLOCKS = [block for page in PAGES for block in blocks(page)]
OWN_WORLD = DOCS / "how_to" / "own_world.md"


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a folder for the reader of each page."""
    return tmp_path_factory.mktemp("readers")


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_what_the_page_shows_runs(block: Block, readers: Path) -> None:
    folder = readers / block.page.replace("/", "-")
    folder.mkdir(exist_ok=True)
    run(block, folder)


def test_a_block_that_fails_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such thing"):
        run(Block("page.md", 0, "python", "raise SystemExit('no such thing')"), tmp_path)
    with pytest.raises(AssertionError, match="unknown-option"):
        run(
            Block("page.md", 1, "bash", "prosocial() { false; }\nprosocial unknown-option"),
            tmp_path,
        )


def test_a_block_can_be_a_file_for_the_next(tmp_path: Path) -> None:
    run(Block("page.md", 0, "python", "# first.py\nvalue = 3\n"), tmp_path)
    run(Block("page.md", 1, "python", "import first\nassert first.value == 3\n"), tmp_path)


@pytest.mark.parametrize("page", [page for page in PAGES if shown_commands(page)], ids=str)
def test_commands_that_are_only_shown_exist(page: Path) -> None:
    for line in shown_commands(page):
        words = shlex.split(line, comments=True)[1:]
        assert words[0] in cli.COMMANDS, line
        if words[0] == "train":  # its words are Hydra's
            continue
        told = help_of(*words[: 2 if words[0] == "reproduce" else 1])
        unknown = [w for w in words if w.startswith("--") and w.partition("=")[0] not in told]
        assert not unknown, line


def test_python_that_is_shown_is_python() -> None:
    shown = [block for block in BLOCKS if block.language == "python"]
    assert len(shown) > 20
    for block in shown:
        ast.parse(block.text, str(block))


def test_the_small_world_has_at_most_60_lines_of_code() -> None:
    world = blocks(OWN_WORLD)[0].text
    assert world.startswith("# berries.py\n")
    tree = ast.parse(world)
    described = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef))]
    texts = sum(len((ast.get_docstring(n) or "").splitlines()) for n in described)
    lines = [line for line in world.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) - texts <= 60
    assert max(map(len, lines)) <= 100
