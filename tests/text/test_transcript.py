"""Transcripts: lossless, safe against being killed, and enough to go on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosocial.agents.text import (
    Recorder,
    ScriptedTextAgent,
    TextAgent,
    Transcript,
    TranscriptError,
    play,
)
from prosocial.envs.engine.errors import ActionError, ConfigError
from prosocial.envs.text import GovSimText, TextConfig

HEADER = {"seed": 0, "config": {"story": "fishery", "names": ("John", "Kate")}}
ODD = 'tab\t "quotes" \\ line\nline\r\u2028 ü 🐟 \ud800 end'


class Counting:
    """Answers what a scripted agent does, counts, and fails when told to."""

    def __init__(self, policy: str = "sustainable", fail_at: int | None = None) -> None:
        self.agent, self.calls, self.fail_at = ScriptedTextAgent(policy), 0, fail_at

    def act(self, text: str) -> str:
        if self.calls == self.fail_at:
            raise KeyboardInterrupt
        self.calls += 1
        return self.agent.act(text)


class Echo:
    def act(self, text: str) -> str:
        return f"<{text}>"


def run(path: Path, agent: TextAgent, **options: object) -> GovSimText:
    game = GovSimText(TextConfig.from_mapping({"max_rounds": 3, **options}))
    with Transcript(path, {"seed": 1}) as transcript:
        play(game, dict.fromkeys([*game.world.agents, "mediator"], agent), 1, transcript)
    return game


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_a_line_holds_all_that_is_known_of_an_answer(tmp_path: Path) -> None:
    run(tmp_path / "t.jsonl", ScriptedTextAgent("fixed:4"))
    header, *answers = lines(tmp_path / "t.jsonl")
    assert header == {"format": 1, "seed": 1, "provenance": {}}
    first = answers[0]
    assert first["prompt"].startswith("You are John")
    assert first["answer"].endswith("Answer: 4")
    assert first["latency"] >= 0
    assert {k: first[k] for k in ("agent", "name", "phase", "round", "day", "attempt")} == {
        "agent": "agent_0", "name": "John", "phase": "pool", "round": 0, "day": "2024-01-01",
        "attempt": 0,
    }  # fmt: skip
    assert first["read"] == {"asked": 4, "units": 4, "problem": None}
    mediator = next(a for a in answers if a["agent"] == "mediator")
    assert (mediator["phase"], mediator["read"]["limit"]) == ("restaurant", None)
    assert len(answers) == 3 * (5 + 5 + 1 + 5)


def test_an_answer_that_cannot_be_read_is_seen_in_the_transcript(tmp_path: Path) -> None:
    game = run(tmp_path / "t.jsonl", Echo(), communication=False)
    problems = [a["read"]["problem"] for a in lines(tmp_path / "t.jsonl")[1:]]
    # An echo of the prompt has its "Answer: N tons", which is no number.
    assert game.unparsed == 15
    assert len([p for p in problems if p and "the demand is 0" in p]) == 15


@pytest.mark.parametrize("kept", [0, 4, 12, 47])
def test_a_killed_run_goes_on_and_ends_as_if_it_had_not(tmp_path: Path, kept: int) -> None:
    whole = run(tmp_path / "whole.jsonl", Counting())
    path = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(path, Counting(fail_at=kept))
    with path.open("ab") as file:
        file.write(b'{"prompt": "half a li')  # what a kill in the middle of a write leaves
    agent = Counting()
    game = run(path, agent)
    assert agent.calls == 48 - kept
    assert (game.rows, game.conversations) == (whole.rows, whole.conversations)
    expected = [{**line, "latency": 0} for line in lines(tmp_path / "whole.jsonl")]
    assert [{**line, "latency": 0} for line in lines(path)] == expected


def test_a_finished_run_is_replayed_without_asking_anybody(tmp_path: Path) -> None:
    first = run(tmp_path / "t.jsonl", Counting())
    data = (tmp_path / "t.jsonl").read_bytes()
    agent = Counting(fail_at=0)
    assert run(tmp_path / "t.jsonl", agent).rows == first.rows
    assert (tmp_path / "t.jsonl").read_bytes() == data


def test_every_text_survives(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, HEADER) as transcript:
        assert Recorder(Echo(), transcript).act(ODD) == f"<{ODD}>"
    with Transcript(path, HEADER) as transcript:
        assert transcript.replay(ODD) == f"<{ODD}>"
        assert transcript.replay("next") is None


def test_an_answer_is_on_the_disk_before_the_next_question(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, HEADER) as transcript:
        agent = Recorder(Echo(), transcript, lambda answer: {"length": len(answer)})
        for number in range(3):
            agent.act(f"{number}")
            assert len(lines(path)) == number + 2
            assert lines(path)[-1]["length"] == 3


def test_another_prompt_than_the_recorded_one(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, HEADER) as transcript:
        Recorder(Echo(), transcript).act("one")
    with Transcript(path, HEADER) as transcript:
        agent = Recorder(Echo(), transcript)
        with pytest.raises(TranscriptError, match=r"Line 2 of .* another prompt.*another output"):
            agent.act("two")
        assert agent.act("one") == "<one>"  # nothing was lost by the attempt


def test_another_runs_transcript_names_the_differences(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    Transcript(path, HEADER, {"version": 1}).close()
    Transcript(path, HEADER, {"version": 2}).close()  # provenance may differ
    before = path.read_bytes()
    other = {"seed": 2, "config": {"story": "pasture", "names": ("John", "Kate")}}
    with pytest.raises(TranscriptError) as caught:
        Transcript(path, other)
    assert "seed: 0 there, 2 here; config.story: 'fishery' there, 'pasture' here" in str(
        caught.value
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", [b"garbage", b"[1]", b'{"prompt": 1, "answer": "x"}', b""])
def test_damage_is_named_and_nothing_is_changed(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, HEADER) as transcript:
        Recorder(Echo(), transcript).act("one")
    path.write_bytes(path.read_bytes() + line + b"\n" + b'{"prompt": "a", "answer": "b"}\n')
    before = path.read_bytes()
    with pytest.raises(TranscriptError, match=r"Line 3 of .* is damaged"):
        Transcript(path, HEADER)
    assert path.read_bytes() == before


def test_two_processes_cannot_write_one_transcript(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, HEADER), pytest.raises(TranscriptError, match="in use"):
        Transcript(path, HEADER)
    Transcript(path, HEADER).close()  # and after the first has ended one can


def test_an_agent_that_returns_no_text(tmp_path: Path) -> None:
    class Wrong:
        def act(self, text: str) -> int:
            return 10

    with Transcript(tmp_path / "t.jsonl", HEADER) as transcript:
        agent = Recorder(Wrong(), transcript)  # type: ignore[arg-type]
        with pytest.raises(ActionError, match=r"Wrong\.act returned 10; expected a str"):
            agent.act("x")
    assert len(lines(tmp_path / "t.jsonl")) == 1


def test_play_names_missing_agents() -> None:
    game = GovSimText(TextConfig(num_agents=2))
    with pytest.raises(ConfigError, match="no text agent for agent_1, mediator"):
        play(game, {"agent_0": Echo()}, 0)


def test_agents_are_recognised_by_their_method() -> None:
    assert isinstance(Echo(), TextAgent)
    assert isinstance(ScriptedTextAgent("greedy"), TextAgent)
