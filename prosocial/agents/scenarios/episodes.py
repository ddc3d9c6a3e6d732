"""Playing whole episodes, and one row for each episode and agent."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.partners import Partner
from prosocial.agents.recording import Recorder
from prosocial.envs.engine import Batch, ConfigError
from prosocial.envs.social.norms_commons import restraint_violations

# Columns beside the sums of the events; see `play_episodes`.
RETURNS = ("env_return", "social_return", "internal_return", "utility_return")


def play_episodes(
    batch: Batch,
    partner: Partner,
    seed: int = 0,
    trace: PosteriorTrace | None = None,
    recorder: Recorder | None = None,
) -> dict[str, np.ndarray]:
    """Plays one episode in every world of a batch, from its reset on.

    Args:
        batch: Worlds with automatic reset; a caregiver's social reward is recorded if there is one.
        partner: Acts for all agents.
        seed: Of the partner's own random numbers.
        trace: Follows the episodes with a mind.
        recorder: Records them; what is played is the same with and without it.

    Returns:
        Columns of equal length, one row for each world and agent, ordered by world, then agent:

        * ``world_index`` (number of the world in the batch), ``agent``, ``length`` in steps;
        * ``env_return`` (sum of R_e), ``social_return`` (of R_s), ``internal_return`` (0: nobody
          has an internal reward here) and ``utility_return`` (sum of the three), undiscounted;
        * the sum of every event by its name, and where apples have neighbours ``violations``, the
          apples eaten against restraint (`envs.social.norms_commons`);
        * ``reward_steps`` (steps with R_e > 0) and ``reward_time`` (sum of their numbers in the
          episode, from 0);
        * where the world has a stock, the same for each agent of a world: ``stock_final`` and
          ``stock_mean``, of the stock after each step.

    Raises:
        ConfigError: The batch does not reset by itself.
    """
    if not batch.auto_reset:
        raise ConfigError("play_episodes needs a batch with automatic reset.")
    shape = (batch.num_worlds, batch.num_agents)
    names = dict.fromkeys([*RETURNS, *_observed(batch, np.zeros(batch.num_worlds))])
    sums = {name: np.zeros(shape) for name in names}
    length, stock_sum, stock = np.zeros((3, batch.num_worlds))
    has_stock = "stock" in (batch.state.dtype.names or ())
    batch.reset()
    partner.reset(seed)
    followers = [each for each in (trace, recorder) if each is not None]
    for follower in followers:
        follower.begin(batch, episodes=1)
    playing = np.ones(batch.num_worlds, np.bool_)
    while playing.any():
        batch.step(partner.act(batch))
        for follower in followers:
            follower.step(batch)
        for name, now in _observed(batch, length).items():
            sums[name][playing] += now[playing]
        if has_stock:
            left = np.where(batch.done, batch.final_states["stock"], batch.state["stock"])
            stock[playing] = left[playing]
            stock_sum[playing] += left[playing]
        length += playing
        playing &= ~batch.done
    sums["utility_return"] = sums["env_return"] + sums["social_return"]
    worlds = {"length": length.astype(int), "world_index": np.arange(batch.num_worlds)}
    if has_stock:
        worlds |= {"stock_final": stock, "stock_mean": stock_sum / length}
    return _rows(worlds, sums)


def _rows(worlds: dict[str, np.ndarray], agents: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns columns with a row for each world and agent, from arrays (B,) and (B, N)."""
    num_worlds, num_agents = agents["env_return"].shape
    rows = {name: np.repeat(values, num_agents) for name, values in worlds.items()}
    rows["agent"] = np.tile(np.arange(num_agents), num_worlds)
    return rows | {name: values.ravel() for name, values in agents.items()}


def _observed(batch: Batch, step: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what this step adds to each column, numbers (B, N)."""
    paid = batch.rewards > 0
    returns = {"env_return": batch.rewards, "social_return": batch.social_rewards}
    events = {name: batch.events[name] for name in batch.world.event_names}
    if "ate_neighbours" in events:
        events["violations"] = restraint_violations(batch.events)
    return {**returns, **events, "reward_steps": paid, "reward_time": paid * step[:, None]}
