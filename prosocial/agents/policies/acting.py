"""Acting in a batch of worlds with a policy, and evaluating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import nn

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.random import Stream, uniform_array

from .inputs import inputs

if TYPE_CHECKING:
    from prosocial.agents.mind.trace import PosteriorTrace
    from prosocial.envs.engine.batch import Batch


class EpisodeRecorder(Protocol):
    """Looks on while episodes are played, as ``prosocial.agents.recording.Recorder`` does."""

    def begin(self, batch: Batch, episodes: int | None = None) -> None:
        """Called once the batch is reset, with the number of episodes of each world."""
        ...

    def step(self, batch: Batch) -> None:
        """Called after every step."""
        ...


def gumbel_noise(
    seeds: np.ndarray, steps: np.ndarray, num_agents: int, num_actions: int
) -> np.ndarray:
    """Returns the noise that makes an argmax of logits a sample of their softmax.

    It is addressed by world and step (stream ``POLICY``), so that a world's actions depend
    neither on the batch that it is in nor on earlier calls.

    Args:
        seeds: World seeds, uint64 (n,).
        steps: Lifetime steps of the worlds, integers (n,).
        num_agents: Number of agents of each world, >= 1.
        num_actions: Number of actions of each agent, >= 1.

    Returns:
        float32 (n, num_agents, num_actions).
    """
    uniforms = uniform_array(seeds, steps, Stream.POLICY, num_agents * num_actions)
    noise = -np.log(-np.log(uniforms))  # uniforms lie in the open interval (0, 1)
    return noise.astype(np.float32).reshape(-1, num_agents, num_actions)


def sample_actions(logits: np.ndarray, seeds: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Samples one action per agent.

    Args:
        logits: float32 (B, N, num_actions).
        seeds: World seeds, uint64 (B,).
        steps: Lifetime steps of the worlds, integers (B,).

    Returns:
        int64 (B, N).
    """
    return (logits + gumbel_noise(seeds, steps, *logits.shape[1:])).argmax(-1)


@torch.inference_mode()
def act(policy: nn.Module, batch: Batch, *, greedy: bool) -> np.ndarray:
    """Returns the policy's actions for every agent of every world, int64 (B, N).

    Args:
        policy: Maps observations (n, *shape) to logits (n, num_actions) and values.
        batch: The worlds; they are not stepped. A policy with features of a mind needs a
            ``MindBatch``.
        greedy: Takes the likeliest action instead of a sample.
    """
    observations = torch.from_numpy(inputs(batch)).flatten(0, 1)
    logits = policy(observations)[0].cpu().numpy()
    logits = logits.reshape(batch.num_worlds, batch.num_agents, -1)
    if greedy:
        return logits.argmax(-1)
    return sample_actions(logits, batch.state["seed"], batch.state["step"])


def evaluate(
    policy: nn.Module,
    batch: Batch,
    episodes: int,
    *,
    greedy: bool = True,
    trace: PosteriorTrace | None = None,
    recorder: EpisodeRecorder | None = None,
) -> list[dict[str, Any]]:
    """Plays whole episodes and reports what was really earned.

    The true reward is R_e + R_s of the caregiver of the batch, which is therefore to be one who is
    always present. Every world begins its next episode first, and all play the same number of them,
    so that short ones are not favoured.

    Args:
        policy: As for ``act``.
        batch: Worlds with automatic reset.
        episodes: Number of episodes to report, >= 1.
        greedy: Takes the likeliest actions instead of samples.
        trace: Follows the episodes with a mind.
        recorder: Records them; what is played is the same with and without it.

    Returns:
        One row per episode, ordered by episode, then world: ``episode`` (0, 1, ...), ``length`` in
        steps, ``env_return``, ``social_return`` and ``return`` (their sum), undiscounted and summed
        over the agents, and the sum of every event by its name.

    Raises:
        ConfigError: episodes < 1, or the batch does not reset by itself.
    """
    if episodes < 1 or not batch.auto_reset:
        raise ConfigError(
            f"evaluate got episodes={episodes} and auto_reset={batch.auto_reset}; expected at "
            "least one episode and a batch with automatic reset."
        )
    rounds = -(-episodes // batch.num_worlds)
    sums = {name: np.zeros((rounds, batch.num_worlds)) for name in _columns(batch)}
    finished = np.zeros(batch.num_worlds, int)
    worlds = np.arange(batch.num_worlds)
    batch.reset()
    followers = [each for each in (trace, recorder) if each is not None]
    for follower in followers:
        follower.begin(batch, episodes=rounds)
    while finished.min() < rounds:
        batch.step(act(policy, batch, greedy=greedy))
        for follower in followers:
            follower.step(batch)
        playing = finished < rounds
        at = finished[playing], worlds[playing]
        for name, now in _observed(batch).items():
            sums[name][at] += now[playing]
        finished += batch.done & playing
    columns = {name: table.reshape(-1)[:episodes] for name, table in sums.items()}
    columns["return"] = columns["env_return"] + columns["social_return"]
    rows = [{name: float(column[k]) for name, column in columns.items()} for k in range(episodes)]
    return [{"episode": k, **row, "length": int(row["length"])} for k, row in enumerate(rows)]


def _columns(batch: Batch) -> tuple[str, ...]:
    return ("length", "env_return", "social_return", *batch.world.event_names)


def _observed(batch: Batch) -> dict[str, np.ndarray]:
    """Returns this step's contribution to each column, float64 (B,)."""
    rewards = {"env_return": batch.rewards, "social_return": batch.social_rewards}
    events = {name: batch.events[name] for name in batch.world.event_names}
    sums = {name: values.sum(1, dtype=float) for name, values in {**rewards, **events}.items()}
    return {"length": np.ones(batch.num_worlds), **sums}
