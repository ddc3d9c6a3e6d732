"""The state of a session: a pure function of its records, live and when it is read again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prosocial.play.config import CAREGIVER, PlayConfig, default_action

from .errors import LogError
from .game import Game
from .others import Others
from .scores import Scores
from .seats import PERSON, Seat, make_seats
from .transitions import Learner, Transition


@dataclass(frozen=True)
class Sitting:
    """Somebody on a seat; ``participant`` is "" where no id was asked."""

    participant: str


class PlayState:
    """World, people and feedback as far as the records go.

    ``apply`` takes a record and is all that changes it, except that a live session steps the world
    itself to know what to write into the record of a step.

    Args:
        config: The session.
        learner: As for ``Others``.
        acting: Whether partners and learner are asked for their actions, as a session does that
            is to go on; else the recorded actions are taken as they are.

    Attributes:
        game: The world.
        others: Who acts beside the people; None if ``acting`` is False.
        seats: The seats by name.
        sitting: Who sits where, by name of the seat.
        chosen: Actions chosen for the next step, by number of the agent.
        ready: Names of the seats that want to go on.
        paused: Whether the session waits for somebody to let it run on.
        pace: Steps per second; 0 waits for the people.
        over: Whether all episodes are over.
        closed: Whether the process that ran it closed it.
        inputs: How many keys and buttons were recorded.
        transition: The last final transition; None before the first.
        differences: Steps at which others would have acted differently than recorded.
    """

    def __init__(
        self, config: PlayConfig, learner: Learner | None = None, *, acting: bool = True
    ) -> None:
        self.config = config
        self.game = Game(config)
        world = self.game.world
        self.others = Others(config, world, learner) if acting else None
        self.seats: dict[str, Seat] = make_seats(config, world)
        self.sitting: dict[str, Sitting] = {}
        self.chosen: dict[int, int] = {}
        self.ready: set[str] = set()
        self.paused = self.over = self.closed = False
        self.pace = config.steps_per_second
        self.inputs = 0
        self.transition: Transition | None = None
        self.differences: list[int] = []
        self.default = default_action(world)
        self.has_caregiver = config.seat == CAREGIVER
        self.watched = list(config.watched(world.num_agents))
        self.norm_names = (*self.game.norm_names, *((PERSON,) if self.has_caregiver else ()))
        self.scores = Scores(world.num_agents)
        self._open = False  # whether feedback on the last step still counts

    @property
    def judged(self) -> bool:
        """Whether a step is shown on which feedback still counts."""
        return self._open

    def waiting(self) -> list[str]:
        """Returns the seats that the session waits for: absent, or with a choice to make."""
        absent = [name for name in self.seats if name not in self.sitting]
        if absent or self.pace > 0:
            return absent
        if self.game.ended:
            return [name for name in self.seats if name not in self.ready]
        return [name for name, seat in self.seats.items() if not self._has_acted(seat)]

    def _has_acted(self, seat: Seat) -> bool:
        if seat.agent is not None:
            return seat.agent in self.chosen
        return seat.name in self.ready or not self._open

    def finish(self) -> Transition | None:
        """Makes the last step final and gives it to the learner; None if there is nothing new."""
        last = self.game.last
        if last is None or not self._open:
            return None
        self._open = False
        self.transition = self.final(last)
        self.scores.finish(self.transition)
        if self.others is not None and self.others.learner is not None:
            self.others.learner.take(self.transition)
        return self.transition

    def final(self, last: Transition) -> Transition:
        """Returns a step with the person's feedback that was given so far."""
        if not self.has_caregiver:
            return last
        person = np.zeros((1, len(last.actions)), np.float32)
        person[0, self.watched] = self.scores.feedback
        by_norm = np.concatenate([last.social_by_norm, person])
        total = last.social_rewards + person[0]
        return replace(last, social_rewards=total, social_by_norm=by_norm, present=True)

    def choose(self) -> tuple[np.ndarray, list[str]]:
        """Returns the actions of all agents, int64 (N,), and who chose each.

        Who chose is "person", "default" (a person who was too slow), or a label of ``Others``.
        """
        if self.others is None:
            raise LogError("This session was read without its partners; it cannot go on.")
        actions = self.others.act(self.game.batch)
        actors = [self.others.labels.get(k, PERSON) for k in range(len(actions))]
        for agent in self.config.played:
            if agent in self.chosen:
                actions[agent] = self.chosen[agent]
            elif self.default is not None:
                actions[agent], actors[agent] = self.default, "default"
        return actions, actors

    def step(self, actions: np.ndarray) -> Transition:
        """Steps the world; the choices and everything judged until now is past."""
        self.chosen.clear()
        self.ready.clear()
        self.scores.begin_step()
        self._open = True
        return self.game.advance(actions)

    def begin_next(self) -> None:
        """Shows the next episode."""
        self.finish()
        self.scores.end_episode()
        self.chosen.clear()
        self.ready.clear()
        self.game.begin_next()

    def apply(self, record: dict[str, Any]) -> None:
        """Takes in what a record says.

        Raises:
            LogError: The record is of no known kind, or the world does not come to the state that
                was recorded.
        """
        kind = record["kind"]
        method = getattr(self, f"_apply_{kind}", None)
        if method is None:
            raise LogError(f"The log has a record of the unknown kind {kind!r}.")
        method(record)

    def _apply_header(self, record: dict[str, Any]) -> None:
        """Checks that the world is that of the log; it was made from the log's configuration."""
        world = self.game.world
        if (record["world_version"], record["agents"]) != (world.version, list(world.agents)):
            raise LogError(
                f"The session was recorded in {world.name!r} version {record['world_version']} "
                f"with the agents {', '.join(record['agents'])}; here it is version "
                f"{world.version} with {', '.join(world.agents)}. Use prosocial "
                f"{record['version']}, which recorded it."
            )

    def _apply_note(self, record: dict[str, Any]) -> None:
        """What happened around the session changes nothing in it."""

    def _apply_join(self, record: dict[str, Any]) -> None:
        self.sitting[record["seat"]] = Sitting(record["participant"])
        self.closed = False

    def _apply_leave(self, record: dict[str, Any]) -> None:
        self.sitting.pop(record["seat"], None)

    def _apply_press(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        agent = self.seats[record["seat"]].agent
        if record["accepted"] and agent is not None:
            self.chosen[agent] = record["action"]

    def _apply_feedback(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        if record["accepted"]:
            self.scores.give(record["value"], record["amount"])

    def _apply_next(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        if record["accepted"]:
            self.ready.add(record["seat"])

    def _apply_pace(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        if record["accepted"]:
            self.pace = record["value"]

    def _apply_pause(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        self.paused = True

    def _apply_resume(self, record: dict[str, Any]) -> None:
        self.inputs += 1
        self.paused = False

    def _apply_episode(self, record: dict[str, Any]) -> None:
        if record["episode"] > 0:
            self.begin_next()
        self._check(record)

    def _apply_step(self, record: dict[str, Any]) -> None:
        self.finish()
        actions = np.array(record["actions"], np.int64)
        if self.others is not None:
            proposed, _ = self.choose()
            mine = [k for k in range(len(actions)) if k not in self.config.played]
            if (proposed != actions)[mine].any():
                self.differences.append(self.game.lifetime)
        self.step(actions)
        self._check(record)

    def _apply_over(self, record: dict[str, Any]) -> None:
        self.finish()
        self.over = True

    def _apply_close(self, record: dict[str, Any]) -> None:
        self.finish()
        self.sitting.clear()
        self.closed = True

    def _check(self, record: dict[str, Any]) -> None:
        """Raises `LogError` unless the world is in the state that was recorded."""
        if record["state"] != self.game.digest():
            world = self.game.world
            raise LogError(
                f"Record {record['n']} says that {world.name} (version {world.version}) was in "
                f"another state after step {self.game.step} of episode {self.game.episode} than it "
                "comes to now. The world's rules have changed since; use the version of prosocial "
                "that the header names."
            )
