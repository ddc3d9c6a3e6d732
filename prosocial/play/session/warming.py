"""Compiling what a session needs before anybody waits for it."""

from __future__ import annotations

from prosocial.play.config import PlayConfig

from .state import PlayState
from .view import view


def compile_ahead(config: PlayConfig, steps: int = 2) -> None:
    """Makes the first steps of a session in a copy of it that is thrown away.

    The rules of worlds, and the planning and inference of partners, are compiled when they are
    first called, and kept on the disk. On a machine that has never run them that may take half a
    minute; a page would stand still for so long after its first step.

    Args:
        config: The session. A live learner is left out; the world's usual partners act instead.
        steps: How many steps, >= 1; partners with a memory infer from the second on.
    """
    if config.learning:
        config = config.replace(learning=False, run=None)
    state = PlayState(config)
    for _ in range(steps):
        for seat in state.seats.values():
            view(state, seat)
        actions, _ = state.choose()
        actions[actions < 0] = 0  # a world without a default action waits for its people
        state.step(actions)
        state.finish()
        if state.game.ended:
            state.begin_next()
