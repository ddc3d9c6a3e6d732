"""A chat endpoint on this machine, and a whole run in a line."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chat_server import ChatServer

from prosocial.agents.text import ScriptedTextAgent, play
from prosocial.envs.text import GovSimText, TextConfig


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A running server on a free port, reached without any proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ChatServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def played() -> Callable[..., GovSimText]:
    """Plays a run of scripted agents: their policies in order, one for all if it is alone."""

    def play_it(*policies: str, seed: int = 0, **options: Any) -> GovSimText:
        game = GovSimText(TextConfig(**options))
        names = game.world.agents
        chosen = policies * len(names) if len(policies) == 1 else policies
        agents = {n: ScriptedTextAgent(p) for n, p in zip(names, chosen, strict=True)}
        play(game, {**agents, "mediator": ScriptedTextAgent(chosen[0])}, seed)
        return game

    return play_it
