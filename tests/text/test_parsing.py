"""What is understood of an answer, and what stands in when nothing can be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosocial.envs.text.parsing import (
    read_demand,
    read_reflection,
    read_summary,
    read_utterance,
)

NAMES = ("John", "Kate", "Jack")
PIECES = [
    "Answer:", "Concludes: yes", "Next: Kate", "Say:", "Summary:", "- [3] x", "\n", "\u2028", "-",
    "7,000", "*", "<think>", "</think>", "٣", "²", "\x00", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ("Answer: 10 tons", 10),
        ("10 is 20 % of 50, so let us see.\nAnswer: 7 tons of fish", 7),
        ("answer:12", 12),
        ("**Answer:** 9 tons", 9),
        ("*Answer*: **8**", 8),
        ("Answer:\n- 6 tons", 6),
        ("Answer: 0", 0),
        ("Answer: about 5, not 6", 5),
        ("Answer: 3. And no more. Answer: 4", 3),
        ("Answer: 10.7 tons", 10),
        ("<think>Answer: 50 would be greedy</think>Answer: 10", 10),
        ("Answer: N tons, so: 11", 11),
    ],
)
def test_a_demand_is_the_first_number_after_answer(answer: str, asked: int) -> None:
    assert (read_demand(answer, 100).asked, read_demand(answer, 100).problem) == (asked, None)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "no 'Answer:'"),
        ("I take 10 tons.", "no 'Answer:'"),
        ("The answers are 10 and 20", "no 'Answer:'"),
        ("Answer: ten tons", "no number"),
        ("20 tons. Answer: as I said", "no number"),
        ("Answer: -5", "negative"),
        ("<think>Answer: 50", "no 'Answer:'"),
    ],
)
def test_without_a_number_the_demand_is_0_and_a_problem(answer: str, problem: str) -> None:
    demand = read_demand(answer, 100)
    assert (demand.asked, demand.units) == (0, 0)
    assert demand.problem
    assert problem in demand.problem
    assert "the demand is 0" in demand.problem


@pytest.mark.parametrize(
    ("answer", "asked", "units"),
    [("Answer: 44", 44, 44), ("Answer: 45", 45, 44), ("Answer: 1,000,000", 1_000_000, 44)],
)
def test_a_demand_beyond_the_stock_is_cut_to_it(answer: str, asked: int, units: int) -> None:
    demand = read_demand(answer, 44)
    assert (demand.asked, demand.units, demand.problem) == (asked, units, None)


@pytest.mark.parametrize(
    ("answer", "text", "concludes", "following"),
    [
        ("Say: Hello all.\nConcludes: no\nNext: Jack", "Hello all.", False, "Jack"),
        ("Hello\nall.\n\nConcludes: Yes.\nNext: john", "Hello all.", True, "John"),
        ("**Say:** Well.\n**Concludes:** no\n**Next:** Jack.", "Well.", False, "Jack"),
        ("Done.\nConcludes: yes", "Done.", True, "Jack"),  # nobody speaks after the last word
    ],
)
def test_an_utterance(answer: str, text: str, concludes: bool, following: str) -> None:
    said = read_utterance(answer, NAMES, "Kate")
    assert (said.text, said.concludes, said.next_speaker) == (text, concludes, following)
    assert said.problem is None


@pytest.mark.parametrize(
    ("answer", "following", "problems"),
    [
        ("Hello.", "John", ["Concludes", "Next", "John is next"]),
        ("Hello.\nConcludes: maybe\nNext: John", "John", ["Concludes"]),
        ("Hello.\nConcludes: no\nNext: Jack", "John", ["Next"]),  # the speaker again
        ("Hello.\nConcludes: no\nNext: Nobody", "John", ["Next"]),
        ("Concludes: no\nNext: Kate", "Kate", ["nothing was said"]),
    ],
)
def test_an_utterance_with_gaps_goes_on(answer: str, following: str, problems: list[str]) -> None:
    said = read_utterance(answer, NAMES, "Jack")
    assert (said.concludes, said.next_speaker) == (False, following)
    assert said.problem
    assert all(problem in said.problem for problem in problems)
    assert said.problem.count(";") == len([p for p in problems if "next" not in p]) - 1


@pytest.mark.parametrize(
    ("answer", "text", "limit", "problem"),
    [
        ("Summary: All agree.\nAnswer: 10 tons", "All agree.", 10, None),
        ("They talked.\nAnswer: none", "They talked.", None, None),
        ("Summary: x\n**Answer:** None", "x", None, None),
        ("Summary: They said 10.", "They said 10.", None, "no 'Answer:'"),
        ("Summary: x\nAnswer: unclear", "x", None, "no number"),
        ("Answer: 9", "", 9, "no summary"),
    ],
)
def test_a_summary(answer: str, text: str, limit: int | None, problem: str | None) -> None:
    summary = read_summary(answer)
    assert (summary.text, summary.limit) == (text, limit)
    assert (problem or "") in (summary.problem or "")
    assert (summary.problem is None) == (problem is None)


@pytest.mark.parametrize(
    ("answer", "thoughts"),
    [
        ("- [8] Luke is greedy.\n- [2] Nice day.", [("Luke is greedy.", 8), ("Nice day.", 2)]),
        ("Thoughts:\n* No number", [("No number", 5)]),
        ("- [0] Low\n- [99] High", [("Low", 1), ("High", 10)]),
        ("All in\none.", [("All in one.", 5)]),
        ("- a\n- b\n- c\n- d\n- e\n- f", [(letter, 5) for letter in "abcde"]),
    ],
)
def test_a_reflection(answer: str, thoughts: list[tuple[str, int]]) -> None:
    reflection = read_reflection(answer)
    assert (list(reflection.thoughts), reflection.problem) == (thoughts, None)


def test_an_empty_reflection_is_a_problem() -> None:
    assert read_reflection(" \n").thoughts == ()
    assert read_reflection(" \n").problem


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join))
def test_readers_take_any_text(answer: str) -> None:
    demand = read_demand(answer, 44)
    assert 0 <= demand.units <= min(demand.asked, 44)
    said = read_utterance(answer, NAMES, "Kate")
    assert said.next_speaker in ("John", "Jack")
    summary = read_summary(answer)
    assert summary.limit is None or summary.limit >= 0
    for text, importance in read_reflection(answer).thoughts:
        assert 1 <= importance <= 10
        assert len(text.splitlines()) == 1
    for text in (said.text, summary.text):
        assert len(text.splitlines()) <= 1


@pytest.mark.parametrize(
    "piece",
    ["9", "\n", "* ", "-\n", "Answer ", "Next: ", "- ", "_", "Concludes:\n", "1,", "<think>"],
)
def test_a_model_that_repeats_itself_does_not_stall_the_readers(piece: str) -> None:
    started = time.perf_counter()
    for answer in (piece * 30_000, "Answer: " + piece * 30_000, "- [" + piece * 30_000):
        assert read_demand(answer, 44).units <= 44
        read_utterance(answer, NAMES, "Kate")
        read_summary(answer)
        read_reflection(answer)
    assert time.perf_counter() - started < 5
