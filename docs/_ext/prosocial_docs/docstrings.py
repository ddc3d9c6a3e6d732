"""Docstrings as Sphinx reads them: what they hold beside reStructuredText is translated.

They are written for readers of the code, in Google's style: formulas with bars and stars, tables
as in Markdown, and ``Returns:`` sections in prose, whose first colon separates no type.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from sphinx.application import Sphinx

_CODE = re.compile(r"(``.+?``|`[^`]+`)")
_ATTRIBUTES = ("attribute", "data", "property")
_HIDDEN = "\N{ZERO WIDTH JOINER}"
_GLUED = re.compile(r"(``[^`]+``)(\w?)")
_STAR = re.compile(r"(?<![\w*])\*(?=\w)")
_NO_CODE = re.compile(r" ?= ?<[^<>]*>")
_COLUMNS = re.compile(r"\S {3,}\S")
_RULE = re.compile(r"^\s*\|[\s|:-]+\|\s*$")


def translate(
    app: Sphinx, what: str, name: str, documented: Any, options: Any, lines: list[str]
) -> None:
    """Translates the lines of a docstring in place, before napoleon reads its sections."""
    lines[:] = _signs(_tables(_columns(_returns(lines))))
    if what in _ATTRIBUTES:  # napoleon would take the first line for "type: text"
        lines[:1] = [line.replace(":", _HIDDEN) for line in lines[:1]]


def plain_signature(
    app: Sphinx,
    what: str,
    name: str,
    documented: Any,
    options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Returns a signature without defaults that are no code, such as ``<factory>``.

    Protocols and enumerations have none: nobody calls them.
    """
    if getattr(documented, "_is_protocol", False) or (
        isinstance(documented, type) and issubclass(documented, Enum)
    ):
        return "", None
    return signature and _NO_CODE.sub("=...", signature), returned


def restore(
    app: Sphinx, what: str, name: str, documented: Any, options: Any, lines: list[str]
) -> None:
    """Gives attributes their colons back, after napoleon."""
    lines[:] = [line.replace(_HIDDEN, ":") for line in lines]


def _returns(lines: list[str]) -> list[str]:
    """Makes the sections Returns and Yields fields of reStructuredText."""
    found: list[str] = []
    section = ""
    for line in lines:
        if line.strip() in ("Returns:", "Yields:"):
            section = line.strip()[:-1].lower()
        elif section and line.startswith("    ") and line.strip():
            found.append(f":{section}: {line.strip()}")
            section = ""
        else:
            found.append(line)
    return found


def _columns(lines: list[str]) -> list[str]:
    """Makes indented blocks with columns literal: a list of fields or files, each with a remark."""
    found = list(lines)
    for number, line in enumerate(lines[:-2]):
        ends = (
            line.endswith(":") and not line.endswith("::") and " " in line and not lines[number + 1]
        )
        block = lines[number + 2 :]
        length = next((k for k, row in enumerate(block) if row and row[0] != " "), len(block))
        if ends and length and any(_COLUMNS.search(row) for row in block[:length]):
            found[number] = f"{line}:"
    return found


def _tables(lines: list[str]) -> list[str]:
    """Makes tables of reStructuredText out of those of Markdown."""
    found: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        row = line.lstrip().startswith("|") and line.rstrip().endswith("|")
        if not row:
            if inside:
                found.append("")
            found.append(line)
            inside = False
            continue
        if _RULE.match(line):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if not inside:
            head = [":header-rows: 1"] if _RULE.match((*lines, "")[number + 1]) else []
            found += ["", f"{indent}.. list-table::", *(f"{indent}   {h}" for h in head), ""]
            inside = True
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")]
        found += [f"{indent}   {'  - ' if k else '* - '}{c}" for k, c in enumerate(cells)]
    return found


def _signs(lines: list[str]) -> list[str]:
    """Escapes bars, and stars without a counterpart, outside of code, and letters after code."""
    found = []
    for line in lines:
        parts = _CODE.split(line)
        alone = sum(part.count("*") for part in parts[::2]) == 1
        for k in range(0, len(parts), 2):
            parts[k] = parts[k].replace("|", r"\|")
            if alone:
                parts[k] = _STAR.sub(r"\\*", parts[k])
        found.append(_GLUED.sub(_apart, "".join(parts)))
    return found


def _apart(match: re.Match[str]) -> str:
    """Returns code and the letter that follows, as in ``Batch``es, with a mark between them."""
    return f"{match[1]}\\ {match[2]}" if match[2] else match[1]
