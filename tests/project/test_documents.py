"""What the README says can be done, and the links of all documents."""

import re
from pathlib import Path

import pytest
from documents import REPOSITORY, Block, blocks, pages, run

README = REPOSITORY / "README.md"
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
# What the site makes from the code; the documents may lead there.
GENERATED = re.compile(r"/(worlds/(index|\w+)\.md|reference/[\w.]+\.rst|commands\.md)")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader types the README's blocks one after another."""
    return tmp_path_factory.mktemp("reader")


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks(README), ids=str)
def test_what_the_readme_shows_runs(block: Block, reader: Path) -> None:
    run(block, reader)


def test_the_readme_begins_with_the_two_commands() -> None:
    first = blocks(README)[0]
    assert (first.language, first.text) == ("bash", "make reproduce\nmake test\n")


@pytest.mark.parametrize("document", pages(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [
        link
        for link in links
        if not (document.parent / link).exists() and not GENERATED.fullmatch(link)
    ]
    assert not missing
