"""What a session needs is compiled before its first step is waited for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import prosocial
from prosocial.play.config import PlayConfig
from prosocial.play.session.warming import compile_ahead

# A process of its own: in this one everything may have been called before.
_PLAY = """
import gc, sys
from numba.core.dispatcher import Dispatcher
from prosocial.play.config import PlayConfig
from prosocial.play.session.state import PlayState
from prosocial.play.session.warming import compile_ahead

def compiled():
    return sum(len(d.overloads) for d in gc.get_objects() if isinstance(d, Dispatcher))

config = PlayConfig(world=sys.argv[1])
if sys.argv[2] == "ahead":
    compile_ahead(config)
before = compiled()
state = PlayState(config)
for _ in range(3):
    actions, _ = state.choose()
    actions[actions < 0] = 0
    state.step(actions)
    state.finish()
print(compiled() - before)
"""


def _compiled_while_playing(world: str, how: str) -> int:
    command = [sys.executable, "-c", _PLAY, world, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return int(done.stdout)


@pytest.mark.parametrize("world", ["kitchen", "rendezvous"])
def test_nothing_is_compiled_while_people_play(world: str) -> None:
    assert _compiled_while_playing(world, "not") > 0
    assert _compiled_while_playing(world, "ahead") == 0


@pytest.mark.parametrize("world", prosocial.worlds())
@pytest.mark.parametrize("seat", ["agent", "caregiver"])
def test_every_session_can_be_prepared(world: str, seat: str) -> None:
    config = PlayConfig.from_mapping({"world": world, "seat": seat})
    compile_ahead(config)
    compile_ahead(config.replace(learning=True, pace=0))


def test_the_end_of_an_episode_is_passed() -> None:
    compile_ahead(PlayConfig(world="caregiver_grid", world_config={"max_steps": 1}), steps=3)
