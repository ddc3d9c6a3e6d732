"""The phase machine: order of the phases, the clock, conversations, variants, bad answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from prosocial.envs.engine import ConfigError, ResetNeededError
from prosocial.envs.text import GovSimText, Phase, Request, TextConfig, UnparsedError
from prosocial.envs.text.clock import harvest_day, last_day, meeting_day

PLAIN = "Answer: 10\nSay: Ten.\nConcludes: yes"


def answered(game: GovSimText, answer: Callable[[Request], str], seed: int = 0) -> list[Request]:
    """Plays a run and returns its requests."""
    found, request = [], game.reset(seed)
    while request is not None:
        found.append(request)
        request = game.step(answer(request))
    return found


def test_the_phases_of_a_month_their_agents_and_days() -> None:
    game = GovSimText(TextConfig(num_agents=3, max_rounds=2))
    asked = [(r.round, r.phase, r.agent, str(r.day)) for r in answered(game, lambda _: PLAIN)]
    agents = ("agent_0", "agent_1", "agent_2")
    months = [
        ("2024-01-01", "2024-01-30", "2024-01-31"),
        ("2024-02-01", "2024-02-28", "2024-02-29"),
    ]
    expected = []
    for month, (first, meeting, last) in enumerate(months):
        expected += [(month, Phase.POOL, agent, first) for agent in agents]
        expected += [(month, Phase.RESTAURANT, a, meeting) for a in ("agent_0", "mediator")]
        expected += [(month, Phase.HOME, agent, last) for agent in agents]
    assert asked == expected


def test_the_clock_passes_a_year() -> None:
    assert harvest_day(12) == date(2025, 1, 1)
    assert (meeting_day(13), last_day(13)) == (date(2025, 2, 27), date(2025, 2, 28))


def test_nobody_sees_another_choice_before_all_have_chosen() -> None:
    game = GovSimText(TextConfig())
    first = game.reset(0)
    second = game.step("Answer: 37")
    assert second is not None
    assert (first.phase, second.phase) == (Phase.POOL, Phase.POOL)
    assert "37" not in second.prompt
    assert game.rows == []


def test_rows_say_who_asked_for_what_and_got_what() -> None:
    game = GovSimText(TextConfig(max_rounds=2))
    units = {"John": "3", "Kate": "20", "Jack": "500", "Emma": "no idea", "Luke": "0"}
    answered(game, lambda r: f"Answer: {units.get(r.name, 'none')}")
    rows = {row["name"]: row for row in game.rows if row["round"] == 0}
    assert [row["demand"] for row in rows.values()] == [3, 20, 100, 0, 0]
    assert [row["asked"] for row in rows.values()] == [3, 20, 500, 0, 0]
    assert sum(row["obtained"] for row in rows.values()) == 100
    assert rows["Emma"]["problem"] == "no number after 'Answer:'; the demand is 0"
    assert rows["Jack"]["problem"] == ""
    for row in rows.values():
        assert (row["stock_before"], row["stock_after"], row["threshold"]) == (100, 0, 10)


def test_rewards_are_the_catches_of_the_month() -> None:
    game = GovSimText(TextConfig(communication=False, max_rounds=2))
    units = iter([1, 2, 3, 4, 5] * 2)
    answered(game, lambda r: f"Answer: {next(units)}" if r.phase == Phase.POOL else "x")
    assert game.rewards == {f"agent_{i}": i + 1.0 for i in range(5)}


class TestConversation:
    def entries(self, *answers: str, limit: int = 10) -> tuple[GovSimText, list[str]]:
        """Plays one month; each utterance is the next answer, the last repeated."""
        said = list(answers)
        game = GovSimText(TextConfig(max_rounds=1, max_conversation_entries=limit))
        speakers = []

        def answer(request: Request) -> str:
            if request.phase != Phase.RESTAURANT or request.agent == "mediator":
                return "Summary: All is well.\nAnswer: 7"
            speakers.append(request.name)
            return said.pop(0) if len(said) > 1 else said[0]

        answered(game, answer)
        return game, speakers

    def test_the_mediator_opens_with_everybodys_catch(self) -> None:
        game, _ = self.entries("Concludes: yes")
        speaker, text = game.conversations[0].entries[0]
        assert speaker == "Mediator"
        assert (
            "John caught 7, Kate caught 7, Jack caught 7, Emma caught 7 and Luke caught 7" in text
        )

    def test_the_first_person_begins_and_each_names_the_next(self) -> None:
        _, speakers = self.entries(
            "a\nConcludes: no\nNext: Luke", "b\nConcludes: no\nNext: Kate", "c\nConcludes: yes"
        )
        assert speakers == ["John", "Luke", "Kate"]

    def test_it_ends_with_ten_entries_the_opening_included(self) -> None:
        game, speakers = self.entries("on and on\nConcludes: no\nNext: nobody")
        assert len(speakers) == 9
        assert len(game.conversations[0].entries) == 10
        assert speakers[:6] == ["John", "Kate", "Jack", "Emma", "Luke", "John"]
        assert len(self.entries("x\nConcludes: no\nNext: Jack", limit=3)[1]) == 2

    def test_the_agreed_limit_is_remembered_by_everybody(self) -> None:
        game = GovSimText(TextConfig(max_rounds=2, memory_items=0))
        asked = answered(
            game,
            lambda r: "Summary: Six.\nAnswer: 6\nConcludes: yes" if r.name == "Mediator" else PLAIN,
        )
        assert (game.conversations[0].limit, game.conversations[0].summary) == (6, "Six.")
        told = "2024-01-30: The community agreed that each person may catch at most 6 tons of fish"
        for request in asked:
            knows = request.phase == Phase.HOME or request.round == 1
            assert (told in request.prompt) == (knows and request.agent != "mediator")

    def test_no_limit_is_no_memory(self) -> None:
        game = GovSimText(TextConfig(max_rounds=2))
        asked = answered(game, lambda r: "Answer: none" if r.name == "Mediator" else PLAIN)
        assert game.conversations[0].limit is None
        assert not [r for r in asked if "agreed that" in r.prompt]


class TestNewcomer:
    def test_timeline(self, played: Callable[..., GovSimText]) -> None:
        game = played("sustainable", newcomer_round=3)
        assert game.config.max_rounds == 15
        by_month = [[r["agent"] for r in game.rows if r["round"] == m] for m in range(15)]
        villagers = [f"agent_{i}" for i in range(4)]
        assert by_month == [villagers] * 3 + [[*villagers, "agent_4"]] * 12
        thresholds = {r["round"]: r["threshold"] for r in game.rows}
        assert [thresholds[m] for m in (0, 2, 3, 14)] == [12, 12, 10, 10]
        assert "Luke" not in str(game.conversations[2])
        assert "Luke" in str(game.conversations[3])

    def test_the_villagers_are_told_of_the_arrival_and_the_newcomer_knows_nothing(self) -> None:
        game = GovSimText(TextConfig(newcomer_round=3, max_rounds=5))
        asked = [r for r in answered(game, lambda _: PLAIN) if r.phase == Phase.POOL]
        before = [r for r in asked if r.round < 3]
        month = {r.name: r.prompt for r in asked if r.round == 3}
        assert not [r for r in before if "Luke" in r.prompt]
        assert all("one of 4 fishermen" in r.prompt for r in before)
        assert all("one of 5 fishermen" in prompt for prompt in month.values())
        for name, prompt in month.items():
            told = "2024-04-01: Luke has come to the village as a fisherman" in prompt
            assert told == (name != "Luke")
        assert "We talked" not in month["Luke"]
        assert "I wanted" not in month["Luke"]

    def test_a_greedy_newcomer_ends_it_at_once(self, played: Callable[..., GovSimText]) -> None:
        game = played(*["sustainable"] * 4, "greedy", newcomer_round=3)
        assert game.rows[-1]["round"] == 3
        assert game.rows[-1]["stock_after"] == 0


def test_a_sustainable_group_lives_for_all_months(played: Callable[..., GovSimText]) -> None:
    for story, paraphrase in (("fishery", 0), ("pasture", 1), ("pollution", 2)):
        game = played("sustainable", story=story, paraphrase=paraphrase)
        assert len(game.rows) == 60
        assert {row["obtained"] for row in game.rows} == {10}  # reference vector: gain 120 each
        assert {row["stock_after"] for row in game.rows} == {50}
        assert game.unparsed == 0
        assert [c.limit for c in game.conversations] == [10] * 12


def test_a_greedy_group_collapses_in_the_first_month(played: Callable[..., GovSimText]) -> None:
    game = played("greedy")
    assert [row["round"] for row in game.rows] == [0] * 5
    assert sum(row["obtained"] for row in game.rows) == 100
    assert len(game.conversations) == 1  # they still meet and reflect


@pytest.mark.parametrize(
    ("units", "months", "total", "last"),
    [(9, 12, 540, 55), (11, 4, 195, 0), (0, 12, 0, 100), (20, 1, 100, 0)],
)
def test_reference_vectors(
    played: Callable[..., GovSimText], units: int, months: int, total: int, last: int
) -> None:
    game = played(f"fixed:{units}")
    assert game.rows[-1]["round"] + 1 == months
    assert sum(row["obtained"] for row in game.rows) == total
    assert game.rows[-1]["stock_after"] == last


class TestUnparsed:
    def test_by_default_it_is_0_and_counted(self) -> None:
        game = GovSimText(TextConfig(communication=False, max_rounds=1))
        answered(game, lambda r: "ten" if r.name == "Kate" else PLAIN)
        assert game.unparsed == 1
        assert [row["demand"] for row in game.rows] == [10, 0, 10, 10, 10]

    def test_asking_again_names_the_problem_and_stops_in_the_end(self) -> None:
        config = TextConfig(communication=False, max_rounds=1, unparsed="ask", max_asks=2)
        game = GovSimText(config)
        kates, jacks = iter(["ten", "Answer: 9"]), iter(["x", "y", "z"])
        answers = {
            "Kate": lambda: next(kates),
            "Jack": lambda: next(jacks),
        }
        asked = answered(
            game,
            lambda r: answers[r.name]() if r.phase == Phase.POOL and r.name in answers else PLAIN,
        )
        pool = [r for r in asked if r.phase == Phase.POOL]
        assert [(r.name, r.attempt) for r in pool[1:6]] == [
            ("Kate", 0), ("Kate", 1), ("Jack", 0), ("Jack", 1), ("Jack", 2),
        ]  # fmt: skip
        assert pool[2].prompt.startswith(pool[1].prompt)
        assert "could not be read: no 'Answer:' was found" in pool[2].prompt
        assert [row["demand"] for row in game.rows] == [10, 9, 0, 10, 10]
        assert game.unparsed == 1

    def test_raising_names_the_answer_and_keeps_the_request(self) -> None:
        game = GovSimText(TextConfig(unparsed="raise"))
        request = game.reset(0)
        with pytest.raises(UnparsedError, match=r"John \(pool, round 0\).*no 'Answer:'.*'ten'"):
            game.step("ten")
        assert game.request is request
        following = game.step("Answer: 10")
        assert following is not None
        assert following.name == "Kate"


def test_the_same_seed_and_answers_give_the_same_run(played: Callable[..., GovSimText]) -> None:
    one, same, other = (played("fixed:30", seed=seed) for seed in (3, 3, 4))
    assert one.rows == same.rows
    assert one.conversations == same.conversations
    assert one.rows != other.rows


def test_a_second_reset_forgets_the_first_run(played: Callable[..., GovSimText]) -> None:
    game = GovSimText(TextConfig(max_rounds=1))
    first = answered(game, lambda _: PLAIN)
    again = answered(game, lambda _: PLAIN)
    assert [r.prompt for r in first] == [r.prompt for r in again]
    assert len(game.rows) == 5


def test_a_step_without_a_request_says_so() -> None:
    game = GovSimText(TextConfig(max_rounds=1, communication=False, num_agents=2))
    with pytest.raises(ResetNeededError, match="call reset"):
        game.step("Answer: 1")
    answered(game, lambda _: PLAIN)
    with pytest.raises(ResetNeededError, match="call reset"):
        game.read("Answer: 1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"story": "forest"}, "story is 'forest'; expected one of fishery"),
        ({"num_agents": 1}, "num_agents is 1"),
        ({"paraphrase": 3}, "paraphrase is 3"),
        ({"names": ["A", "B"]}, "5 different names"),
        ({"names": ["A", "B", "C", "D", "a"]}, "5 different names"),
        ({"names": ["A", "B", "C", "D", "mediator"]}, "5 different names"),
        ({"names": ["A", "B", "C", "D", "E\nAnswer: 0"]}, "5 different names"),
        ({"unparsed": "zero"}, "unparsed is 'zero'"),
        ({"max_conversation_entries": 1}, "max_conversation_entries"),
        ({"universalization": 1}, "True or False"),
        ({"world": {"max_rounds": 3}}, "max_rounds"),
        ({"storey": "fishery"}, "Did you mean 'story'"),
    ],
)
def test_a_wrong_configuration_names_the_field(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TextConfig.from_mapping(options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"world": {"capacity": 0}}, "capacity"),
        ({"newcomer_round": 12, "max_rounds": 12}, "newcomer"),
    ],
)
def test_the_world_checks_its_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GovSimText(TextConfig.from_mapping(options))
