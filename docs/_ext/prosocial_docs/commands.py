"""The page of the commands: what each prints with ``--help``."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from unittest import mock

from prosocial.runs import cli

from .files import write_if_changed

_HEAD = """\
# Commands

What each command prints when it is asked for help. `prosocial train` takes its keys from Hydra's
configuration: `prosocial train --cfg job` prints all of them.
"""
# Hydra's help is long: its list of every key is what `--cfg job` prints.
_LONG = {"train": "== Keys (key=value) =="}


def write_page(docs: Path) -> None:
    """Writes ``docs/commands.md``."""
    parts = [_HEAD]
    for name in cli.COMMANDS:
        text = help_of(name).partition(_LONG.get(name, "\0"))[0]
        parts.append(f"## prosocial {name}\n\n```text\n{text.strip()}\n```\n")
    write_if_changed(docs / "commands.md", "\n".join(parts))


def help_of(*command: str) -> str:
    """Returns what ``prosocial COMMAND --help`` prints on a terminal of 100 columns.

    Args:
        *command: Its words, such as "reproduce", "imagined-we".
    """
    printed = io.StringIO()
    with (
        mock.patch.dict(os.environ, COLUMNS="100"),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        cli.main([*command, "--help"])
    return printed.getvalue()
