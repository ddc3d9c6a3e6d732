"""What a key or button counts for, before it is written to the log."""

from __future__ import annotations

from typing import Any

from prosocial.envs.engine import ConfigError
from prosocial.play.config import AGENT, CAREGIVER, MAX_PACE, check_pace

from .errors import PlayError
from .protocol import Feedback, Input, Next, Pace, Pause, Press, Resume
from .seats import Seat
from .state import PlayState


def read_input(state: PlayState, seat: Seat, message: Input) -> dict[str, Any]:
    """Returns the record of a key or button without its number and times.

    Raises:
        PlayError: This seat cannot do that at all, a number is out of range, or nobody sits there.
    """
    if seat.name not in state.sitting:
        raise PlayError(f"Nobody sits at {seat.name!r}; join first.")
    if isinstance(message, Press):
        return _press(state, seat, message)
    if isinstance(message, Feedback):
        return _feedback(state, seat, message)
    if isinstance(message, Next):
        return _next(state, seat, message)
    if isinstance(message, Pace):
        return _pace(state, seat, message)
    kinds = {Pause: "pause", Resume: "resume"}
    return _record(state, kinds[type(message)], seat)


def _record(
    state: PlayState, kind: str, seat: Seat, why: str | None = None, **values: Any
) -> dict[str, Any]:
    """Returns a record about what is shown now; with ``why`` it was not accepted."""
    return {
        "kind": kind,
        "seat": seat.name,
        "episode": state.game.episode,
        "step": state.game.step,
        "accepted": why is None,
        "why": why,
        "late": False,
        **values,
    }


def _press(state: PlayState, seat: Seat, message: Press) -> dict[str, Any]:
    if seat.role != AGENT:
        raise PlayError("The caregiver praises and blames; it has no actions.")
    world = state.game.world
    if not 0 <= message.action < world.num_actions:
        raise PlayError(
            f"There is no action {message.action}; {world.name} has the actions 0 to "
            f"{world.num_actions - 1}."
        )
    late = _is_late(state, message)
    # With a pace the world does not wait, and a key that comes late is meant for what is next.
    why = _standstill(state) or ("the world has moved on" if late and state.pace == 0 else None)
    if why is None and state.game.ended:
        why = "the episode is over"
    values = {"action": message.action, "seen": [message.episode, message.step], "late": late}
    return _record(state, "press", seat, why, **values)


def _feedback(state: PlayState, seat: Seat, message: Feedback) -> dict[str, Any]:
    if seat.role != CAREGIVER:
        raise PlayError("Only the caregiver praises and blames.")
    amount = state.config.praise if message.value == "praise" else state.config.blame
    late = _is_late(state, message)
    why = _standstill(state) if not state.paused else None  # who pauses may think and then judge
    if why is None and late:
        why = "the step is over already"
    elif why is None and not state.judged:
        why = "nothing has happened yet"
    return _record(
        state, "feedback", seat, why,
        value=message.value, amount=amount if why is None else 0.0, agents=state.watched,
        seen=[message.episode, message.step], late=late,
    )  # fmt: skip


def _next(state: PlayState, seat: Seat, message: Next) -> dict[str, Any]:
    late = _is_late(state, message)
    why = _standstill(state) or ("the world has moved on" if late else None)
    if why is None and not can_go_on(state, seat):
        why = "choose an action" if seat.role == AGENT else "there is nothing to wait for"
    return _record(state, "next", seat, why, seen=[message.episode, message.step], late=late)


def can_go_on(state: PlayState, seat: Seat) -> bool:
    """Returns whether the session waits for this seat's Next."""
    if state.pace > 0 or seat.name in state.ready:
        return False
    return state.game.ended or (seat.role == CAREGIVER and state.judged)


def _pace(state: PlayState, seat: Seat, message: Pace) -> dict[str, Any]:
    if not 0 <= message.value <= MAX_PACE:
        raise PlayError(
            f"The pace is {message.value:g}; expected 0 to {MAX_PACE:g} steps a second."
        )
    why = None
    try:
        check_pace(state.game.world, state.config.played, message.value)
    except ConfigError as error:
        why = str(error)
    return _record(state, "pace", seat, why, value=message.value)


def _standstill(state: PlayState) -> str | None:
    """Returns why nothing counts now; None if it does."""
    if state.over:
        return "the session is over"
    return "the session is paused" if state.paused else None


def _is_late(state: PlayState, message: Press | Feedback | Next) -> bool:
    """Returns whether the message is about something other than what is shown now."""
    return (message.episode, message.step) != (state.game.episode, state.game.step)
