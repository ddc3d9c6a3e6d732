"""One iteration of training: sample, compute utility and advantages, update the policy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from prosocial.agents.internal_reward.model import InternalReward
from prosocial.agents.policies.building import Policy
from prosocial.envs.engine.errors import ProsocialError
from prosocial.envs.engine.world import World
from prosocial.envs.social.transforms import RewardTransform

from .advantages import generalized_advantages
from .config import TrainConfig
from .internalization import below
from .learner import RolloutPPOLearner
from .rllib_config import LEARNER, algorithm_config, module_spec
from .rollout import Rollout
from .sampler import LocalSampler, Sampler
from .utility import Utility, utility
from .world_setup import WorldSetup, derived_seed

_SHUFFLE_SEED = 2  # purpose of the derived seed


class DivergedError(ProsocialError, RuntimeError):
    """The policy's loss is no longer a finite number."""


@dataclass(frozen=True)
class Iteration:
    """What one iteration gave.

    Attributes:
        rollout: What was experienced.
        utility: What was learned from.
        losses: Means over the minibatches of the update by name; empty if nothing was learned.
        learners: Indices of the agents that learn, int64.
    """

    rollout: Rollout
    utility: Utility
    losses: dict[str, float]
    learners: np.ndarray


class Trainer:
    """A policy, its learner and whoever steps its worlds.

    Args:
        config: The life; worlds, phases and step counts are the caller's business.
        world: Any of its worlds: all have the same observations and actions.
    """

    def __init__(self, config: TrainConfig, world: World) -> None:
        self._config = config
        settings = algorithm_config(config, world)
        self._learner = RolloutPPOLearner(config=settings, module_spec=module_spec(config, world))
        self._learner.build()
        self._sampler = _make_sampler(settings)
        self.worlds: list[np.ndarray] | None = None
        self._transform: RewardTransform | None = None
        if config.reward_transform.name != "individual" or config.reward_transform.options:
            self._transform = config.reward_transform.make()

    @property
    def policy(self) -> Policy:
        """The network as it is now."""
        module: Any = self._learner.module[LEARNER]
        return module.net

    def begin_phase(self) -> None:
        """Makes the next iteration begin new worlds."""
        self.worlds = None

    def iterate(
        self,
        setup: WorldSetup,
        iteration: int,
        *,
        internal_reward: InternalReward | None,
        learn: bool = True,
    ) -> Iteration:
        """Samples a rollout and learns from it.

        Args:
            setup: The phase.
            iteration: Lifetime number of the iteration, from 0; it addresses the order of the
                minibatches.
            internal_reward: Supplies R_i where the caregiver is absent; None: R_i = 0.
            learn: Whether to update the policy.

        Raises:
            DivergedError: The loss is not finite.
        """
        if self.worlds is None and self._transform is not None:
            self._transform.begin(self._config.ppo.num_worlds, setup.build().num_agents)
        rollout = self.sample(setup)
        terms = utility(rollout, internal_reward, self._transform)
        learners = setup.learner_slots(rollout.actions.shape[2])
        losses = self.learn(rollout, terms.total, iteration, learners) if learn else {}
        return Iteration(rollout, terms, losses, learners)

    def sample(self, setup: WorldSetup) -> Rollout:
        """Steps the worlds of a phase on with the present policy."""
        weights = self._learner.module.get_state()
        rollout, self.worlds = self._sampler.sample(weights, setup, self.worlds)
        return rollout

    def learn(
        self,
        rollout: Rollout,
        rewards: np.ndarray,
        iteration: int,
        learners: np.ndarray | None = None,
    ) -> dict[str, float]:
        """Updates the policy.

        Args:
            rollout: What was experienced.
            rewards: What to learn from, float32 (T, B, N).
            iteration: As for ``iterate``.
            learners: Indices of the agents whose experience counts; None for all.

        Returns:
            Means of the losses and statistics over the minibatches by name.

        Raises:
            DivergedError: The loss is not finite.
        """
        ppo = self._config.ppo
        advantages, targets = generalized_advantages(rewards, rollout, ppo.gamma, ppo.gae_lambda)
        if ppo.normalize_advantages == "batch":
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        columns = {
            Columns.OBS: rollout.inputs,
            Columns.ACTIONS: rollout.actions,
            Columns.ACTION_LOGP: rollout.log_probs,
            Postprocessing.ADVANTAGES: advantages,
            Postprocessing.VALUE_TARGETS: targets,
        }
        if learners is not None and len(learners) < rollout.actions.shape[2]:
            columns = {name: column[:, :, learners] for name, column in columns.items()}
        flat = {name: column.reshape(-1, *column.shape[3:]) for name, column in columns.items()}
        self._learner.update(
            batch=MultiAgentBatch({LEARNER: SampleBatch(flat)}, env_steps=rollout.world_steps),
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: (iteration + 1) * ppo.rollout_steps},
            num_epochs=ppo.num_epochs,
            minibatch_size=ppo.minibatch_size,
            shuffle_seed=derived_seed(self._config.seed, _SHUFFLE_SEED, iteration),
        )
        losses = self._learner.statistics[LEARNER]
        if not all(map(math.isfinite, losses.values())):
            raise DivergedError(
                f"The loss is not finite in iteration {iteration}: {losses}. Lower "
                f"ppo.learning_rate ({ppo.learning_rate}); the last checkpoint is from before."
            )
        return dict(losses)

    def state_tensors(self) -> dict[str, Any]:
        """Returns weights "policy/...", Adam's "adam/...", "worlds/..." and "transform/..."."""
        weights = self.policy.state_dict()
        tensors: dict[str, Any] = {f"policy/{n}": value.cpu() for n, value in weights.items()}
        optimizer = self._learner.get_optimizer(LEARNER)
        for name, parameter in self.policy.named_parameters():
            for moment, value in optimizer.state[parameter].items():
                tensors[f"adam/{name}/{moment}"] = value.detach().cpu()
        for runner, worlds in enumerate(self.worlds or []):
            tensors[f"worlds/{runner}"] = worlds
        if self._transform is not None and self.worlds is not None:
            traces = self._transform.state()
            tensors |= {f"transform/{name}": array for name, array in traces.items()}
        return tensors

    def load(self, tensors: dict[str, np.ndarray]) -> None:
        """Takes over what ``state_tensors`` returned, bit for bit."""
        self.policy.load_state_dict(below("policy/", tensors))
        optimizer = self._learner.get_optimizer(LEARNER)
        for name, parameter in self.policy.named_parameters():
            for moment, value in below(f"adam/{name}/", tensors).items():
                optimizer.state[parameter][moment] = value.to(parameter.device)
        count = sum(n.startswith("worlds/") for n in tensors)
        self.worlds = [tensors[f"worlds/{runner}"].copy() for runner in range(count)] or None

    def load_traces(self, tensors: dict[str, np.ndarray], num_agents: int) -> None:
        """Takes over the memory of the reward transform, in the middle of a phase."""
        if self._transform is not None:
            self._transform.begin(self._config.ppo.num_worlds, num_agents)
            prefix = "transform/"
            found = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
            self._transform.restore(found)

    def close(self) -> None:
        """Ends the runners."""
        self._sampler.close()


def _make_sampler(settings: Any) -> Sampler:
    if settings.num_env_runners == 0:
        return LocalSampler(settings)
    from .remote_sampler import RemoteSampler

    return RemoteSampler(settings)
