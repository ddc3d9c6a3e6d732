"""A learner who takes part in a session: it acts, feels the person's feedback and learns from it.

The update is that of `prosocial train`: transitions become a rollout, its utility is
U = R_e + P R_s + (1 - P) R_i, and RLlib's PPO learner updates the policy, in this process and
without a Ray cluster.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from prosocial.agents.policies.acting import sample_actions
from prosocial.agents.training.checkpoint import Checkpoint
from prosocial.agents.training.config import PhaseConfig, PPOConfig, TrainConfig
from prosocial.agents.training.internalization import Internalization
from prosocial.agents.training.life_course import Position
from prosocial.agents.training.rollout import Rollout
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.agents.training.trainer import Iteration, Trainer
from prosocial.agents.training.utility import utility
from prosocial.envs.engine import Batch, ConfigError, World
from prosocial.envs.social import CaregiverConfig
from prosocial.play.config import PlayConfig
from prosocial.play.session.transitions import Transition

from .config import LiveConfig
from .rollout import LiveStep, credited, live_rollout
from .run_folder import LiveRun

PHASE = "live"  # the one phase of the run folder of a session


class LiveLearner:
    """One policy that acts for its agents and learns from every step of a session.

    Which weights act in which step depends on the configuration and on the calls alone: an update
    that is made meanwhile, in another thread, comes into use a fixed number of steps later. So the
    same calls make the same learner, bit for bit, and a session can be resumed from its log.

    Args:
        config: World, policy, seed and ISR, as a life of one phase; ``parent`` is the run that it
            goes on from.
        world: The world of the session.
        slots: Numbers of the agents that it acts for.
        live: How it learns; replaces ``config.ppo``.

    Raises:
        ConfigError: The parent's policy does not fit the world, or was trained with a mind.
    """

    def __init__(
        self, config: TrainConfig, world: World, slots: Sequence[int], live: LiveConfig
    ) -> None:
        torch.set_num_threads(1)  # the bits of a forward pass depend on it
        self._config = config.replace(ppo=PPOConfig(**vars(live.ppo)))
        self._live = live
        self._slots = np.array(slots, np.int64)
        self._trainer = Trainer(self._config, world)
        self._internalization = Internalization(config.isr, world, config.seed)
        self._position = Position(phase=1)
        if config.parent is not None:
            self._inherit(Path(config.parent), world)
        self._policy = copy.deepcopy(self._trainer.policy)  # who acts while the other is updated
        self._transform = config.reward_transform.make()
        self._transform.begin(1, world.num_agents)
        self._run = LiveRun(world, self._slots, self._position)
        self._steps: list[LiveStep] = []
        self._thought: tuple[np.ndarray, np.ndarray] | None = None
        self._taken = self._due = 0
        self._worker = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self._pending: Future[tuple[Iteration, float]] | None = None

    @property
    def updates(self) -> int:
        """Updates that are in use."""
        return self._run.updates

    def act(self, batch: Batch) -> np.ndarray:
        """Returns sampled actions of all agents, int64 (1, N).

        The noise of the sample is addressed by the world's seed and step, as in training.

        Raises:
            DivergedError: The loss of an update was not finite.
        """
        if self._pending is not None and self._taken >= self._due:
            self._adopt()
        logits, values = self._think(batch.observations[0])
        self._thought = logits, values
        return sample_actions(logits[None], batch.state["seed"], batch.state["step"])

    def take(self, transition: Transition) -> None:
        """Keeps a final transition; with the last one of a rollout the next update begins.

        Args:
            transition: Of the step that ``act`` was asked for last.

        Raises:
            ConfigError: ``act`` was not asked.
            DivergedError: The loss of an update was not finite.
        """
        if self._thought is None:
            raise ConfigError("take was given a transition without act; ask act first.")
        (logits, values), self._thought = self._thought, None
        truncated = transition.done and not transition.terminated
        final = self._think(transition.next_observations)[1] if truncated else np.zeros_like(values)
        chosen = torch.from_numpy(transition.actions)[:, None]
        log_probs = torch.log_softmax(torch.from_numpy(logits), -1).gather(-1, chosen)[:, 0]
        self._steps.append(LiveStep(transition, logits, log_probs.numpy(), values, final))
        self._taken += 1
        if len(self._steps) >= self._live.ppo.rollout_steps + self._live.credit_steps - 1:
            self._begin_update()

    def status(self) -> str:
        """Returns how many updates were made, and when the next one comes, for the page."""
        left = self._live.ppo.rollout_steps + self._live.credit_steps - 1 - len(self._steps)
        if self._pending is not None:
            return f"learning ({self.updates} updates before)"
        return f"{self.updates} updates, the next in {left} steps"

    def save(self, folder: str | Path) -> None:
        """Writes a run folder that `prosocial evaluate`, `watch` and `train parent=` can read.

        It is called at the end of the session. Steps after the last rollout are not learned from,
        but they are experience. A folder that an earlier save made is replaced; nothing is written
        if no step was made.

        Args:
            folder: The run folder.

        Raises:
            RunFolderError: The folder holds something else.
            DiskFullError: The disk is full.
        """
        if self._pending is not None:
            self._adopt()
        if not self._taken:
            return
        if self._steps:
            rest = live_rollout(self._steps, self._last_values(self._steps[-1]))
            self._collect(rest)
            self._steps = []
        phase = PhaseConfig(PHASE, steps=self._taken, collect=True)
        config = self._config.replace(phases=(phase,))
        self._run.write(Path(folder), config, self._trainer, self._internalization, self._taken)

    def _inherit(self, parent: Path, world: World) -> None:
        """Goes on from the last checkpoint of a run."""
        found: Checkpoint = read_checkpoint(parent)
        settings, held = self._trainer.policy.settings, found.state["policy"]
        if {"network": "grid_cnn", **held} != settings:  # unnamed in version 0.1
            raise ConfigError(
                f"The policy of {parent} is {held}; {world.name} as configured needs {settings}. "
                "Give the session the world and options that the run was trained with."
            )
        self._trainer.load(found.tensors)
        self._trainer.begin_phase()
        self._internalization.load(found.tensors, seed=0)
        position = Position(**found.state["position"])
        earlier = position.earlier_phases + len(read_config(parent).phases)
        self._position = Position(1, 0, position.env_steps, position.iteration, earlier)

    @torch.inference_mode()
    def _think(self, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns logits (N, num_actions) and values (N,) for observations (N, ...)."""
        logits, values = self._policy(torch.from_numpy(observations))
        return logits.numpy(), values.numpy()

    def _last_values(self, step: LiveStep) -> np.ndarray:
        return self._think(step.transition.next_observations)[1]

    def _begin_update(self) -> None:
        length = self._live.ppo.rollout_steps
        rollout = live_rollout(self._steps[:length], self._last_values(self._steps[length - 1]))
        felt = credited(self._steps, length, self._live.credit_steps)
        self._steps = self._steps[length:]
        self._collect(rollout)
        self._pending = self._worker.submit(self._update, rollout, felt, self._run.iteration)
        self._due = self._taken + self._live.hand_over
        if not self._live.hand_over:
            self._adopt()

    def _update(
        self, rollout: Rollout, felt: np.ndarray, iteration: int
    ) -> tuple[Iteration, float]:
        """Updates the policy that does not act; returns what it learned from, and the seconds."""
        start = time.perf_counter()
        given, rollout.social_rewards = rollout.social_rewards, felt
        terms = utility(rollout, self._internalization.model, self._transform)
        rollout.social_rewards = given
        losses = self._trainer.learn(rollout, terms.total, iteration, self._slots)
        return Iteration(rollout, terms, losses, self._slots), time.perf_counter() - start

    def _adopt(self) -> None:
        """Takes the updated weights into use, as soon as they are there."""
        assert self._pending is not None
        pending, self._pending = self._pending, None
        iteration, seconds = pending.result()
        self._policy.load_state_dict(self._trainer.policy.state_dict())
        self._run.add(iteration, seconds)

    def _collect(self, rollout: Rollout) -> None:
        self._internalization.collect(rollout, self._run.iteration, self._slots)


def make_learner(config: PlayConfig, world: World, slots: Sequence[int]) -> LiveLearner:
    """Returns the learner of a session, from a run folder or from random weights.

    Args:
        config: The session.
        world: Its world.
        slots: Numbers of the agents that learn.

    Raises:
        ConfigError: The run cannot be read, or its policy does not fit or cannot go on learning.
        CheckpointError: The run has no good checkpoint.
    """
    live = config.learner
    shared = {
        "name": "play",
        "condition": "live",
        "seed": config.seed,
        "world": config.world,
        "world_config": config.world_config,
        "caregiver": config.caregiver or CaregiverConfig(),
        "phases": (PhaseConfig(PHASE, collect=True),),
        "num_env_runners": 0,
        "torch_threads": 1,
        "device": "cpu",
    }
    if config.run is None:
        train = TrainConfig(policy=live.policy, isr=live.isr, **shared)
        return LiveLearner(train, world, slots, live)
    before = read_config(config.run)
    if before.mind is not None:
        raise ConfigError(
            f"The policy of {config.run} was trained with a mind ({before.mind.kind}), which a "
            "session does not hold. It can take part without learning: learning=false."
        )
    train = before.replace(parent=config.run, recorded=(), **shared)
    return LiveLearner(train, world, slots, live)
