"""What docs/minds.md shows runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from prosocial.agents.mind.hypotheses import registry

DOCUMENT = (Path(__file__).parents[2] / "docs" / "minds.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_first_example() -> None:
    shown: dict[str, Any] = {}
    exec(BLOCKS[0], shown)
    told = shown["mind"].explain()
    assert (told == "restrained").mean() > 0.5


def test_a_world_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {name: dict(known) for name, known in registry._entries.items()}
    monkeypatch.setattr(registry, "_entries", entries)
    shown: dict[str, Any] = {}
    exec(BLOCKS[1], shown)
    told = shown["mind"].explain()
    assert (told[:, :, :4] == "a share of half").all()
    assert (told[:, :, 4] == "half").all()


def test_all_examples_are_tested() -> None:
    assert len(BLOCKS) == 2
