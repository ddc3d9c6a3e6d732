"""What a person remembers, for how long, and what of it a prompt shows."""

from __future__ import annotations

from datetime import date, timedelta

from prosocial.envs.text.memory import Event, MemoryStream

DAY = date(2024, 1, 1)


def event(text: str, importance: int = 5, days: int = 63, always: bool = False) -> Event:
    return Event(text, DAY, DAY + timedelta(days), importance, always)


def texts(events: list[Event]) -> str:
    return "".join(e.text for e in events)


def test_an_event_is_kept_through_its_last_day() -> None:
    memory = MemoryStream([event("a", days=0), event("b", days=1), event("c", days=2)])
    memory.forget(DAY + timedelta(1))
    assert texts(memory.events) == "bc"


def test_a_prompt_shows_the_newest_of_equal_importance_oldest_first() -> None:
    memory = MemoryStream([event(letter) for letter in "abcd"])
    assert texts(memory.recall(2)) == "cd"
    assert texts(memory.recall(9)) == "abcd"
    assert texts(memory.recall(0)) == ""


def test_importance_weighs_more_than_age() -> None:
    memory = MemoryStream([event("a", 6), *(event(letter, 5) for letter in "bcd")])
    assert texts(memory.recall(1)) == "a"
    # A step of importance is worth 1/3; 0.5 * (1 - 0.99**rank) exceeds it from rank 110 on.
    memory = MemoryStream([event("a", 6), *(event("x", 5) for _ in range(108)), event("n")])
    assert texts(memory.recall(1)) == "a"
    memory = MemoryStream([event("a", 6), *(event("x", 5) for _ in range(109)), event("n")])
    assert texts(memory.recall(1)) == "n"


def test_what_is_always_there_takes_nobodys_place() -> None:
    memory = MemoryStream([event("a"), event("A", 1, always=True), event("b"), event("c")])
    assert texts(memory.recall(1)) == "Ac"
    assert texts(memory.recall(0)) == "A"
