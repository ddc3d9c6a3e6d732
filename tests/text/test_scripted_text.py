"""The scripted text agent reads its prompt: numbers, people, who said what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from prosocial.agents.text import ScriptedTextAgent
from prosocial.envs.engine.errors import ActionError, ConfigError
from prosocial.envs.text import GovSimText, TextConfig
from prosocial.envs.text.memory import Event
from prosocial.envs.text.parsing import Utterance, read_demand, read_summary, read_utterance
from prosocial.envs.text.prompts import Prompts

NAMES = ("John", "Kate", "Jack")
DAY = date(2024, 1, 1)


def prompts(story: str = "fishery", paraphrase: int = 0, growth: float = 2.0) -> Prompts:
    config = TextConfig(story=story, paraphrase=paraphrase, num_agents=3)
    return Prompts(config, capacity=100, growth=growth)


def demand(policy: str, told: Prompts, stock: int) -> int:
    text = told.harvest("John", NAMES, DAY, [], stock)
    return read_demand(ScriptedTextAgent(policy).act(text), stock).asked


@pytest.mark.parametrize("story", ["fishery", "pasture", "pollution"])
@pytest.mark.parametrize("paraphrase", [0, 1, 2])
@pytest.mark.parametrize(
    ("policy", "stock", "units"),
    [
        ("sustainable", 100, 16),
        ("sustainable", 31, 5),
        ("sustainable", 5, 0),
        ("greedy", 31, 31),
        ("fixed:7", 31, 7),
        ("fixed:40", 31, 31),
        ("fixed:0", 31, 0),
    ],
)
def test_demands(story: str, paraphrase: int, policy: str, stock: int, units: int) -> None:
    assert demand(policy, prompts(story, paraphrase), stock) == units


def test_the_growth_is_read_too() -> None:
    assert demand("sustainable", prompts(growth=4.0), 100) == 25
    assert demand("sustainable", prompts(growth=1.5), 100) == 11


def talk(policy: str, speaker: str, entries: list[tuple[str, str]], stock: int = 60) -> Utterance:
    told = prompts()
    memories = [Event(told.stock_event(stock), DAY, DAY, always=True)]
    text = told.utterance(speaker, NAMES, DAY, memories, entries)
    return read_utterance(ScriptedTextAgent(policy).act(text), NAMES, speaker)


def test_a_sustainable_agent_proposes_what_the_next_stock_allows_and_names_who_took_more() -> None:
    opening = prompts().opening([("John", 10), ("Kate", 10), ("Jack", 25)])
    said = talk("sustainable", "John", [("Mediator", opening)])
    assert "Jack (25): that is more than the 10 each that last" in said.text
    assert "there will be 30. I propose at most 5 each" in said.text
    assert (said.concludes, said.next_speaker, said.problem) == (False, "Kate", None)


def test_it_agrees_with_its_own_number_alone() -> None:
    opening = prompts().opening([("John", 10), ("Kate", 10), ("Jack", 10)])
    same = [("Mediator", opening), ("John", "I propose at most 10 each.")]
    assert talk("sustainable", "Kate", same).text == "I agree, at most 10 each next month."
    other = [("Mediator", opening), ("John", "I propose at most 20 each.")]
    assert "propose at most 10 each" in talk("sustainable", "Kate", other).text


def test_the_last_one_to_speak_concludes() -> None:
    opening = prompts().opening([(name, 10) for name in NAMES])
    entries = [("Mediator", opening), ("Jack", "x"), ("John", "y")]
    for policy in ("sustainable", "greedy", "fixed:3"):
        assert not talk(policy, "Jack", entries[:1]).concludes
        assert talk(policy, "Jack", entries[:1]).next_speaker == "John"
        assert talk(policy, "Kate", entries).concludes


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        (["at most 10", "I agree, at most 10", "as much as I can"], 10),
        (["at most 10", "at most 9", "no"], None),
        (["at most 10", "at most 10, at most 9", "at most 9"], 9),
        ([], None),
    ],
)
def test_as_the_mediator_it_reports_what_most_named(said: list[str], limit: int | None) -> None:
    entries = [("Mediator", "Catches."), *zip(NAMES, said, strict=False)]
    text = prompts().summary(NAMES, DAY, entries)
    summary = read_summary(ScriptedTextAgent("greedy").act(text))
    assert (summary.limit, summary.problem) == (limit, None)


def test_the_sustainable_make_room_for_one_who_takes_too_much(
    played: Callable[..., GovSimText],
) -> None:
    game = played("sustainable", "sustainable", "sustainable", "sustainable", "fixed:11")
    assert game.unparsed == 0
    assert game.conversations[0].limit == 9  # 51 were taken: 98 next month
    assert {row["obtained"] for row in game.rows if row["name"] == "Luke"} == {11}
    assert [row["stock_after"] for row in game.rows[::5]][:4] == [49, 51, 49, 51]


@pytest.mark.parametrize("policy", ["kind", "fixed:", "fixed:-1", "fixed:many", "greedy:3", ""])
def test_an_unknown_policy(policy: str) -> None:
    with pytest.raises(ConfigError, match="There is no scripted text agent"):
        ScriptedTextAgent(policy)


@pytest.mark.parametrize(
    "text", ["", "How are you?", "Your task: say what you, A, want to say now."]
)
def test_a_foreign_prompt(text: str) -> None:
    with pytest.raises(ActionError, match="prompt"):
        ScriptedTextAgent("greedy").act(text)
