"""Playing a recorded episode again: all that was not recorded follows from what was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import ActionError, Batch, World

from .episodes import Episode, Recording, RecordingError, clean, record_hash


@dataclass(frozen=True, eq=False)
class Played:
    """A recorded episode of T steps with everything that follows from it.

    Attributes:
        world: The configured world.
        episode: What was recorded.
        states: State records before the first and after every step, (T + 1,).
        events: Events of every step, structured uint8 (T, N).
        observations: uint8 (T + 1, N, *observation_shape).
        truncated: Whether the world's time limit ended it.
    """

    world: World
    episode: Episode
    states: np.ndarray
    events: np.ndarray
    observations: np.ndarray
    truncated: bool


def resimulate(recording: Recording, index: int = 0) -> Played:
    """Steps the world anew from the recorded beginning with the recorded actions.

    Args:
        recording: The recording.
        index: Number of the episode, from 0.

    Raises:
        RecordingError: There is no such episode, the world is of another version, an action is not
            one of the world, or what comes out is not what was recorded: rewards, end or final
            state.
    """
    world, episode = recording.build(), recording.episode(index)
    batch = Batch(world, 1, auto_reset=False)
    batch.reset()
    batch.set_state(np.frombuffer(episode.initial.tobytes(), np.uint8)[None])
    steps = episode.length
    states = np.zeros(steps + 1, world.state_dtype)
    events = np.zeros((steps, world.num_agents), world.event_dtype)
    observations = np.zeros((steps + 1, *batch.observations.shape[1:]), np.uint8)
    states[0], observations[0] = batch.state[0], batch.observations[0]
    for t, actions in enumerate(episode.actions):
        if t and batch.done[0]:
            raise _altered(index, f"the episode ended after {t} of {steps} recorded steps")
        try:
            batch.step(actions[None])
        except ActionError as error:
            raise _altered(index, f"at step {t}, {error}") from error
        if not np.array_equal(batch.rewards[0], episode.rewards[t]):
            raise _altered(
                index,
                f"at step {t} the world gives the rewards {batch.rewards[0].tolist()}, recorded "
                f"were {episode.rewards[t].tolist()}",
            )
        states[t + 1], events[t], observations[t + 1] = (
            batch.state[0],
            batch.events[0],
            batch.observations[0],
        )
    if record_hash(batch.state[0]) != episode.final_hash:
        raise _altered(index, "the final state is not the one whose SHA-256 was recorded")
    if bool(batch.terminated[0]) != episode.terminated:
        raise _altered(index, f"the world ends with terminated={batch.terminated[0]}")
    return Played(world, episode, clean(states), events, observations, bool(batch.truncated[0]))


def _altered(index: int, what: str) -> RecordingError:
    return RecordingError(
        f"Episode {index} cannot be played as it was recorded: {what}. The file was altered, or "
        "the rules of the world were changed without a new version; record it anew."
    )
