"""Playing a text run to its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.text import MEDIATOR, GovSimText, Request

from .protocol import TextAgent
from .transcript import Recorder, Transcript


def play(
    game: GovSimText,
    agents: Mapping[str, TextAgent],
    seed: int,
    transcript: Transcript | None = None,
    watch: Callable[[Request], None] | None = None,
) -> None:
    """Plays one run; its result is in ``game.rows`` and ``game.conversations``.

    Args:
        game: The run; it is reset.
        agents: Who answers for "agent_0", "agent_1", ... and, with communication, "mediator".
        seed: Seed of the run, an int in [0, 2**64).
        transcript: Where answers are kept, and taken from as far as it goes; None for nowhere.
        watch: Called with each request before it is answered.

    Raises:
        ConfigError: An agent is missing.
    """
    wanted = [*game.world.agents, *([MEDIATOR] if game.config.communication else [])]
    missing = [name for name in wanted if name not in agents]
    if missing:
        raise ConfigError(f"There is no text agent for {', '.join(missing)}.")

    def describe(answer: str) -> dict[str, Any]:
        return _described(game, answer)

    if transcript is not None:
        agents = {name: Recorder(agents[name], transcript, describe) for name in wanted}
    request: Request | None = game.reset(seed)
    while request is not None:
        if watch is not None:
            watch(request)
        request = game.step(agents[request.agent].act(request.prompt))


def _described(game: GovSimText, answer: str) -> dict[str, Any]:
    """Returns what a transcript keeps beside a prompt and its answer."""
    request, reading = game.request, game.read(answer)
    if request is None:
        return {}
    return {
        "agent": request.agent,
        "name": request.name,
        "phase": str(request.phase),
        "round": request.round,
        "day": request.day.isoformat(),
        "attempt": request.attempt,
        "read": dataclasses.asdict(reading),
    }
