"""The configuration of a life course: the dataclasses that are the schema of every training run.

The YAML files of `prosocial.conf` only override what stands here. It imports neither torch nor ray.
All step counts are world steps (one step of one world), summed over the worlds of the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import yaml

import prosocial.envs.worlds  # noqa: F401 - registers the worlds
from prosocial.agents.caregivers.making import make_caregiver
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.mind.batch import mind_of_learners
from prosocial.agents.mind.config import MindConfig
from prosocial.agents.training.schema import from_mapping, to_dict
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine import registry
from prosocial.envs.engine.config import Config
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import World
from prosocial.envs.social.config import CaregiverConfig
from prosocial.envs.social.transforms import TransformConfig


@dataclass(frozen=True)
class PPOConfig(Config):
    """Proximal policy optimisation.

    The defaults are those of Rong & Kleiman-Weiner (2024): Stable-Baselines3's PPO with a learning
    rate of 1e-4. They roll out one world for 2048 steps; here 16 worlds give 128 steps each.

    Attributes:
        learning_rate: Step size of Adam, > 0.
        num_worlds: Worlds stepped side by side, >= 1.
        rollout_steps: World steps per iteration over all worlds, a multiple of `num_worlds`.
        minibatch_size: Samples (world step x agent) per gradient step, 1 .. `rollout_steps`.
        num_epochs: Passes over the rollout in each iteration, >= 1.
        gamma: Discount per step, in [0, 1].
        gae_lambda: Decay of generalised advantage estimation, in [0, 1].
        clip_range: Clip of the probability ratio, > 0.
        entropy_coef: Weight of the entropy bonus, >= 0.
        value_coef: Weight of the value loss, >= 0.
        max_grad_norm: Global norm to which gradients are clipped, > 0.
        normalize_advantages: Standardise the advantages per "minibatch" or per rollout ("batch").
        adam_eps: Epsilon of Adam, > 0.
    """

    learning_rate: float = 1e-4
    num_worlds: int = 16
    rollout_steps: int = 2048
    minibatch_size: int = 64
    num_epochs: int = 10
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    entropy_coef: float = 0.0
    value_coef: float = 0.5
    max_grad_norm: float = 0.5
    normalize_advantages: Literal["minibatch", "batch"] = "minibatch"
    adam_eps: float = 1e-5

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        for name in ("num_worlds", "rollout_steps", "num_epochs"):
            self.require_int(name, 1)
        self.require_int("minibatch_size", 1, self.rollout_steps)
        for name in ("learning_rate", "clip_range", "max_grad_norm", "adam_eps"):
            self.require_number(name, 0)
            self.require(name, getattr(self, name) > 0, "a number > 0")
        for name in ("entropy_coef", "value_coef"):
            self.require_number(name, 0)
        for name in ("gamma", "gae_lambda"):
            self.require_number(name, 0, 1)
        self.require_choice("normalize_advantages", ("minibatch", "batch"))
        whole = self.rollout_steps % self.num_worlds == 0
        self.require("rollout_steps", whole, f"a multiple of num_worlds ({self.num_worlds})")


@dataclass(frozen=True)
class PolicyConfig(Config):
    """The policy network.

    Attributes:
        network: "grid_cnn", the convolutional actor-critic of Rong & Kleiman-Weiner (2024), or
            "cell_embedding" for observations that are codes of cells, such as those of the commons.
        scale_observations: Divide observations by 255, as the paper does for its single learner;
            "grid_cnn" only.
    """

    network: Literal["grid_cnn", "cell_embedding"] = "grid_cnn"
    scale_observations: bool = True

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_choice("network", ("grid_cnn", "cell_embedding"))
        self.require_bool("scale_observations")


@dataclass(frozen=True)
class EvaluationConfig(Config):
    """Evaluation under the true reward (caregiver always present) with fixed weights.

    Attributes:
        episodes: Episodes of each evaluation in each of its worlds, >= 1 (100 in the paper).
        greedy: Take the likeliest action instead of a sample.
        every_steps: World steps between evaluations within a phase, >= 0; 0 evaluates only at the
            end of each phase.
        worlds: Name of each evaluation world -> overrides of `TrainConfig.world_config`; empty for
            no evaluation.
        recorded_episodes: Episodes of each evaluation in each of its worlds that are recorded for
            `prosocial watch`, >= 0; no result depends on it.
    """

    episodes: int = 100
    greedy: bool = True
    every_steps: int = 0
    worlds: dict[str, dict[str, Any]] = field(default_factory=lambda: {"training_world": {}})
    recorded_episodes: int = 2

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_int("episodes", 1)
        self.require_bool("greedy")
        self.require_int("every_steps", 0)
        self.require_int("recorded_episodes", 0)


@dataclass(frozen=True)
class PhaseConfig(Config):
    """One phase of a life: which world, who is present, which reward counts, who learns.

    Attributes:
        name: Name in the tables, unique in the life.
        steps: World steps of the phase, >= 1, rounded up to whole iterations.
        world: Overrides of `TrainConfig.world_config`.
        caregiver: Overrides of `TrainConfig.caregiver`, for example `{"schedule": "never"}`.
        internal_reward: While the caregiver is absent, the ISR supplies the internal reward.
        fit_isr: "offline" fits the ISR at the start of this phase to everything collected so far,
            "continual" fits it all along while the caregiver is present, "none" leaves it as it is.
        collect: Keep the transitions with the caregiver present as social experience for the ISR.
        learn: Update the policy; False keeps its weights.
        partners: By slot (index of an agent, as text), who acts there instead of a learner: the
            name of a partner, or a mapping with ``name`` and its options.
    """

    name: str
    steps: int = 120_000
    world: dict[str, Any] = field(default_factory=dict)
    caregiver: dict[str, Any] = field(default_factory=dict)
    internal_reward: bool = False
    fit_isr: Literal["none", "offline", "continual"] = "none"
    collect: bool = False
    learn: bool = True
    partners: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require("name", bool(self.name), "a name of at least one character")
        self.require_int("steps", 1)
        for name in ("internal_reward", "collect", "learn"):
            self.require_bool(name)
        self.require_choice("fit_isr", ("none", "offline", "continual"))
        kept = self.fit_isr != "continual" or self.collect
        self.require("fit_isr", kept, '"none" or "offline" as long as collect is false')


@dataclass(frozen=True)
class TrainConfig(Config):
    """One life: the world, the learner, its caregiver, and the phases in order.

    Attributes:
        name: Name of the experiment, part of the default output folder.
        condition: Label of the experimental condition in tables and figures.
        seed: Seed of everything random in the run, 0 .. 2**63 - 1.
        world: Registered name of the world.
        world_config: Configuration of the world; keys and ranges are those of its own dataclass.
        ppo: Policy optimisation.
        policy: Policy network.
        caregiver: The caregiver at its base; a phase may override fields.
        isr: Model of the social reward, and how its predictions enter the utility.
        mind: What the learners infer of the others; its features join what the policy sees. None:
            they see the observation alone.
        reward_transform: What learners make of everybody's R_e (`prosocial.envs.social.transforms`:
            common reward, inequity aversion, ...); "individual": each counts its own.
        phases: Phases in order, at least one.
        recorded: Sessions of `prosocial play` (folders, logs or recordings) in which somebody
            was the caregiver; what a learner was given there is social experience from the start of
            this life. `caregiver: {recorded: PATH}` says the same, and that nobody is present now.
        parent: Run folder whose last checkpoint (policy, optimiser, ISR, experience) this life goes
            on from; None begins from random weights.
        evaluation: Evaluation under the true reward.
        checkpoint_every: Iterations between checkpoints, >= 1; no result depends on it.
        num_env_runners: Remote Ray runners that step the worlds, a divisor of `ppo.num_worlds`; 0
            steps them in this process, without Ray.
        torch_threads: Threads of torch, >= 1.
        device: Device of the learner, "cpu" or "cuda".
    """

    name: str = "life"
    condition: str = "default"
    seed: int = 0
    world: str = "caregiver_grid"
    world_config: dict[str, Any] = field(default_factory=dict)
    ppo: PPOConfig = field(default_factory=PPOConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    caregiver: CaregiverConfig = field(default_factory=CaregiverConfig)
    isr: ISRConfig = field(default_factory=ISRConfig)
    mind: MindConfig | None = None
    reward_transform: TransformConfig = field(default_factory=TransformConfig)
    phases: tuple[PhaseConfig, ...] = (PhaseConfig("socialization", collect=True),)
    recorded: tuple[str, ...] = ()
    parent: str | None = None
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    checkpoint_every: int = 5
    num_env_runners: int = 0
    torch_threads: int = 1
    device: Literal["cpu", "cuda"] = "cpu"

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        for name in ("name", "condition"):
            self.require(name, bool(getattr(self, name)), "a name of at least one character")
        self.require_int("seed", 0, 2**63 - 1)
        for name in ("checkpoint_every", "torch_threads"):
            self.require_int(name, 1)
        self.require_int("num_env_runners", 0)
        shared = self.num_env_runners == 0 or self.ppo.num_worlds % self.num_env_runners == 0
        divisor = f"0 or a divisor of ppo.num_worlds ({self.ppo.num_worlds})"
        self.require("num_env_runners", shared, divisor)
        self.require_choice("device", ("cpu", "cuda"))
        self.require("phases", len(self.phases) > 0, "at least one phase")
        names = [phase.name for phase in self.phases]
        self.require("phases", len(set(names)) == len(names), "phases of different names")
        self._check_isr_order()

    def _check_isr_order(self) -> None:
        """Refuses an ISR that is used before it is fitted, or fitted before there is experience."""
        fitted = self.parent is not None
        collected = fitted or len(self.recorded) > 0
        for phase in self.phases:
            where = f"phases.{phase.name}"
            if phase.fit_isr == "offline" and not collected:
                raise ConfigError(
                    f"{where}.fit_isr is 'offline', but no earlier phase has collect: true and "
                    "there is neither a parent nor a recorded caregiver (caregiver=recorded:PATH). "
                    "Collect social experience first."
                )
            fitted = fitted or phase.fit_isr != "none"
            if phase.internal_reward and not fitted:
                raise ConfigError(
                    f"{where}.internal_reward is true, but no ISR is fitted by then. Set fit_isr "
                    "in this phase or an earlier one, or give a parent."
                )
            collected = collected or phase.collect

    def phase_world(self, phase: PhaseConfig) -> dict[str, Any]:
        """Returns the world configuration of a phase: the base with the phase's overrides."""
        return {**self.world_config, **phase.world}

    def phase_caregiver(self, phase: PhaseConfig) -> CaregiverConfig:
        """Returns the caregiver of a phase: the base with the phase's overrides."""
        fields = {**to_dict(self.caregiver), **phase.caregiver}
        return from_mapping(CaregiverConfig, fields, f"phases.{phase.name}.caregiver")

    def evaluation_world(self, name: str) -> dict[str, Any]:
        """Returns the world configuration of the evaluation called `name`."""
        return {**self.world_config, **self.evaluation.worlds[name]}

    def check_worlds(self) -> None:
        """Builds every world and caregiver of the life, so that a fault shows before any training.

        Raises:
            ConfigError: One cannot be built; the message names the phase or the evaluation.
        """
        for phase in self.phases:
            world = self._build(f"phases.{phase.name}.world", self.phase_world(phase))
            make_caregiver(self.phase_caregiver(phase), world)
            self._check_partners(phase, world.num_agents)
            self._check_transform(phase, world)
            if self.mind is not None:
                mind_of_learners(world, self.mind)
        for name in self.evaluation.worlds:
            self._build(f"evaluation.worlds.{name}", self.evaluation_world(name))

    def _check_partners(self, phase: PhaseConfig, num_agents: int) -> None:
        setup = WorldSetup(self.world, partners=phase.partners)
        try:
            setup.learner_slots(num_agents)
            setup.make_partners(num_agents)
        except ConfigError as error:
            raise ConfigError(f"phases.{phase.name}: {error}") from error

    def _check_transform(self, phase: PhaseConfig, world: World) -> None:
        """Refuses to mix rewards with those of somebody who is not there yet."""
        newcomer = getattr(world.config, "newcomer_round", None)
        if newcomer is not None and self.reward_transform != TransformConfig():
            raise ConfigError(
                f"phases.{phase.name}: reward_transform {self.reward_transform.name!r} would count "
                f"a newcomer who joins {world.name} in round {newcomer} from the start. Set "
                "newcomer_round to null, or reward_transform.name to individual."
            )

    def _build(self, where: str, overrides: Mapping[str, Any]) -> Any:
        try:
            return registry.build(self.world, **overrides)
        except ConfigError as error:
            raise ConfigError(f"world_config with {where}: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Returns plain numbers, strings, lists and mappings; `phases` maps names to fields."""
        plain = to_dict(self)
        plain["phases"] = {phase.pop("name"): phase for phase in plain["phases"]}
        return plain

    def to_yaml(self) -> str:
        """Returns the whole configuration as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed, validated again."""
        return self.from_mapping({**{name: getattr(self, name) for name in vars(self)}, **changes})

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Returns a configuration from plain values; missing fields keep their defaults.

        Args:
            values: Fields by name. `phases` maps the name of each phase to its fields, as `to_dict`
                writes it, or is a list of mappings with `name`.

        Raises:
            ConfigError: A key is unknown (the nearest known one is named) or a value is invalid.
        """
        values = dict(values)
        values |= _recorded_caregiver(values)
        phases = values.get("phases")
        if isinstance(phases, Mapping):
            values["phases"] = [_named_phase(name, phase) for name, phase in phases.items()]
        return from_mapping(cls, values)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Returns the configuration in a YAML file such as `config.yaml` of a run folder.

        Raises:
            ConfigError: The file is missing, no YAML mapping, or a key or value is wrong.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"No configuration at {path}; is this a run folder?") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid YAML: {error}") from error
        if not isinstance(values, Mapping):
            raise ConfigError(f"{path} holds no configuration; expected keys with values.")
        return cls.from_mapping(values)


def _recorded_caregiver(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what `caregiver: {recorded: PATH}` stands for; nothing if it is not said."""
    caregiver = values.get("caregiver")
    if not isinstance(caregiver, Mapping) or "recorded" not in caregiver:
        return {}
    fields = dict(caregiver)
    paths = fields.pop("recorded")
    paths = [paths] if isinstance(paths, str) else paths
    listed = isinstance(paths, list | tuple) and len(paths) > 0
    if not listed or "???" in paths or "" in paths:
        raise ConfigError(
            f"caregiver.recorded is {paths!r}; expected the session of `prosocial play` in which "
            "somebody was the caregiver: caregiver=recorded:PATH."
        )
    return {"caregiver": {**fields, "schedule": "never"}, "recorded": paths}


def _named_phase(name: Any, fields: Any) -> PhaseConfig:
    if not isinstance(fields, Mapping):
        raise ConfigError(f"phases.{name} is {fields!r}; expected a mapping of its fields.")
    return from_mapping(PhaseConfig, {"name": str(name), **fields}, f"phases.{name}")
