"""Keys: every action of every world has one, none has two meanings."""

from __future__ import annotations

from enum import IntEnum

import pytest

import prosocial
from prosocial.envs.engine import build
from prosocial.play.session.keys import CONTROLS, choices, keys_of, numbered

OTHER_ACTIONS = [
    ("clean_up", {"moves": "absolute"}),
    ("commons_harvest", {"moves": "absolute"}),
    ("helping_grid", {"action_set": "full"}),
    ("helping_grid", {"action_set": "declared"}),
    ("food_trucks", {"eating": "action"}),
]


@pytest.mark.parametrize(
    ("name", "options"), [*((w, {}) for w in prosocial.worlds()), *OTHER_ACTIONS]
)
def test_every_action_can_be_chosen_and_no_key_means_two_things(name: str, options: dict) -> None:
    world = build(name, **options)
    told = choices(world)
    if told["kind"] == "number":
        assert (told["low"], told["high"]) == (0, world.num_actions - 1)
        assert told["label"] == "demand"
        assert keys_of(world) == {}
        return
    assert [c["number"] for c in told["list"]] == list(range(world.num_actions))
    keys = [key for choice in told["list"] for key in choice["keys"]]
    assert all(choice["keys"] for choice in told["list"])
    assert len(set(keys)) == len(keys)
    # For agents these keys do something else; q ends a session in the terminal.
    assert not set(keys) & {*CONTROLS["next"], *CONTROLS["pause"], "q", "?", "<", ">"}


def test_moves_have_the_arrows() -> None:
    keys = {c["name"]: c["keys"][0] for c in choices(build("kitchen"))["list"]}
    assert keys == {
        "STAY": " ", "NORTH": "ArrowUp", "SOUTH": "ArrowDown", "WEST": "ArrowLeft",
        "EAST": "ArrowRight",
    }  # fmt: skip
    turning = {c["name"]: c["keys"][0] for c in choices(build("clean_up"))["list"]}
    assert (turning["FORWARD"], turning["TURN_LEFT"], turning["CLEAN"]) == (
        "ArrowUp",
        "ArrowLeft",
        "c",
    )


def test_unknown_actions_have_spare_keys() -> None:
    class Dance(IntEnum):
        STAY = 0
        JUMP = 1
        SPIN = 2

    class Dancing:
        actions = Dance
        num_actions = 3

    assert keys_of(Dancing()) == {0: (" ", "5"), 1: ("1",), 2: ("2",)}  # type: ignore[arg-type]
    assert numbered(Dancing()) is None  # type: ignore[arg-type]
