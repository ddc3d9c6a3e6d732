"""Looking on while worlds are stepped, and keeping what is needed to see it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.envs.engine import Batch, ConfigError, ResetNeededError, World

from .episodes import Episode, Posteriors, Recording, clean, plain_config, record_hash


@dataclass
class _Running:
    """An episode under way: what was kept of each step so far."""

    place: tuple[int, int, int]  # batch, number of the episode in its world, number of the world
    initial: np.ndarray
    actions: list[np.ndarray] = field(default_factory=list)
    rewards: list[np.ndarray] = field(default_factory=list)
    social: list[np.ndarray] = field(default_factory=list)
    present: list[bool] = field(default_factory=list)
    internal: list[np.ndarray] = field(default_factory=list)
    final_hash: str = ""
    terminated: bool = False


class Recorder:
    """Records the episodes of batches; what is played is the same with and without it.

    Example:
        >>> recorder = Recorder("random", {"seed": 0})
        >>> batch.reset()
        >>> recorder.begin(batch)
        >>> batch.step(actions)
        >>> recorder.step(batch)
        >>> recorder.recording().save("episodes.npz")

    Args:
        labels: Who acts: one name for each agent, or one for all.
        source: Where the episodes come from; see `Recording`.
        max_worlds: Worlds that are recorded, the first ones in the order of play, over all batches;
            >= 1.
        mind: Looks on, and what it infers is recorded; nobody else lets it observe.
        trace: Is read instead, by who lets a mind follow the same batches anyway (begun and stepped
            together with the recorder); it keeps at least as many worlds and episodes.

    Raises:
        ConfigError: ``max_worlds`` is below 1, or both a mind and a trace are given.
    """

    def __init__(
        self,
        labels: str | Sequence[str] = "learner",
        source: Mapping[str, Any] | None = None,
        max_worlds: int = 8,
        mind: Mind | None = None,
        trace: PosteriorTrace | None = None,
    ) -> None:
        if max_worlds < 1:
            raise ConfigError(f"max_worlds is {max_worlds}; expected at least 1.")
        if mind is not None and trace is not None:
            raise ConfigError("A recorder takes a mind or a trace that follows with one, not both.")
        self._labels = labels
        self._source = dict(source or {})
        self._max_worlds = max_worlds
        self._trace = trace
        self._own_trace = None if mind is None else PosteriorTrace(mind, max_worlds)
        self._world: World | None = None
        self._norms: tuple[str, ...] = ()
        self._batches = self._played = self._worlds = 0
        self._episodes: int | None = None
        self._running: list[_Running | None] = []  # by world of the batch
        self._ended: list[_Running] = []

    def begin(self, batch: Batch, episodes: int | None = None) -> None:
        """Begins to record a batch that has just been reset.

        Args:
            batch: Worlds of the same configuration as those recorded before.
            episodes: How many episodes of each world are kept; None for all.

        Raises:
            ConfigError: The batch is of another world or has other norms than the one before.
        """
        if self._world is None:
            self._world, self._norms = batch.world, batch.norm_names
        elif (self._world.name, self._world.config) != (batch.world.name, batch.world.config):
            raise ConfigError(
                f"The recorder was begun with {self._world.name}, this batch is of "
                f"{batch.world.name} or configured otherwise; use a recorder for each."
            )
        if batch.norm_names != self._norms:
            raise ConfigError(
                f"The caregiver of the batch has the norms {batch.norm_names}, that of the one "
                f"before {self._norms}; use a recorder for each."
            )
        self._ended += self._cut_off()
        self._played += self._worlds
        self._worlds = batch.num_worlds
        self._batches += 1
        self._episodes = episodes
        kept = min(max(self._max_worlds - self._played, 0), batch.num_worlds)
        self._seen = batch.state[:kept].copy()
        self._first = self._seen["episode"]
        self._running = [self._start(batch, world) for world in range(kept)]
        if self._own_trace is not None:
            self._own_trace.begin(batch, episodes)

    def step(self, batch: Batch, internal: np.ndarray | None = None) -> None:
        """Records the step that the batch has just made; call it after every step.

        Args:
            batch: The batch that recording was begun with.
            internal: R_i of this step, float (B, N); None: nobody has an internal reward.

        Raises:
            ResetNeededError: ``begin`` was not called.
        """
        if self._world is None:
            raise ResetNeededError("Nothing is recorded yet: call begin(batch) first.")
        if self._own_trace is not None:
            self._own_trace.step(batch)
        for world, running in enumerate(self._running):
            if running is None:
                continue
            running.actions.append(batch.last_actions[world].copy())
            running.rewards.append(batch.rewards[world].copy())
            running.social.append(batch.social_rewards_by_norm[:, world].copy())
            running.present.append(bool(batch.caregiver_present[world]))
            given = np.zeros(batch.num_agents) if internal is None else internal[world]
            running.internal.append(np.array(given, np.float32))
            if batch.done[world]:
                running.terminated = bool(batch.terminated[world])
                last = batch.final_states if batch.auto_reset else batch.state
                running.final_hash = record_hash(last[world, ...])
                self._ended.append(running)
                self._running[world] = self._start(batch, world) if batch.auto_reset else None
        self._seen = batch.state[: len(self._running)].copy()

    def recording(self) -> Recording:
        """Returns what was recorded so far, by batch, then number of the episode, then world.

        Episodes under way are cut off after their last step. Recording may go on afterwards.

        Raises:
            ResetNeededError: ``begin`` was not called.
        """
        if self._world is None:
            raise ResetNeededError("Nothing is recorded yet: call begin(batch) first.")
        episodes = sorted([*self._ended, *self._cut_off()], key=lambda episode: episode.place)
        agents = self._world.agents
        labels = self._labels
        labels = (labels,) * len(agents) if isinstance(labels, str) else tuple(labels)
        return Recording(
            world=self._world.name,
            version=self._world.version,
            config=plain_config(self._world),
            agents=agents,
            norm_names=self._norms,
            labels=labels,
            source=self._source,
            episodes=tuple(map(self._episode, episodes, self._posteriors(episodes))),
        )

    def _start(self, batch: Batch, world: int) -> _Running | None:
        """Returns the episode that begins in a world; None if no more are wanted."""
        number = int(batch.state["episode"][world] - self._first[world])
        if self._episodes is not None and number >= self._episodes:
            return None
        place = (self._batches, number, self._played + world)
        return _Running(place, clean(batch.state[world : world + 1])[0, ...])

    def _cut_off(self) -> list[_Running]:
        """Returns the episodes under way as they are now, those without a step left out."""
        return [
            dataclasses.replace(running, final_hash=record_hash(self._seen[world, ...]))
            for world, running in enumerate(self._running)
            if running is not None and running.actions
        ]

    def _episode(self, running: _Running, posteriors: Posteriors | None) -> Episode:
        return Episode(
            initial=running.initial,
            actions=np.array(running.actions, np.int16),
            rewards=np.array(running.rewards, np.float32),
            social=np.array(running.social, np.float32).swapaxes(0, 1),
            present=np.array(running.present, np.bool_),
            internal=np.array(running.internal, np.float32),
            posteriors=posteriors,
            final_hash=running.final_hash,
            terminated=running.terminated,
        )

    def _posteriors(self, episodes: Sequence[_Running]) -> list[Posteriors | None]:
        """Returns what the mind believed in each episode; Nones without a mind."""
        following = self._own_trace or self._trace
        if following is None or not episodes:
            return [None] * len(episodes)
        trace = following.trace()
        found: list[Posteriors | None] = []
        for running in episodes:
            _, number, world = running.place
            rows = np.flatnonzero((trace.world == world) & (trace.episode == number))
            moments = len(running.actions) + 1
            if len(rows) < moments:
                raise ConfigError(
                    f"The trace keeps {len(rows)} moments of episode {number} of world {world}, "
                    f"recorded were {moments}; let it begin and step with the recorder, with at "
                    "least as many worlds and episodes."
                )
            believed = trace.posterior[rows[:moments]]
            found.append(Posteriors(trace.names, trace.targets, trace.observers, believed))
        return found
