"""What docs/human_caregiver.md shows is typed here, one block after another."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest
from people import be_caregiver

from prosocial.play.config import PlayConfig
from prosocial.runs import cli, play

DOCUMENT = Path(__file__).parents[2] / "docs" / "human_caregiver.md"
# What a command gets in addition, so that it is short.
SHORT = {
    "train": ["ppo=fast", "phases.autonomy.steps=2048", "evaluation.episodes=2"],
    "evaluate": [],
}


def blocks() -> list[tuple[str, str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    return re.findall(r"^```(sh|py)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def sit(arguments: list[str]) -> None:
    """Holds the session that a command of the page begins, with somebody scripted."""
    world, *options = arguments
    values = play.read_options([option for option in options if "=" in option])
    places = dict(itertools.pairwise(options))
    values |= {"world": world, "seat": places["--seat"], "pace": 50}
    be_caregiver(PlayConfig.from_mapping(values), Path(places["--output"]), 1500)


@pytest.mark.usefixtures("unsynced")
def test_what_the_page_shows_can_be_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for language, text in blocks():
        if language == "py":
            exec(compile(text, str(DOCUMENT), "exec"), {})
            continue
        for line in text.splitlines():
            program, command, *arguments = shlex.split(line)
            assert program == "prosocial"
            if command == "play":
                sit(arguments)
            else:
                assert cli.main([command, *arguments, *SHORT[command]]) == 0, line
    shown = capsys.readouterr().out
    assert "20 episodes" in shown
    assert re.search(r"Audit\(true_positives=24, false_positives=0, false_negatives=0", shown)


def test_the_options_are_real():
    text = DOCUMENT.read_text(encoding="utf-8")
    fields = set(PlayConfig.__dataclass_fields__)
    named = set(re.findall(r"`(learner\.[\w.]+)", text))
    assert len(named) >= 4
    for name in named:
        value = PlayConfig("caregiver_grid")
        for part in name.split("."):
            value = getattr(value, part)
    assert {"run", "learning", "praise", "blame", "pace"} <= fields
