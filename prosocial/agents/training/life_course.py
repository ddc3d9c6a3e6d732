"""A life: phases in order, from one configuration, resumable after every iteration."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from prosocial.agents.caregivers.making import make_caregiver
from prosocial.agents.mind.config import make_mind
from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.policies.acting import evaluate
from prosocial.agents.recording import RECORDINGS
from prosocial.agents.recording import Recorder as EpisodeRecorder
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.registry import build
from prosocial.envs.engine.world import World

from .checkpoint import Checkpoint, paths
from .config import PhaseConfig, TrainConfig
from .episodes import goal_event
from .internalization import Internalization
from .memory import keep_freed_memory
from .progress import describe
from .recorded import ReadSessions, join_experience
from .records import Recorder
from .run_folder import RunFolder, read_checkpoint, read_config, read_experience
from .trainer import Iteration, Trainer
from .world_setup import WorldSetup, derived_seed

OnIteration = Callable[[dict[str, Any]], None]
# Purposes of derived seeds; the policy network has 1, the order of minibatches 2.
_ISR_SEED, _WORLDS_SEED, _EVALUATION_SEED = 3, 4, 5
_EVALUATION_WORLDS = 100
POSTERIORS = "posteriors"  # folder of the traces of the mind, one file for each evaluation
_TRACED_WORLDS = 4
# What makes a caregiver tell its whole truth: always there, without errors and without restraint.
PERFECT: dict[str, Any] = {
    "schedule": "always",
    "miss": 0.0,
    "false_alarm": 0.0,
    "noise_sd": 0.0,
    "teaching": None,
}


@dataclass
class Position:
    """Where in its life a run is; counts over a whole life include those of its ancestors.

    Attributes:
        phase: Index of the present phase in this run.
        phase_steps: World steps taken in it.
        env_steps: World steps of the whole life.
        iteration: Iterations of the whole life.
        earlier_phases: Phases of the ancestors.
    """

    phase: int = 0
    phase_steps: int = 0
    env_steps: int = 0
    iteration: int = 0
    earlier_phases: int = 0

    @property
    def phase_start(self) -> int:
        """World steps of the whole life when the phase began."""
        return self.env_steps - self.phase_steps


class LifeCourse:
    """Trains one learner through the phases of its life.

    Example:
        >>> LifeCourse(config, "outputs/my_life").run(on_iteration=print)

    Args:
        config: The life.
        folder: Its run folder; a run that was interrupted there goes on from its last checkpoint.
        read_sessions: Reads the sessions that ``config.recorded`` names
            (`prosocial.play.learning.experience.read_sessions`); it is asked once in a life.

    Raises:
        ConfigError: A world or caregiver of the configuration cannot be built, or sessions are to
            be read and nobody can.
    """

    def __init__(
        self, config: TrainConfig, folder: Path | str, read_sessions: ReadSessions | None = None
    ) -> None:
        config.check_worlds()
        if config.recorded and read_sessions is None:
            raise ConfigError(
                f"recorded is {list(config.recorded)}, and read_sessions is not given. Use "
                "`prosocial train`, which reads them, or give "
                "prosocial.play.learning.experience.read_sessions."
            )
        self._read_sessions = read_sessions
        self._config = config
        self._path = Path(folder)

    def run(self, on_iteration: OnIteration | None = None) -> None:
        """Lives all phases that are not lived yet; nothing happens to a finished run.

        Args:
            on_iteration: Called after each iteration with its row of the table ``metrics``.

        Raises:
            RunFolderError: The folder holds another run, or is in use.
            ConfigError: The parent is unfinished or does not fit; or a session cannot be read, does
                not fit, or holds too little feedback.
            DivergedError: The loss is no longer finite.
        """
        torch.set_num_threads(self._config.torch_threads)
        keep_freed_memory()
        recorded = self._recorded()
        with RunFolder.open(self._path, self._config) as folder:
            if folder.finished:
                folder.log("nothing to do: the run is finished")
                return
            life = _Life(self._config, folder)
            try:
                if recorded is not None:
                    life.receive(*recorded)
                life.run(on_iteration)
            finally:
                life.close()
            folder.finish()

    def _recorded(self) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]] | None:
        """Returns the experience of recorded sessions, if it is not in the run folder yet."""
        config, read = self._config, self._read_sessions
        if not config.recorded or read is None or paths(self._path / "checkpoints"):
            return None
        world = build(config.world, **config.phase_world(config.phases[0]))
        return join_experience(read(config.recorded), world, config.isr)


class _Life:
    """A run under way."""

    def __init__(self, config: TrainConfig, folder: RunFolder) -> None:
        self._config = config
        self._folder = folder
        self._position = Position()
        world = self._setup(config.phases[0]).build()
        self._trainer = Trainer(config, world)
        self._internalization = Internalization(config.isr, world, config.seed)
        self._recorder = self._make_recorder(config.phases[0])
        self._restore(folder.restore())

    def run(self, on_iteration: OnIteration | None) -> None:
        phases = self._config.phases
        while self._position.phase < len(phases):
            phase = phases[self._position.phase]
            if self._position.phase_steps == 0:
                self._begin(phase)
            while self._position.phase_steps < phase.steps:
                row = self._iterate(phase)
                if on_iteration is not None:
                    on_iteration(row)
            self._end()

    def receive(self, columns: dict[str, np.ndarray], sessions: list[dict[str, Any]]) -> None:
        """Takes over recorded experience; from now on the run folder has all that it needs."""
        self._internalization.receive(columns)
        self._folder.note("recorded", sessions)
        for session in sessions:
            self._folder.log("recorded caregiver: {path}: {transitions} steps, {praised} praised, "
                             "{blamed} blamed".format(**session))  # fmt: skip
        self._save()

    def close(self) -> None:
        self._trainer.close()

    def _begin(self, phase: PhaseConfig) -> None:
        self._folder.status(phase=phase.name)
        self._trainer.begin_phase()
        self._recorder = self._make_recorder(phase)
        message = self._internalization.begin_phase(phase, self._isr_seed())
        if message:
            self._folder.log(message)

    def _iterate(self, phase: PhaseConfig) -> dict[str, Any]:
        start = time.perf_counter()
        position, internalization = self._position, self._internalization
        result = self._trainer.iterate(
            self._setup(phase),
            position.iteration,
            internal_reward=internalization.model if phase.internal_reward else None,
            learn=phase.learn,
        )
        if phase.collect:
            internalization.collect(
                result.rollout, position.iteration, self._watched(phase, result)
            )
        measured, episodes = self._recorder.add(result)
        place = {**self._place(phase), "iteration": position.iteration}
        before = position.phase_steps
        position.iteration += 1
        position.env_steps += result.rollout.world_steps
        position.phase_steps += result.rollout.world_steps
        steps = {"env_steps": position.env_steps, "phase_steps": position.phase_steps}
        row = {**place, **steps, **measured, "seconds": time.perf_counter() - start}
        self._folder.append("metrics", [row])
        self._folder.log(f"{phase.name} {position.phase_steps} steps: {describe(row)}")
        length = len(episodes["episode"])
        self._folder.append("episodes", {k: [v] * length for k, v in place.items()} | episodes)
        every = self._config.evaluation.every_steps
        ended = position.phase_steps >= phase.steps
        if ended or (every and before // every < position.phase_steps // every):
            self._evaluate(phase)
        if not ended and position.iteration % self._config.checkpoint_every == 0:
            self._save()
        return row

    def _end(self) -> None:
        self._position.phase += 1
        self._position.phase_steps = 0
        self._trainer.begin_phase()
        self._save()

    def _evaluate(self, phase: PhaseConfig) -> None:
        config = self._config
        options = config.evaluation
        for number, name in enumerate(options.worlds):
            seed = derived_seed(config.seed, _EVALUATION_SEED, number)
            caregiver = config.caregiver.replace(**PERFECT)
            world = config.evaluation_world(name)
            setup = WorldSetup(config.world, world, caregiver, seed, mind=config.mind)
            batch = setup.make_batch(min(options.episodes, _EVALUATION_WORLDS))
            trace = self._trace(batch.world)
            recorder = self._record(phase, name, seed, trace)
            rows = evaluate(
                self._trainer.policy, batch, options.episodes, greedy=options.greedy, trace=trace,
                recorder=recorder,
            )  # fmt: skip
            file = f"{self._position.env_steps:010d}-{phase.name}-{name}.npz"
            if trace is not None:
                trace.trace().save(self._folder.path / POSTERIORS / file)
            if recorder is not None:
                recorded = recorder.recording()
                count = min(options.recorded_episodes, len(recorded.episodes))
                recorded.select(range(count)).save(self._folder.path / RECORDINGS / file)
            place = {**self._place(phase), "env_steps": self._position.env_steps, "world": name}
            goal = goal_event(batch.world)
            kept = ("episode", "length", "env_return", "social_return", "return")
            table = [
                {**place, **{k: row[k] for k in kept}, "goals": row[goal] if goal else math.nan}
                for row in rows
            ]
            self._folder.append("evaluations", table)

    def _trace(self, world: World) -> PosteriorTrace | None:
        """Returns what records the posteriors of an evaluation; None without a mind."""
        mind = self._config.mind
        worlds = max(_TRACED_WORLDS, self._config.evaluation.recorded_episodes)
        return None if mind is None else PosteriorTrace(make_mind(world, mind), worlds)

    def _record(
        self, phase: PhaseConfig, world: str, seed: int, trace: PosteriorTrace | None
    ) -> EpisodeRecorder | None:
        """Returns what records episodes of an evaluation; None if none is to be recorded."""
        count = self._config.evaluation.recorded_episodes
        if not count:
            return None
        config, steps = self._config, self._position.env_steps
        source = {"name": config.name, "condition": config.condition, "training_seed": config.seed}
        source |= {"phase": phase.name, "env_steps": steps, "evaluation": world, "seed": seed}
        return EpisodeRecorder("learner", source, max_worlds=count, trace=trace)

    def _place(self, phase: PhaseConfig) -> dict[str, Any]:
        index = self._position.earlier_phases + self._position.phase
        return {"phase": phase.name, "phase_index": index}

    def _setup(self, phase: PhaseConfig) -> WorldSetup:
        config = self._config
        seed = derived_seed(config.seed, _WORLDS_SEED, self._position.phase_start)
        caregiver = config.phase_caregiver(phase)
        world = config.phase_world(phase)
        return WorldSetup(config.world, world, caregiver, seed, phase.partners, config.mind)

    def _make_recorder(self, phase: PhaseConfig) -> Recorder:
        setup = self._setup(phase)
        return Recorder(setup.build(), self._config.ppo.num_worlds, setup.partners)

    def _watched(self, phase: PhaseConfig, result: Iteration) -> np.ndarray:
        """Returns the learners that the caregiver of a phase watches, indices of agents."""
        setup = self._setup(phase)
        caregiver = make_caregiver(setup.caregiver, setup.build())
        assert caregiver is not None  # a configuration always makes one
        watched = caregiver.watched(result.rollout.actions.shape[2])
        return result.learners[watched[result.learners]]

    def _isr_seed(self) -> int:
        return derived_seed(self._config.seed, _ISR_SEED, self._position.phase_start)

    def _save(self) -> None:
        unsaved = self._internalization.unsaved()
        if unsaved is not None:
            self._folder.add_experience(unsaved)
        sums = {f"episodes/{name}": array for name, array in self._recorder.sums.state().items()}
        state = {
            "position": dataclasses.asdict(self._position),
            "policy": self._trainer.policy.settings,
        }
        tensors = self._trainer.state_tensors() | self._internalization.state_tensors() | sums
        self._folder.save(self._position.env_steps, tensors, state)

    def _restore(self, found: Checkpoint | None) -> None:
        """Goes on from a checkpoint of this run, else from the end of the parent's."""
        config = self._config
        if config.parent is not None and any(p.fit_isr != "none" for p in config.phases):
            self._internalization.recall(_experience_of(config.parent))
        if found is not None:
            self._position = Position(**found.state["position"])
            self._trainer.load(found.tensors)
            self._internalization.recall(self._folder.experience())
            self._internalization.load(found.tensors, self._isr_seed())
            if self._position.phase_steps:
                self._restore_phase(found.tensors)
        elif config.parent is not None:
            self._inherit(Path(config.parent))

    def _restore_phase(self, tensors: dict[str, np.ndarray]) -> None:
        phase = self._config.phases[self._position.phase]
        self._recorder = self._make_recorder(phase)
        self._trainer.load_traces(tensors, self._setup(phase).build().num_agents)
        prefix = "episodes/"
        sums = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
        self._recorder.sums.restore(sums)

    def _inherit(self, parent: Path) -> None:
        found, phases = read_checkpoint(parent), read_config(parent).phases
        position = Position(**found.state["position"])
        if position.phase < len(phases):
            raise ConfigError(
                f"The parent {parent} is in phase {position.phase + 1} of {len(phases)}; finish it "
                "first, then start this run again."
            )
        settings = self._trainer.policy.settings
        held = {"network": "grid_cnn", **found.state["policy"]}  # unnamed in version 0.1
        if held != settings:
            raise ConfigError(
                f"The parent {parent} has a policy with {held}; this run needs {settings}. "
                "Give both the same world and policy configuration."
            )
        self._trainer.load(found.tensors)
        self._internalization.load(found.tensors, seed=0)
        self._position = dataclasses.replace(
            position, phase=0, earlier_phases=position.earlier_phases + len(phases)
        )


def _experience_of(path: Path | str) -> Iterator[dict[str, np.ndarray]]:
    """Yields the chunks of social experience of a finished run, those of its ancestors first."""
    parent = read_config(path).parent
    if parent is not None:
        yield from _experience_of(parent)
    yield from read_experience(path, read_checkpoint(path))
