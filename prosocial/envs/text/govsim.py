"""GovSim for text agents: the phases of a month over the rules of the numeric world.

The harvest itself is a step of the registered world (``fishery``, ``pasture`` or ``pollution``) in
a ``Batch`` of one, so text and numeric agents play the same game, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from prosocial.envs.engine import Batch, ProsocialError, ResetNeededError, build

from .clock import harvest_day, last_day, meeting_day
from .config import MEDIATOR, TextConfig
from .memory import DEFAULT, HIGHEST, Event, MemoryStream
from .parsing import (
    Demand,
    Reading,
    Utterance,
    read_demand,
    read_reflection,
    read_summary,
    read_utterance,
)
from .prompts import MEDIATOR_NAME, Prompts

Read = TypeVar("Read", bound=Reading)


class Phase(StrEnum):
    """The phases of a month, in this order; without communication there is no restaurant."""

    POOL = "pool"
    POOL_AFTER_HARVESTING = "pool_after_harvesting"  # asks for no words
    RESTAURANT = "restaurant"
    HOME = "home"


class UnparsedError(ProsocialError, ValueError):
    """An answer could not be read, under ``unparsed="raise"``."""


@dataclass(frozen=True)
class Request:
    """A prompt that waits for an answer.

    Attributes:
        agent: Who is asked: "agent_0", "agent_1", ..., or "mediator".
        name: The same as the prompts call it.
        phase: POOL (a harvest decision), RESTAURANT (an entry of the conversation; from the
            mediator its summary) or HOME (thoughts to remember).
        round: The month, from 0.
        day: The day.
        attempt: 0, or how often the same was asked before, under ``unparsed="ask"``.
        prompt: The text.
    """

    agent: str
    name: str
    phase: Phase
    round: int
    day: date
    attempt: int
    prompt: str


@dataclass(frozen=True)
class Conversation:
    """A month's conversation: entries (speaker, text), the first the mediator's, and its result."""

    round: int
    entries: tuple[tuple[str, str], ...]
    summary: str
    limit: int | None


class GovSimText:
    """One run of a GovSim world for agents that read and write text.

    ``reset`` returns the first request and ``step`` takes its answer and returns the next one::

        game = GovSimText(TextConfig(story="fishery"))
        request = game.reset(seed=0)
        while request is not None:
            request = game.step(agents[request.agent].act(request.prompt))

    Everybody chooses before anybody learns a catch. The last month has its conversation and
    reflection too, as in GovSim, which tests for the end after them.

    Attributes:
        config: The configuration.
        world: The numeric world that is stepped.
        request: The request that waits for its answer; None before a reset and at the end.
        rows: One per month and person present: see ``_harvest_rows``.
        conversations: One per month with a restaurant.
        rewards: The last month's rewards by agent, 0 for who is not there.
        unparsed: Answers so far for which a default had to stand in.
    """

    def __init__(self, config: TextConfig) -> None:
        """Builds the world.

        Raises:
            ConfigError: An option of the world is unknown or out of its range.
        """
        self.config = config
        self.world = build(config.story, **config.world_options())
        params = self.world.params[0]
        self._prompts = Prompts(config, int(params["capacity"]), float(params["growth"]))
        self._batch = Batch(self.world, 1, auto_reset=False)
        self._names = dict(zip(self.world.agents, config.names or (), strict=True))
        self._run: Generator[Request, str, None] | None = None
        self._read: Callable[[str], Reading] | None = None
        self._clear()

    def _clear(self) -> None:
        self.request: Request | None = None
        self.rows: list[dict[str, Any]] = []
        self.conversations: list[Conversation] = []
        self.rewards = dict.fromkeys(self.world.agents, 0.0)
        self.unparsed = 0
        self._memories = {agent: MemoryStream() for agent in self.world.agents}

    def reset(self, seed: int | None = None) -> Request:
        """Begins a run and returns its first request.

        Args:
            seed: Of the allocation when the stock does not suffice, an int in [0, 2**64); None
                begins the next episode of the last seed, at first 0.
        """
        self._batch.reset(seed)
        self._clear()
        self._run = self._months()
        self.request = next(self._run)
        return self.request

    def read(self, answer: str) -> Reading:
        """Returns how an answer to the waiting request would be understood; nothing changes.

        Raises:
            ResetNeededError: No request waits.
        """
        if self.request is None or self._read is None:
            raise ResetNeededError("No request waits for an answer: call reset() first.")
        return self._read(answer)

    def step(self, answer: str) -> Request | None:
        """Takes the answer to the waiting request.

        Returns:
            The next request, None at the end of the run.

        Raises:
            ResetNeededError: No request waits.
            UnparsedError: The answer cannot be read, under ``unparsed="raise"``; the request still
                waits.
        """
        reading, request, run = self.read(answer), self.request, self._run
        if request is None or run is None:
            raise ResetNeededError("No request waits for an answer: call reset() first.")
        if reading.problem and self.config.unparsed == "raise":
            raise UnparsedError(
                f"The answer of {request.name} ({request.phase}, round {request.round}) cannot be "
                f"read: {reading.problem}. It was {answer!r}. "
                "Choose unparsed='ask' to have it asked again, 'default' to let the default stand."
            )
        try:
            self.request = run.send(answer)
        except StopIteration:
            self.request = None
        return self.request

    def _months(self) -> Generator[Request, str, None]:
        while True:
            today = harvest_day(self._round)
            for memory in self._memories.values():
                memory.forget(today)
            present = self._present()
            self._observe_stock(present, today)
            demands = {}
            for agent in present:
                demands[agent] = yield from self._ask_demand(agent, present)
            month = self._round
            self._harvest(month, demands)
            if self.config.communication and len(present) > 1:
                yield from self._talk(month, present)
            for agent in present:
                yield from self._reflect(agent, month, present)
            if self._batch.done[0]:
                return

    def _observe_stock(self, present: list[str], today: date) -> None:
        """Tells everybody present the stock, and what the variants add."""
        stock, threshold = int(self._state["stock"]), int(self._state["threshold"])
        until = last_day(self._round)
        newcomer = self.world.agents[-1]
        for agent in present:
            memory = self._memories[agent]
            if self._round == self.config.newcomer_round and agent != newcomer:
                arrival = self._prompts.arrival_event(self._names[newcomer])
                memory.add(self._event(arrival, today, HIGHEST))
            told = self._prompts.stock_event(stock)
            memory.add(Event(told, today, until, HIGHEST, always=True))
            if self.config.universalization:
                told = self._prompts.universalization_event(threshold)
                memory.add(Event(told, today, until, HIGHEST, always=True))

    def _ask_demand(self, agent: str, present: list[str]) -> Generator[Request, str, Demand]:
        stock, today = int(self._state["stock"]), harvest_day(self._round)
        prompt = self._prompts.harvest(
            self._names[agent], self._called(present), today, self._recall(agent), stock
        )
        return (
            yield from self._ask(
                agent, Phase.POOL, self._round, today, prompt, lambda a: read_demand(a, stock)
            )
        )

    def _harvest(self, month: int, demands: dict[str, Demand]) -> None:
        """Steps the world and tells everybody the own catch (``POOL_AFTER_HARVESTING``)."""
        before = self._state.copy()
        units = [demands[a].units if a in demands else 0 for a in self.world.agents]
        self._batch.step(np.array([units]))
        self.rewards = dict(zip(self.world.agents, self._batch.rewards[0].tolist(), strict=True))
        catches = self._catches()
        for agent, demand in demands.items():
            told = self._prompts.harvest_event(demand.units, catches[agent])
            self._memories[agent].add(self._event(told, harvest_day(month)))
        self.rows += self._harvest_rows(month, before, demands)

    def _harvest_rows(
        self, month: int, before: np.ndarray, demands: dict[str, Demand]
    ) -> list[dict[str, Any]]:
        """Returns a row for each person present.

        ``asked`` is the number in the answer, ``demand`` the same cut to the stock, ``obtained``
        the catch, ``stock_after`` what is left before regrowth, ``threshold`` each one's
        sustainable share (all in units), ``problem`` why the answer could not be read, or "".
        """
        catches, after = self._catches(), int(self._state["left"])
        return [
            {
                "round": month,
                "agent": agent,
                "name": self._names[agent],
                "asked": demand.asked,
                "demand": demand.units,
                "obtained": catches[agent],
                "stock_before": int(before["stock"]),
                "stock_after": after,
                "threshold": int(before["threshold"]),
                "problem": demand.problem or "",
            }
            for agent, demand in demands.items()
        ]

    def _talk(self, month: int, present: list[str]) -> Generator[Request, str, None]:
        """The conversation: the mediator opens with the catches, the first person speaks next."""
        today, names, catches = meeting_day(month), self._called(present), self._catches()
        agents = dict(zip(names, present, strict=True))
        opening = self._prompts.opening([(self._names[a], catches[a]) for a in present])
        entries = [(MEDIATOR_NAME, opening)]
        speaker = names[0]
        while len(entries) < self.config.max_conversation_entries:
            said = yield from self._ask_utterance(agents[speaker], month, names, entries)
            entries.append((speaker, said.text))
            if said.concludes:
                break
            speaker = said.next_speaker
        prompt = self._prompts.summary(names, today, entries)
        summary = yield from self._ask(
            MEDIATOR, Phase.RESTAURANT, month, today, prompt, read_summary
        )
        for agent in present:
            memory = self._memories[agent]
            memory.add(self._event(f"We talked: {opening}", today))
            if summary.text:
                memory.add(self._event(f"Summary of our conversation: {summary.text}", today))
            if summary.limit is not None:
                agreed = self._prompts.limit_event(summary.limit)
                memory.add(self._event(agreed, today, HIGHEST, always=True))
        self.conversations.append(Conversation(month, tuple(entries), summary.text, summary.limit))

    def _ask_utterance(
        self, agent: str, month: int, names: list[str], entries: list[tuple[str, str]]
    ) -> Generator[Request, str, Utterance]:
        speaker, today = self._names[agent], meeting_day(month)
        prompt = self._prompts.utterance(speaker, names, today, self._recall(agent), entries)
        return (
            yield from self._ask(
                agent, Phase.RESTAURANT, month, today, prompt,
                lambda answer: read_utterance(answer, names, speaker),
            )
        )  # fmt: skip

    def _reflect(self, agent: str, month: int, present: list[str]) -> Generator[Request, str, None]:
        today = last_day(month)
        prompt = self._prompts.reflection(
            self._names[agent], self._called(present), today, self._recall(agent)
        )
        found = yield from self._ask(agent, Phase.HOME, month, today, prompt, read_reflection)
        for text, importance in found.thoughts:
            self._memories[agent].add(self._event(text, today, importance))

    def _ask(
        self,
        agent: str,
        phase: Phase,
        month: int,
        today: date,
        prompt: str,
        read: Callable[[str], Read],
    ) -> Generator[Request, str, Read]:
        """Asks, again if so configured, and returns what was understood."""
        name = self._names.get(agent, MEDIATOR_NAME)
        attempts = 1 + (self.config.max_asks if self.config.unparsed == "ask" else 0)
        self._read = read
        reading = read((yield Request(agent, name, phase, month, today, 0, prompt)))
        for attempt in range(1, attempts):
            if not reading.problem:
                break
            again = f"{prompt}\n\n(Your last answer could not be read: {reading.problem}. Keep to "
            again += "the form that is asked for.)"
            reading = read((yield Request(agent, name, phase, month, today, attempt, again)))
        self.unparsed += reading.problem is not None
        return reading

    @property
    def _state(self) -> Any:
        return self._batch.state[0]

    @property
    def _round(self) -> int:
        return int(self._state["t"])

    def _present(self) -> list[str]:
        return [a for a, here in zip(self.world.agents, self._state["active"], strict=True) if here]

    def _called(self, agents: list[str]) -> list[str]:
        return [self._names[agent] for agent in agents]

    def _catches(self) -> dict[str, int]:
        return dict(zip(self.world.agents, self._state["catch"].tolist(), strict=True))

    def _recall(self, agent: str) -> list[Event]:
        return self._memories[agent].recall(self.config.memory_items)

    def _event(
        self, text: str, today: date, importance: int = DEFAULT, always: bool = False
    ) -> Event:
        expires = today + timedelta(days=self.config.memory_days)
        return Event(text, today, expires, importance, always)
