"""Generated files of the site."""

from __future__ import annotations

from pathlib import Path


def write_if_changed(path: Path, text: str) -> None:
    """Writes a page unless it holds this text already, so that Sphinx need not read it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def remove_others(folder: Path, kept: set[str]) -> None:
    """Removes the generated pages of what no longer exists.

    Args:
        folder: Holds generated files alone.
        kept: Names of the files that belong there.
    """
    for path in folder.iterdir():
        if path.is_file() and path.name not in kept:
            path.unlink()
