"""Plays episodes in order to record them: a run's policy, partners in a world, or a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.agents.internal_reward.model import InternalReward
from prosocial.agents.mind.config import make_mind
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import Partner, Population, make_partner
from prosocial.agents.policies import Policy
from prosocial.agents.policies.acting import act
from prosocial.agents.recording import Recorder, Recording
from prosocial.agents.scenarios import evaluate_scenario, get_scenario
from prosocial.agents.scenarios.episodes import play_episodes
from prosocial.agents.training.checkpoint import Checkpoint, load
from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.agents.training.internalization import Internalization
from prosocial.agents.training.rollout import body_actions
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine import Batch, World, build
from prosocial.envs.engine.errors import ConfigError, nearest
from prosocial.envs.social import make_caregiver
from prosocial.envs.social.transforms import RewardTransform
from prosocial.runs.loading import check_policy, load_policy

LEARNER = "learner"
_EPISODES = 3  # unless more or fewer are asked for
_LONG = 500  # steps; of longer episodes a single one
# Who is shown in a world when nobody is named: one partner for all agents, or several in turns.
USUAL_PARTNERS: dict[str, tuple[str, ...]] = {
    "caregiver_grid": ("shortest_path",),
    "clean_up": ("altruist_cleaner", "free_rider"),
    "commons_harvest": ("good_partner",),
    "doors": ("doors_human", "bayesian_helper"),
    "fishery": ("sustainable_demand",),
    "helping_grid": ("scripted_helper",),
    "kitchen": ("bayesian_delegation",),
    "pasture": ("sustainable_demand",),
    "pollution": ("sustainable_demand",),
    "rendezvous": ("imagined_we",),
}


def record_run(
    run: Path,
    *,
    phase: str | None = None,
    world: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    checkpoint: Path | None = None,
    episodes: int | None = None,
    seed: int = 0,
    greedy: bool | None = None,
    mind: str | None = None,
) -> Recording:
    """Plays the policy of a run in the setting of one of its phases.

    World, caregiver with its schedule, partners, the learners' mind and internal reward are those
    of the phase. R_i is recorded where the phase has an internal reward and the caregiver is
    absent, by the rule of the phase, as in `agents.training.utility`.

    Args:
        run: The run folder; neither ray nor its lock is needed.
        phase: Name of the phase; None: the last one.
        world: Another registered world; its caregiver keeps the schedule, with the norms of that
            world, and there are no partners.
        overrides: Options of the world; without `world` they are added to those of the phase.
        checkpoint: Folder of a checkpoint; None: the newest good one.
        episodes: Number of episodes, >= 1; None: 3, or 1 where they may last over 500 steps.
            Episode k is the first one of world k under the seed.
        seed: Of worlds and partners.
        greedy: Take the likeliest actions (True) or samples; None: as in the run's evaluations.
        mind: Kind of hypotheses of a mind that looks on and sees all; None: the learners' mind is
            recorded, if they have one.

    Raises:
        ConfigError: The run, phase or world is unknown, the policy does not fit, or the phase needs
            an internal reward that the checkpoint does not hold.
        CheckpointError: There is no good checkpoint.
    """
    config = read_config(run)
    lived = _phase(config, phase, run)
    setup = _setup(config, lived, world, dict(overrides or {}), seed)
    found = load(checkpoint) if checkpoint else read_checkpoint(run)
    policy = load_policy(found)
    built = setup.build()
    episodes = _count(built, episodes)
    check_policy(policy, built, run)
    source = {"run": str(run), "checkpoint": found.path.name, "env_steps": int(found.step)}
    source |= {"phase": lived.name, "condition": config.condition, "seed": seed}
    looking_on = _mind(built, config, mind)
    recorder = Recorder(_labels(setup, built.num_agents), source, episodes, looking_on)
    batch = setup.make_batch(episodes)
    _Play(
        policy,
        greedy=config.evaluation.greedy if greedy is None else greedy,
        partners=setup.make_partners(built.num_agents),
        internal=_internal(config, lived, built, found),
        learners=setup.learner_slots(built.num_agents),
        transform=config.reward_transform.make(),
    ).record(batch, recorder)
    return recorder.recording()


def record_scenario(
    name: str,
    *,
    run: Path | None = None,
    focal: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    episodes: int | None = None,
    seed: int = 0,
    greedy: bool = True,
    mind: str | None = None,
) -> Recording:
    """Plays a scenario; nobody gives social rewards there.

    Args:
        name: A scenario, see `prosocial.agents.scenarios`.
        run: Run folder, or one checkpoint of it, whose policy plays the focal agents.
        focal: Name of a partner that plays them instead.
        overrides: Options of the world that replace those of the scenario.
        episodes: As for `record_run`.
        seed: As for `record_run`.
        greedy: Take the likeliest actions of the policy instead of samples.
        mind: As for `record_run`; None: no mind.

    Raises:
        ConfigError: A name is unknown, or there is no one to play the focal agents.
    """
    if (run is None) == (focal is None):
        raise ConfigError("The focal agents are either a run's policy or a partner: give one.")
    scenario = get_scenario(name)
    partner = make_partner(focal) if focal else make_partner("policy", run=run, greedy=greedy)
    shown = focal or LEARNER
    source = {"scenario": name, "seed": seed} | ({} if run is None else {"run": str(run)})
    built = scenario.build(**(overrides or {}))
    episodes = _count(built, episodes)
    recorder = Recorder(
        [scenario.background.get(k, shown) for k in range(scenario.num_agents)],
        source,
        max_worlds=episodes,
        mind=_mind(built, None, mind),
    )
    evaluate_scenario(
        scenario, partner, focal_name=shown, episodes=episodes, seed=seed, overrides=overrides,
        recorder=recorder,
    )  # fmt: skip
    return recorder.recording()


def record_world(
    name: str,
    *,
    partners: Sequence[str] = (),
    caregiver: str = "default",
    overrides: Mapping[str, Any] | None = None,
    episodes: int | None = None,
    seed: int = 0,
    mind: str | None = None,
) -> Recording:
    """Plays partners in a world, so that it can be watched without training anybody.

    Args:
        name: A registered world.
        partners: One partner for all agents or one for each; empty for the usual ones of the world.
        caregiver: "default" for the world's default norm, the name of a norm, or "none".
        overrides: Options of the world.
        episodes: As for `record_run`.
        seed: As for `record_run`.
        mind: As for `record_scenario`.

    Raises:
        ConfigError: A name is unknown, or the number of partners does not fit.
    """
    world = build(name, **(overrides or {}))
    if len(partners) not in (0, 1, world.num_agents):
        raise ConfigError(
            f"{len(partners)} partners are given for the {world.num_agents} agents of {name}; give "
            "one for all, or one for each."
        )
    named = cycle(partners or USUAL_PARTNERS.get(name, ("random",)))
    labels = [next(named) for _ in range(world.num_agents)]
    made: dict[str, Partner] = {label: make_partner(label) for label in dict.fromkeys(labels)}
    population = Population([made[label] for label in labels])
    episodes = _count(world, episodes)
    recorder = Recorder(labels, {"seed": seed}, max_worlds=episodes, mind=_mind(world, None, mind))
    approving = make_caregiver(None if caregiver == "none" else caregiver, world)
    batch = Batch(world, episodes, seed=seed, caregiver=approving)
    play_episodes(batch, population, seed, recorder=recorder)
    return recorder.recording()


@dataclass(frozen=True)
class _Play:
    """A policy among partners, and what it feels."""

    policy: Policy
    greedy: bool
    partners: Population | None
    internal: InternalReward | None
    learners: np.ndarray
    transform: RewardTransform

    def record(self, batch: Batch, recorder: Recorder) -> None:
        """Plays one episode in every world."""
        batch.reset()
        self.transform.begin(batch.num_worlds, batch.num_agents)
        recorder.begin(batch, episodes=1)
        playing = np.ones(batch.num_worlds, np.bool_)
        while playing.any():
            actions = act(self.policy, batch, greedy=self.greedy)
            if self.partners is not None:
                slots = list(self.partners.slots)
                actions[:, slots] = self.partners.act_for(batch, slots)
            seen = batch.observations.copy()
            batch.step(actions)
            recorder.step(batch, self._felt(batch, seen, actions))
            playing &= ~batch.done

    def _felt(self, batch: Batch, seen: np.ndarray, actions: np.ndarray) -> np.ndarray | None:
        """Returns R_i of the step just made, float32 (B, N); None without an internal reward."""
        env_rewards = self.transform(batch.rewards, batch.done)
        if self.internal is None:
            return None
        felt = np.zeros(batch.rewards.shape, np.float32)
        at = np.zeros(felt.shape, np.bool_)
        at[:, self.learners] = ~batch.caregiver_present[:, None]
        if at.any():
            bodies = np.broadcast_to(
                taken := body_actions(batch, actions), (*at.shape, taken.shape[-1])
            )
            predictions = self.internal.predict(seen[at], bodies[at], batch.events[at])
            felt[at] = self.internal.combine(env_rewards[at], predictions)[1]
        return felt


def _count(world: World, episodes: int | None) -> int:
    """Returns how many episodes are played."""
    if episodes is None:
        return 1 if world.max_steps > _LONG else _EPISODES
    if episodes < 1:
        raise ConfigError(f"episodes is {episodes}; expected at least 1.")
    return episodes


def _phase(config: TrainConfig, name: str | None, run: Path) -> PhaseConfig:
    if name is None:
        return config.phases[-1]
    phases = {phase.name: phase for phase in config.phases}
    if name not in phases:
        raise ConfigError(f"{run} has no phase {name!r}. {nearest(name, phases)}")
    return phases[name]


def _setup(
    config: TrainConfig, phase: PhaseConfig, world: str | None, overrides: dict[str, Any], seed: int
) -> WorldSetup:
    caregiver = config.phase_caregiver(phase)
    options = {} if world else config.phase_world(phase)
    partners = phase.partners
    if world not in (None, config.world):
        caregiver, partners = caregiver.replace(norms={}, watches=None), {}
    return WorldSetup(
        world or config.world, {**options, **overrides}, caregiver, seed, partners, config.mind
    )


def _internal(
    config: TrainConfig, phase: PhaseConfig, world: World, found: Checkpoint
) -> InternalReward | None:
    """Returns the internal reward of a phase as it is in a checkpoint; None if it has none."""
    if not phase.internal_reward:
        return None
    internalization = Internalization(config.isr, world, config.seed)
    internalization.load(found.tensors, seed=0)  # of fits to come, of which there are none
    if internalization.model is None:
        raise ConfigError(
            f"In phase {phase.name!r} the learners have an internal reward, but the checkpoint "
            f"{found.path} holds none. Give a later checkpoint, or an earlier phase."
        )
    return internalization.model


def _mind(world: World, config: TrainConfig | None, kind: str | None) -> Mind | None:
    if kind is not None:
        return Mind(world, kind, observers="shared")
    return None if config is None or config.mind is None else make_mind(world, config.mind)


def _labels(setup: WorldSetup, num_agents: int) -> list[str]:
    """Returns who acts in each slot: the name of a partner, or a learner."""
    named = {
        int(slot): str(partner["name"]) if isinstance(partner, Mapping) else str(partner)
        for slot, partner in setup.partners.items()
    }
    return [named.get(slot, LEARNER) for slot in range(num_agents)]
