"""Links of the pages: those that lead out of ``docs/``, and names in docstrings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

LINK = re.compile(r"(?<=\]\()(?!https?://|#|/|mailto:)([^)#\s]+)((?:#[^)\s]*)?)(?=\))")
# One README tells the rules of three worlds; the page of the first one stands for it.
FIRST_WORLD = {"govsim": "fishery"}
# Documents outside of docs/ that have a page of their own in the site.
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def rewrite(text: str, folder: Path, docs: Path) -> str:
    """Returns a document with its relative links made those of the site.

    Args:
        text: MyST Markdown.
        folder: Where the document stands, which its links start from.
        docs: The folder of the site's sources.
    """

    def page(match: re.Match[str]) -> str:
        target = (folder / match[1]).resolve()
        address = _address(target, docs)
        return match[0] if address is None else f"/{address}{match[2]}"

    return LINK.sub(page, text)


def _address(target: Path, docs: Path) -> str | None:
    """Returns the source of the page that stands for a file, from docs; None if there is none."""
    if target.is_relative_to(docs):
        return target.relative_to(docs).as_posix()
    if not target.is_relative_to(docs.parent):
        return None
    inside = target.relative_to(docs.parent)
    if inside.match("prosocial/envs/worlds/*/README.md"):
        name = inside.parts[-2]
        return f"worlds/{FIRST_WORLD.get(name, name)}.md"
    return PAGES.get(inside.as_posix())


def resolve_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element
) -> Element | None:
    """Links a bare name in a docstring, such as `ConfigError`, to the one object of that name.

    Also the short address of what a package offers: ``prosocial.envs.engine.Batch`` for the class
    of its module ``batch``.
    """
    target: Any = node.get("reftarget")
    if node.get("refdomain") != "py" or not target:
        return None
    objects = env.domains.python_domain.objects
    package, _, last = target.rpartition(".")
    found = [name for name in _named(app, objects).get(last, ()) if name.startswith(package)]
    if len(found) != 1:
        return None
    entry = objects[found[0]]
    return make_refnode(
        app.builder, node["refdoc"], entry.docname, entry.node_id, content, found[0]
    )


def _named(app: Sphinx, objects: Mapping[str, object]) -> dict[str, list[str]]:
    """Returns the full names of all objects by their last part; made once all are known."""
    known = getattr(app, "prosocial_names", None)
    if known is None or sum(map(len, known.values())) != len(objects):
        known = {}
        for name in objects:
            known.setdefault(name.rpartition(".")[2], []).append(name)
        app.prosocial_names = known  # type: ignore[attr-defined]
    return known
