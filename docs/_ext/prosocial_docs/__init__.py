"""Builds those pages of the site that are made from the code, and resolves its links.

A Sphinx extension. Before the pages are read, `worlds` writes one page a world with an animation,
`reference` one page a package and `commands` the help of every command; nothing of this is
committed. While they are read, `links` turns links that lead out of ``docs/`` (so that they work in
the repository, too) into links within the site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from . import commands, docstrings, links, reference, worlds


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects this extension to Sphinx."""
    app.connect("builder-inited", _write_pages)
    app.connect("source-read", _read_page)
    app.connect("autodoc-process-docstring", docstrings.translate, priority=400)
    app.connect("autodoc-process-docstring", docstrings.restore, priority=600)
    app.connect("autodoc-process-signature", docstrings.plain_signature)
    app.connect("missing-reference", links.resolve_name)
    app.connect("env-updated", _forget_sourceless)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write_pages(app: Sphinx) -> None:
    docs = Path(app.srcdir)
    worlds.write_pages(docs)
    reference.write_pages(docs)
    commands.write_page(docs)


def _read_page(app: Sphinx, page: str, content: list[str]) -> None:
    path = Path(app.env.doc2path(page))
    if path.suffix == ".md":
        content[0] = links.rewrite(content[0], path.parent, Path(app.srcdir))


def _forget_sourceless(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keeps modules without source (builtins) out of viewcode's list, where they lead nowhere."""
    modules: dict[str, Any] = getattr(env, "_viewcode_modules", {})
    for name in [name for name, found in modules.items() if not found]:
        del modules[name]
    return []  # no page is to be read again
