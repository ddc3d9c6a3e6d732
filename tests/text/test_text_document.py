"""What docs/text_agents.md shows runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from prosocial.runs import cli

DOCUMENT = (Path(__file__).parents[2] / "docs" / "text_agents.md").read_text(encoding="utf-8")


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"```(?:{language})\n(.*?)```", DOCUMENT, re.DOTALL))


def test_the_python_example() -> None:
    shown: dict[str, object] = {}
    exec(blocks("python"), shown)
    game = shown["game"]
    assert [row["obtained"] for row in game.rows[:5]] == [10, 10, 10, 10, 5]  # type: ignore[attr-defined]


def test_the_scripted_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [c for c in blocks("bash|text").splitlines() if c.startswith("prosocial")]
    scripted = [c for c in commands if "http" not in c]
    assert (len(commands), len(scripted)) == (3, 1)
    for command in scripted:
        assert cli.main(shlex.split(command)[1:]) == 0
    assert (tmp_path / "outputs/text/fishery/seed-0.jsonl").exists()
