"""Different partners for different agents of the same worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, world_seeds

from .protocol import Partner, RememberingPartner, act_for


class Population:
    """Acts for the agents of its slots, each partner for its own.

    It is a partner itself. One partner object may have several slots; it is then asked once for
    all of them. Every partner object has random numbers of its own.

    Args:
        slots: Partner by number of the agent, or one partner for each agent.

    Raises:
        ConfigError: No slot is given, or a key is no number of an agent.
    """

    def __init__(self, slots: Mapping[int, Partner] | Sequence[Partner]) -> None:
        given = dict(slots if isinstance(slots, Mapping) else enumerate(slots))
        wrong = [k for k in given if not isinstance(k, int) or isinstance(k, bool) or k < 0]
        if wrong or not given:
            raise ConfigError(
                f"A population needs partners by number of the agent (0, 1, ...); got {wrong or {}}"
            )
        self.slots: dict[int, Partner] = dict(sorted(given.items()))
        self._groups: list[tuple[Partner, list[int]]] = []
        for partner in {id(p): p for p in self.slots.values()}.values():
            self._groups.append((partner, [k for k, p in self.slots.items() if p is partner]))
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Resets every partner, each with a seed of its own that follows from this one."""
        seeds = world_seeds(seed, 0, len(self._groups))
        for (partner, _), own in zip(self._groups, seeds, strict=True):
            partner.reset(int(own))

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: An agent has no partner, or a partner has no agent.
        """
        return self.act_for(batch, range(batch.num_agents))

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the actions of some agents, int64 (B, len(agents)).

        Args:
            batch: The worlds.
            agents: Numbers of the agents; exactly those that have partners.

        Raises:
            ConfigError: An agent has no partner, or a partner has no agent.
        """
        if set(agents) != set(self.slots):
            missing, extra = set(agents) - set(self.slots), set(self.slots) - set(agents)
            raise ConfigError(
                f"The population has partners for the agents {_listed(self.slots)}, but is to act "
                f"for {_listed(agents)} of the {batch.num_agents} agents of {batch.world.name}: "
                f"without a partner: {_listed(missing)}; without an agent: {_listed(extra)}."
            )
        actions = np.zeros((batch.num_worlds, batch.num_agents), np.int64)
        for partner, own in self._groups:
            actions[:, own] = act_for(partner, batch, own)
        return actions[:, list(agents)]

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of what the partners remember; ``restore`` takes it over."""
        return {
            f"{own[0]}/{name}": array
            for partner, own in self._groups
            if isinstance(partner, RememberingPartner)
            for name, array in partner.state().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        for partner, own in self._groups:
            if isinstance(partner, RememberingPartner):
                prefix = f"{own[0]}/"
                partner.restore(
                    {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
                )


def _listed(numbers: object) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"  # pyright: ignore[reportArgumentType]
