"""The world of a session, without its people: it steps, and remembers what to show."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.agents.caregivers.making import make_caregiver
from prosocial.agents.recording.episodes import record_hash
from prosocial.envs.engine import Batch, World
from prosocial.play.config import PlayConfig

from .transitions import Transition


class Game:
    """One world, stepped by actions, and what its last step was.

    Attributes:
        world: The configured world.
        batch: A batch of this one world, with the scripted caregiver, if there is one.
        norm_names: Names of the scripted norms, (K,).
        episode: Number of the episode that is shown, from 0.
        step: Steps taken in it; 0 before the first.
        ended: Whether its last state is shown; ``begin_next`` then shows the next episode.
        last: The last step of this episode, without a person's feedback; None before the first.
        lifetime: Steps taken in all episodes.
    """

    def __init__(self, config: PlayConfig) -> None:
        self.world: World = config.build()
        caregiver = make_caregiver(config.caregiver, self.world)
        self.batch = Batch(self.world, 1, seed=config.seed, caregiver=caregiver)
        self.norm_names = self.batch.norm_names
        self.batch.reset()
        self.episode = self.step = self.lifetime = 0
        self.ended = False
        self.last: Transition | None = None

    @property
    def record(self) -> np.ndarray:
        """The record of the state that is shown, structured (1,); at its end the final one."""
        return self.batch.final_states if self.ended else self.batch.state

    def advance(self, actions: np.ndarray) -> Transition:
        """Steps the world and returns the step, without any person's feedback.

        Args:
            actions: int64 (N,), one for each agent.
        """
        batch = self.batch
        seen, lifetime = batch.observations[0].copy(), int(batch.state["step"][0])
        batch.step(actions[None])
        self.ended = bool(batch.done[0])
        self.step += 1
        self.lifetime += 1
        after = batch.final_observations if self.ended else batch.observations
        self.last = Transition(
            observations=seen,
            actions=actions.copy(),
            body_actions=self._body_actions(actions),
            env_rewards=batch.rewards[0].copy(),
            social_rewards=batch.social_rewards[0].copy(),
            social_by_norm=batch.social_rewards_by_norm[:, 0].copy(),
            events=batch.events[0].copy(),
            present=bool(batch.caregiver_present[0]),
            done=self.ended,
            terminated=bool(batch.terminated[0]),
            next_observations=after[0].copy(),
            seed=int(self.record["seed"][0]),
            lifetime=lifetime,
            episode=self.episode,
            step=self.step,
        )
        return self.last

    def begin_next(self) -> None:
        """Shows the next episode."""
        self.episode += 1
        self.step = 0
        self.ended = False
        self.last = None

    def digest(self) -> str:
        """Returns the SHA-256 of the shown state in hexadecimal."""
        return record_hash(self.record[0])

    def _body_actions(self, actions: np.ndarray) -> np.ndarray:
        """Returns what the bodies did, int16 (N, K); see ``Transition``."""
        if "actions" not in (self.world.state_dtype.names or ()):
            return actions[:, None].astype(np.int16)
        taken: Any = self.record["actions"][0]
        return np.broadcast_to(taken, (len(actions), len(taken))).astype(np.int16)
