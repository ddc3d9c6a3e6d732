"""Rollouts: what all worlds and agents experienced, as arrays, and how they are collected."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prosocial.agents.mind.batch import MindBatch
from prosocial.agents.partners.population import Population
from prosocial.agents.policies.acting import gumbel_noise
from prosocial.agents.policies.inputs import inputs
from prosocial.agents.policies.inputs import join as join_inputs
from prosocial.envs.engine.batch import Batch
from prosocial.envs.engine.world import World
from prosocial.envs.social.caregivers import Caregiver

# Maps observations (n, *shape) to logits (n, num_actions) and values (n,).
Network = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass
class Rollout:
    """T steps of B worlds with N agents; actions of K bodies enter the model of the social reward.

    Attributes:
        observations: What the agents saw before each step, uint8 (T, B, N, *observation_shape).
        actions: int64 (T, B, N).
        body_actions: What every body really did, int8 (T, B, N, K): K = 1 for the agent itself, or
            all bodies of the world where its record has a field ``actions``.
        logits: float32 (T, B, N, num_actions).
        log_probs: Of the actions taken, float32 (T, B, N).
        values: float32 (T, B, N).
        final_values: Value of the last observation of a truncated episode, which its return is
            bootstrapped with; 0 elsewhere; float32 (T, B, N).
        last_values: Value of the observations after the last step, float32 (1, B, N).
        env_rewards: R_e, float32 (T, B, N).
        social_rewards: R_s as given, float32 (T, B, N).
        approvals: What the norms of the caregiver say of those whom it watches, whether it is
            present or not and whatever it perceives, float32 (T, B, N); 0 without a caregiver who
            holds norms.
        present: P of each step, bool (T, B).
        done: Whether an episode ended, bool (T, B).
        terminated: Whether it ended for good, bool (T, B).
        events: Structured uint8 (T, B, N).
        time: Steps of the episode before each step, int32 (T, B).
        stock: What is left of a common resource after each step (the world's field ``stock``),
            float32 (T, B); NaN in worlds without one.
        features: What the agents inferred before each step, uint8 (T, B, N, F); None without a
            mind.
    """

    observations: np.ndarray
    actions: np.ndarray
    body_actions: np.ndarray
    logits: np.ndarray
    log_probs: np.ndarray
    values: np.ndarray
    final_values: np.ndarray
    last_values: np.ndarray
    env_rewards: np.ndarray
    social_rewards: np.ndarray
    approvals: np.ndarray
    present: np.ndarray
    done: np.ndarray
    terminated: np.ndarray
    events: np.ndarray
    time: np.ndarray
    stock: np.ndarray
    features: np.ndarray | None = None

    @property
    def inputs(self) -> np.ndarray:
        """What the network saw, uint8 (T, B, N, ...): the observations, with features if any."""
        return join_inputs(self.observations, self.features)

    @property
    def world_steps(self) -> int:
        """Steps of the rollout summed over its worlds, T * B."""
        return self.done.size


def num_bodies(world: World) -> int:
    """Returns K, the number of bodies whose actions enter the model of the social reward."""
    fields = world.state_dtype.fields or {}
    return fields["actions"][0].shape[0] if "actions" in fields else 1


def join(parts: Sequence[Rollout]) -> Rollout:
    """Returns the rollouts of several runners as one, their worlds side by side in that order."""
    if len(parts) == 1:
        return parts[0]
    names = [field.name for field in dataclasses.fields(Rollout)]
    names = [name for name in names if getattr(parts[0], name) is not None]
    return Rollout(**{n: np.concatenate([getattr(p, n) for p in parts], axis=1) for n in names})


@torch.inference_mode()
def collect(
    network: Network, batch: Batch, steps: int, partners: Population | None = None
) -> Rollout:
    """Steps all worlds with sampled actions; one forward pass a step serves all worlds and agents.

    Args:
        network: Policy and value.
        batch: The worlds, reset before, with automatic reset.
        steps: T >= 1.
        partners: Act in their slots in the learners' place.
    """
    shape = batch.num_worlds, batch.num_agents
    store = _allocate(batch, steps)
    observations = np.empty((steps + 1, *shape, *batch.world.observation_shape), np.uint8)
    observations[0] = batch.observations
    noise = _noise(batch, steps)
    ended: list[tuple[int, np.ndarray, np.ndarray]] = []
    features = _features(batch, steps)
    for t in range(steps):
        if features is not None and isinstance(batch, MindBatch):
            features[t] = batch.features
        logits, values = network(torch.from_numpy(inputs(batch)).flatten(0, 1))
        store["logits"][t] = logits.numpy().reshape(*shape, -1)
        store["values"][t] = values.numpy().reshape(shape)
        store["actions"][t] = (store["logits"][t] + noise[t]).argmax(-1)
        if partners is not None:
            slots = list(partners.slots)
            store["actions"][t][:, slots] = partners.act_for(batch, slots)
        batch.step(store["actions"][t], out=observations[t + 1])
        _record(store, batch, t)
        if batch.truncated.any():
            at = np.flatnonzero(batch.truncated)
            final = batch.final_features[at] if isinstance(batch, MindBatch) else None
            ended.append((t, at, join_inputs(batch.final_observations[at], final)))
    last = _values(network, inputs(batch))[None]
    return Rollout(
        observations=observations[:steps],
        features=features,
        log_probs=_log_probs(store["logits"], store["actions"]),
        final_values=_final_values(network, ended, store["values"].shape),
        last_values=last,
        **store,
    )


def _allocate(batch: Batch, steps: int) -> dict[str, Any]:
    shape = steps, batch.num_worlds, batch.num_agents
    floats = ("values", "env_rewards", "social_rewards", "approvals")
    return {
        "actions": np.empty(shape, np.int64),
        "body_actions": np.empty((*shape, num_bodies(batch.world)), np.int8),
        "logits": np.empty((*shape, batch.num_actions), np.float32),
        "present": np.empty(shape[:2], bool),
        "done": np.empty(shape[:2], bool),
        "terminated": np.empty(shape[:2], bool),
        "events": np.empty(shape, batch.events.dtype),
        "time": np.empty(shape[:2], np.int32),
        "stock": np.full(shape[:2], np.nan, np.float32),
        **{name: np.empty(shape, np.float32) for name in floats},
    }


def _features(batch: Batch, steps: int) -> np.ndarray | None:
    if not isinstance(batch, MindBatch):
        return None
    return np.empty((steps, *batch.features.shape), np.uint8)


def _record(store: dict[str, Any], batch: Batch, t: int) -> None:
    store["body_actions"][t] = body_actions(batch, store["actions"][t])
    store["env_rewards"][t] = batch.rewards
    store["social_rewards"][t] = batch.social_rewards
    store["approvals"][t] = _approvals(batch)
    store["present"][t] = batch.caregiver_present
    store["done"][t] = batch.done
    store["terminated"][t] = batch.terminated
    store["events"][t] = batch.events
    store["time"][t] = _after(batch, "t") - 1
    if "stock" in (batch.state.dtype.names or ()):
        store["stock"][t] = _after(batch, "stock")


def _after(batch: Batch, field: str) -> np.ndarray:
    """Returns a field of the records after this step, before any automatic reset, (B,)."""
    return np.where(batch.done, batch.final_states[field], batch.state[field])


def body_actions(batch: Batch, actions: np.ndarray) -> np.ndarray:
    """Returns what the model of the social reward sees of the actions of a step just made.

    Args:
        batch: The worlds after the step.
        actions: Of the agents in that step, integers (B, N).

    Returns:
        The actions of all bodies where the record has them, (B, 1, K), else each agent's own,
        (B, N, 1).
    """
    if "actions" not in (batch.state.dtype.names or ()):
        return actions[:, :, None]
    taken = batch.state["actions"]
    if batch.done.any():
        taken = np.where(batch.done[:, None], batch.final_states["actions"], taken)
    return taken[:, None, :]


def _approvals(batch: Batch) -> np.ndarray | float:
    caregiver = batch.caregiver
    if not isinstance(caregiver, Caregiver):
        return 0.0
    before, after = (batch.before, batch.after()) if caregiver.needs_states else (None, None)
    total = np.zeros(batch.rewards.shape, np.float32)
    for norm in caregiver.norms:
        total += norm.score(batch.events, before, after)
    total[:, ~caregiver.watched(batch.num_agents)] = 0
    return total


def _noise(batch: Batch, steps: int) -> np.ndarray:
    """Returns the sampling noise of all steps, float32 (T, B, N, num_actions)."""
    seeds = np.broadcast_to(batch.state["seed"], (steps, batch.num_worlds)).ravel()
    counts = (batch.state["step"] + np.arange(steps)[:, None]).ravel()
    noise = gumbel_noise(seeds, counts, batch.num_agents, batch.num_actions)
    return noise.reshape(steps, batch.num_worlds, batch.num_agents, batch.num_actions)


def _log_probs(logits: np.ndarray, actions: np.ndarray) -> np.ndarray:
    chosen = torch.from_numpy(actions)[..., None]
    return torch.log_softmax(torch.from_numpy(logits), -1).gather(-1, chosen)[..., 0].numpy()


def _values(network: Network, observations: np.ndarray) -> np.ndarray:
    """Returns the values of observations (B, N, *shape), float32 (B, N)."""
    shape = observations.shape[:2]
    return network(torch.from_numpy(observations).flatten(0, 1))[1].numpy().reshape(shape)


def _final_values(
    network: Network, ended: list[tuple[int, np.ndarray, np.ndarray]], shape: tuple[int, ...]
) -> np.ndarray:
    final = np.zeros(shape, np.float32)
    if ended:
        values = _values(network, np.concatenate([observations for _, _, observations in ended]))
        steps = np.concatenate([np.full(len(at), t) for t, at, _ in ended])
        final[steps, np.concatenate([at for _, at, _ in ended])] = values
    return final
