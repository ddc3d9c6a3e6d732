"""Every prompt conveys every fact of GovSim's, in each story, wording and variant."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import date

import pytest

from prosocial.envs.text import GovSimText, Phase, Request, TextConfig
from prosocial.envs.text.memory import Event
from prosocial.envs.text.prompts import Prompts

NAMES = ("John", "Kate", "Jack", "Emma", "Luke")
DAY = date(2024, 3, 1)
# What each story must name: the resource, the trade, the unit, the verb, the worked example.
WORDS = {
    "fishery": ("lake", "fisherm[ae]n", "tons? of fish", "catch", "caught"),
    "pasture": ("pasture", "shepherds?", "flocks? of sheep", "graze", "grazed"),
    "pollution": ("river", "factory owners?", "pallets? of widgets", "produce", "produced"),
}
EFFECT = {
    "fishery": "Every ton that is caught is gone from the lake",
    "pasture": "Every flock that grazes eats up one hectare",
    "pollution": "Every pallet that is produced pollutes one percent",
}
STOCK = {
    "fishery": "{} tons of fish",
    "pasture": "{} hectares of grass",
    "pollution": "{} percent of unpolluted water",
}
CASES = list(itertools.product(WORDS, (0, 1, 2)))
TALKING = r"talk|negotiate|bargain|persuade|convince"


def prompts(**options: object) -> Prompts:
    return Prompts(TextConfig.from_mapping(options), capacity=100, growth=2.0)


@pytest.mark.parametrize(("story", "paraphrase"), CASES)
def test_the_rules_convey_every_fact(story: str, paraphrase: int) -> None:
    rules = prompts(story=story, paraphrase=paraphrase).rules("Kate", NAMES)
    stock = STOCK[story]
    facts = {
        "own name": r"\bKate\b",
        "number of people": r"\b5\b",
        "capacity": r"carrying capacity",
        "full stock": re.escape(stock.format(100)),
        "choice": r"0 (to|and|up to) 100\b",
        "month begins": r"month begins|beginning of each month|First thing every month",
        "effect": EFFECT[story],
        "month ends": r"[Ee]nd of the month|month is over|month closes",
        "doubles once": r"doubles(,| a single time| one time)",
        "capped": rf"never to more than {stock.format(100)}|{stock.format(100)} cannot be exceeded"
        rf"|one time, up to {stock.format(100)}",
        "pay": r"[Ee]very .{3,45} (earns|brings) you \$1000|\$1000 for every",
        "own income": r"for yourself|of your own",
        "many months": r"many months",
        "example stock": re.escape(stock.format(90)),
        "example harvest": r"\b30 ",
        "example rest": re.escape(stock.format(60)),
        "talk": TALKING,
        **{f"other name {n}": rf"\b{n}\b" for n in NAMES},
        **{f"word {w}": w for w in WORDS[story]},
    }
    assert not {name for name, pattern in facts.items() if not re.search(pattern, rules)}
    example = rules[re.search(stock.format(90), rules).start() :]  # type: ignore[union-attr]
    assert example.find(stock.format(60)) < example.find(stock.format(100))
    assert not re.search(r"[{}]", rules)
    others = set(WORDS) - {story}
    assert not [w for other in others for w in WORDS[other][:3] if re.search(w, rules)]


@pytest.mark.parametrize(("story", "paraphrase"), CASES)
def test_without_communication_revealing_and_talking_are_dropped_and_nothing_else(
    story: str, paraphrase: int
) -> None:
    silent = prompts(story=story, paraphrase=paraphrase, communication=False)
    said = prompts(story=story, paraphrase=paraphrase).rules("Kate", NAMES).splitlines()
    kept = silent.rules("Kate", NAMES).splitlines()
    dropped = [line for line in said if line not in kept]
    assert len(dropped) == 1
    assert re.search(TALKING, dropped[0])
    assert [line for line in said if line in kept] == kept
    assert not re.search(TALKING, "\n".join(kept))


def test_paraphrases_share_no_sentence() -> None:
    for story in WORDS:
        sentences = [
            {
                s.strip()
                for s in re.split(r"[.\n]", prompts(story=story, paraphrase=p).rules("Kate", NAMES))
            }
            for p in (0, 1, 2)
        ]
        effect = {EFFECT[story]} | {s for s in sentences[0] if s.startswith(EFFECT[story])}
        for one, other in itertools.combinations(sentences, 2):
            assert (one & other) - effect == {""}


def test_capacity_and_growth_are_those_of_the_world() -> None:
    rules = Prompts(TextConfig(), capacity=50, growth=3.0).rules("Kate", NAMES)
    assert "at most 50 tons" in rules
    assert "from 0 to 50" in rules
    assert "45 tons of fish in the lake, you and the others together catch 15" in rules
    assert "30 tons of fish are left; this grows to 3 times as much" in rules
    assert "begins with 50 tons" in rules


@pytest.mark.parametrize("story", WORDS)
def test_a_harvest_prompt_has_place_date_memories_range_thinking_and_form(story: str) -> None:
    events = [Event("Luke took a lot.", date(2024, 2, 1), date(2024, 4, 1))]
    text = prompts(story=story).harvest("Kate", NAMES, DAY, events, 44)
    order = [
        "You are Kate",
        "Place: the",
        "Date: 2024-03-01",
        "- 2024-02-01: Luke took a lot.",
        "whole number from 0 to 44",
        "step by step",
        "Answer: N " + {"fishery": "tons", "pasture": "flocks", "pollution": "pallets"}[story],
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


def test_goals_are_told_in_the_newcomer_variant_alone() -> None:
    asked = prompts(newcomer_round=3)
    villager, newcomer = asked.rules("Emma", NAMES), asked.rules("Luke", NAMES)
    assert re.search(r"village.*care about the village and about the people", villager)
    assert "break the rules" not in villager
    assert re.search(r"own business grow.*does not concern you.*break the rules", newcomer)
    assert "village" not in prompts().rules("Luke", NAMES)


def test_a_conversation_prompt_lists_people_and_entries() -> None:
    entries = [("Mediator", "Catches."), ("John", "Less, please.")]
    text = prompts().utterance("Kate", NAMES, DAY, [], entries)
    assert "Present: John, Kate, Jack, Emma, Luke" in text
    assert "Mediator: Catches.\nJohn: Less, please." in text
    assert text.endswith("Concludes: yes or no\nNext: one of John, Jack, Emma, Luke")
    summary = prompts().summary(NAMES, DAY, entries)
    assert "John: Less, please." in summary
    assert "Answer: N tons of fish, or none" in summary


@pytest.mark.parametrize("story", WORDS)
@pytest.mark.parametrize("threshold", [10, 3])
def test_universalization_names_the_share(story: str, threshold: int) -> None:
    told = prompts(story=story).universalization_event(threshold)
    assert re.search(rf"every one of you \w+ more than {threshold} {WORDS[story][2]}", told)
    assert re.search(r"in the end no .* will be left", told)


def requests(**options: object) -> list[Request]:
    """All requests of three months in which John takes 4, Kate 5, Jack 6, Emma 7 and Luke 8."""
    game = GovSimText(TextConfig.from_mapping({"max_rounds": 3, **options}))
    found, request = [], game.reset(0)
    while request is not None:
        found.append(request)
        units = 4 + NAMES.index(request.name) if request.name in NAMES else 0
        request = game.step(f"Answer: {units}\nSay: Well.\nConcludes: no\nNext: nobody")
    return found


@pytest.mark.parametrize("story", WORDS)
def test_stock_and_own_harvest_are_remembered(story: str) -> None:
    asked = requests(story=story)
    later = [r for r in asked if r.round == 1 and r.phase == Phase.POOL]
    verb = WORDS[story][4]
    assert len(later) == 5
    for request, units in zip(later, (4, 5, 6, 7, 8), strict=True):
        assert f"there are {STOCK[story].format(100)}" in request.prompt
        assert re.search(
            rf"2024-01-01: I wanted to .* {units} .* and {verb} {units}\.", request.prompt
        )
        told = rf"2024-01-30: We talked: .*John {verb} 4, .*Emma {verb} 7 and Luke {verb} 8"
        assert re.search(told, request.prompt)
    first = asked[0].prompt
    assert "I wanted" not in first
    assert "We talked" not in first


def test_universalization_is_in_every_prompt_of_the_month() -> None:
    for request in requests(universalization=True):
        told = re.findall(r"more than (\d+) tons of fish a month", request.prompt)
        assert told == ([] if request.agent == "mediator" else ["10"])


def test_without_communication_nobody_learns_what_others_took(
    played: Callable[..., GovSimText],
) -> None:
    asked = requests(communication=False)
    assert {r.phase for r in asked} == {Phase.POOL, Phase.HOME}
    assert {r.agent for r in asked} == {f"agent_{i}" for i in range(5)}
    for request in asked:
        own = str(4 + NAMES.index(request.name))
        months = request.round + (request.phase == Phase.HOME)
        assert re.findall(r"caught (\d+)", request.prompt) == [own] * months
        assert not re.search(TALKING, request.prompt)
    assert played("sustainable", communication=False).conversations == []
