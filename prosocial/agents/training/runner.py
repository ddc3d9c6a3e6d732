"""RLlib's environment runner over a batch of worlds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import WEIGHTS_SEQ_NO
from safetensors.numpy import load, save

from prosocial.agents.partners.population import Population
from prosocial.envs.engine.batch import Batch
from prosocial.envs.engine.errors import ConfigError, ResetNeededError

from .rollout import Rollout, collect
from .world_setup import WorldSetup

WORLDS = "worlds"  # component of the state: the worlds and who acts in them, as bytes
_PARTNERS = "partners/"


def share(num_worlds: int, runner: int, num_runners: int) -> tuple[int, int]:
    """Returns (first, count): which worlds runner number ``runner`` (from 0) steps.

    Together the runners step worlds 0 .. num_worlds - 1, as a single runner would.
    """
    cuts = np.linspace(0, num_worlds, num_runners + 1).astype(int)
    return int(cuts[runner]), int(cuts[runner + 1] - cuts[runner])


class BatchEnvRunner(EnvRunner, Checkpointable):
    """Steps its share of the worlds of a phase, all in one batch.

    ``env_config`` gives ``num_worlds`` and ``rollout_steps``, both over all runners. A runner keeps
    nothing that ``collect`` is not given anew, so one that was lost can be replaced by another
    without any change of results.

    Attributes:
        module: The policy, a MultiRLModule.
        env: The batch, None before the first phase.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        remote = bool(self.worker_index)
        if remote:
            torch.set_num_threads(1)
        settings = self.config.env_config
        index, count = (self.worker_index - 1, self.num_workers) if remote else (0, 1)
        self._first, self._num_worlds = share(settings["num_worlds"], index, count)
        self._steps = settings["rollout_steps"] // settings["num_worlds"]
        self._setup: WorldSetup | None = None
        self._partners: Population | None = None
        self._weights_seq_no = 0
        self.env: Batch | None = None
        self._module_spec: Any = self.config.rl_module_spec
        self.make_module()

    def make_module(self) -> None:
        """Builds the policy module; the specification holds all that it needs."""
        self.module: Any = self._module_spec.build()

    def make_env(self) -> None:
        """Builds the batch of the present phase and resets it."""
        if self._setup is not None:
            self.env = self._setup.make_batch(self._num_worlds, self._first)
            self._partners = self._setup.make_partners(self.env.num_agents)
            self.env.reset()

    def set_phase(self, setup: WorldSetup) -> None:
        """Begins a phase; nothing happens if it is the present one."""
        if setup != self._setup:
            self._setup = setup
            self.make_env()

    def get_spaces(self) -> dict[str, tuple[Any, Any]]:
        """Returns observation and action space by module, and for the environment."""
        pair = self.config.observation_space, self.config.action_space
        modules = self._module_spec.rl_module_specs
        return {name: pair for name in (INPUT_ENV_SPACES, INPUT_ENV_SINGLE_SPACES, *modules)}

    def sample(self, **kwargs: Any) -> Rollout:
        """Steps the worlds on from where they are; see ``rollout.collect``.

        Raises:
            ResetNeededError: No phase was set.
        """
        if self.env is None:
            raise ResetNeededError("This runner has no worlds yet: call set_phase before sample.")
        (module_id,) = self.module.keys()
        rollout = collect(self.module[module_id].net, self.env, self._steps, self._partners)
        self.num_env_steps_sampled_lifetime += rollout.world_steps
        return rollout

    def collect(
        self, weights: Any, setup: WorldSetup, worlds: np.ndarray | None
    ) -> tuple[Rollout, np.ndarray]:
        """Samples one rollout; a function of its arguments alone.

        Args:
            weights: State of the module, or a reference to it.
            setup: The phase.
            worlds: What the call before returned; None: the phase begins.

        Returns:
            The rollout, and the worlds after it with all that is remembered in them, uint8.
        """
        self.set_state({COMPONENT_RL_MODULE: weights})
        if worlds is None:
            self._setup = None
        self.set_phase(setup)
        if worlds is not None:
            self.set_state({WORLDS: worlds})
        rollout = self.sample()
        return rollout, self.get_state(components=WORLDS)[WORLDS]

    def get_state(
        self,
        components: str | Collection[str] | None = None,
        *,
        not_components: str | Collection[str] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Returns the weights, and the worlds with all that is remembered in them."""
        state: dict[str, Any] = {}
        if self._check_component(COMPONENT_RL_MODULE, components, not_components):
            state[COMPONENT_RL_MODULE] = self.module.get_state(**kwargs)
            state[WEIGHTS_SEQ_NO] = self._weights_seq_no
        if self._check_component(WORLDS, components, not_components) and self.env is not None:
            state[WORLDS] = self._memory()
        return state

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Takes over weights and worlds, as far as they are given.

        Raises:
            ConfigError: Worlds are given before ``set_phase``, or they are of another phase.
        """
        if COMPONENT_RL_MODULE in state:
            weights = state[COMPONENT_RL_MODULE]
            if isinstance(weights, ray.ObjectRef):
                weights = ray.get(weights)
            self.module.set_state(weights)
            self._weights_seq_no = state.get(WEIGHTS_SEQ_NO, 0)
        if WORLDS in state:
            if self.env is None:
                raise ConfigError("Worlds are given, but no phase: call set_phase first.")
            self._recall(state[WORLDS])

    def _memory(self) -> np.ndarray:
        """Returns the memory of the batch and of the partners as safetensors' bytes, uint8."""
        assert self.env is not None
        memory = self.env.memory()
        if self._partners is not None:
            memory |= {f"{_PARTNERS}{name}": a for name, a in self._partners.state().items()}
        return np.frombuffer(save(memory), np.uint8)

    def _recall(self, saved: np.ndarray) -> None:
        assert self.env is not None
        if saved.ndim == 2:  # version 0.1 saved the bytes of the worlds alone
            self.env.set_state(saved)
            return
        memory = load(saved.tobytes())
        self.env.recall({n: a for n, a in memory.items() if not n.startswith(_PARTNERS)})
        if self._partners is not None:
            own = {n: a for n, a in memory.items() if n.startswith(_PARTNERS)}
            self._partners.restore({n.removeprefix(_PARTNERS): a for n, a in own.items()})

    def get_metrics(self) -> Any:
        """Returns RLlib's own counters; what the worlds did is in the rollouts."""
        return self.metrics.reduce()

    def assert_healthy(self) -> None:
        """Raises AssertionError unless the runner was constructed."""
        assert self.module is not None

    def stop(self) -> None:
        """Ends the batch."""
        if self.env is not None:
            self.env.close()

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns what rebuilds this runner."""
        indices = {"worker_index": self.worker_index, "num_workers": self.num_workers}
        return (), {"config": self.config, **indices}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        """Returns the parts that are saved by themselves."""
        return [(COMPONENT_RL_MODULE, self.module)]
