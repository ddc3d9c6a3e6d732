"""The base of the scripted partners of commons_harvest and clean_up: memory, sight and moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from prosocial.agents.partners.protocol import check_world
from prosocial.envs.engine import Batch, Stream, World, uniform_array, world_seeds
from prosocial.envs.worlds.avatars.codes import BODY, ENDS, Cell

from . import kernel
from .kernel import CLEAN, HARVEST, HUNT, Beam, Terrain

__all__ = ["CLEAN", "HARVEST", "HUNT", "CommonsPlayer"]

_DRAWS = 40  # different random numbers that the kernel asks for
# Actions of the worlds by what the kernel says; a step of direction d from the heading: see _STEPS.
_NOOP, _TURN_LEFT, _TURN_RIGHT, _ZAP, _CLEAN = 0, 5, 6, 7, 8
_STEPS = np.array([1, 4, 2, 3])  # forward, to the right, backward, to the left (or N, E, S, W)


class CommonsPlayer:
    """Plans over the true state, anew at every step, by breadth-first search.

    A subclass says what each agent is after (``_aims``) and whom it zaps (``_victims``). An agent
    on its way enters neither bodies nor apples that it spares; if a victim is in reach of its beam
    it turns and shoots, unless it would hit somebody else as well; with nothing to do it goes to
    where apples grow and wanders there.

    Ties are broken at random. What a partner does in a world depends on its seed, the world's seed
    and the world's history only, not on the batch. It acts once a step.

    Args:
        least: Live neighbours that an apple must have to be eaten, in the neighbourhood that
            regrowth counts, >= 0.
        seed: Of the partner's random numbers, an int in [0, 2**64).
    """

    worlds: tuple[str, ...] = ("commons_harvest", "clean_up")  # where it can act
    # What it remembers of one agent in one episode, and what that is when an episode begins.
    _memory_dtype: ClassVar[np.dtype] = np.dtype([])

    def __init__(self, least: int = 0, seed: int = 0) -> None:
        self._least = least
        self._world: World | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forgets everything and starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)
        self._memory = np.zeros((0, 0), self._memory_dtype)

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: The batch is of another world.
        """
        return self.act_for(batch, range(batch.num_agents))

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the actions of some agents, int64 (B, len(agents)); see ``act``."""
        if batch.world is not self._world:
            check_world(self, batch, *self.worlds)
            self._look_around(batch.world)
        state, shape = batch.state, (batch.num_worlds, batch.num_agents)
        if self._memory_dtype.names:
            if self._memory.shape != shape:
                self._memory = np.zeros(shape, self._memory_dtype)
                self._memory[:] = self._fresh()
            self._memory[state["t"] == 0] = self._fresh()
        aims, away = self._aims(batch), state["away"] > 0
        cooling = "clean_cooldown" if "clean_cooldown" in (state.dtype.names or ()) else "cooldown"
        out = np.zeros(shape, np.int64)
        kernel.plan(
            np.ascontiguousarray(state["ground"]), state["position"].astype(np.int64),
            state["heading"].astype(np.int64), away, state["cooldown"] == 0, state[cooling] == 0,
            np.array(agents, np.int64), aims, self._victims(batch, aims), self._draw(batch),
            self._terrain, self._least, out,
        )  # fmt: skip
        return self._actions(out, state["heading"])[:, list(agents)]

    @property
    def remembers(self) -> bool:
        """Whether its actions depend on earlier steps."""
        return self._memory_dtype.itemsize > 0

    def state(self) -> dict[str, np.ndarray]:
        """Returns a copy of what is remembered: ``memory``, uint8 (B, N, bytes)."""
        size = self._memory_dtype.itemsize
        if not size or not self._memory.size:
            return {}
        return {"memory": self._memory.view(np.uint8).reshape(*self._memory.shape, size).copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned."""
        if "memory" in state:
            self._memory = state["memory"].copy().view(self._memory_dtype)[..., 0]

    def _fresh(self) -> tuple:
        """Returns what is remembered of an agent when an episode begins."""
        return ()

    def _aims(self, batch: Batch) -> np.ndarray:
        """Returns what each agent is after, int64 (B, N); updates the memory."""
        return np.full((batch.num_worlds, batch.num_agents), HARVEST)

    def _victims(self, batch: Batch, aims: np.ndarray) -> np.ndarray:
        """Returns whether each agent zaps each other one if it can, bool (B, N, N)."""
        return _others(batch, aims == HUNT)

    def _look_around(self, world: World) -> None:
        params = world.params[0]
        zap = _beam(params, "zap")
        clean = _beam(params, "clean") if world.name == "clean_up" else zap
        uses = kernel.ACROSS * (clean.ends == 0).astype(np.uint8)
        uses[:BODY] |= kernel.FREE * (params["enterable"][:BODY] != 0).astype(np.uint8)
        uses[Cell.WASTE] |= kernel.WASTE
        self._terrain = Terrain(
            steps=params["offsets"].astype(np.int64),
            uses=uses,
            apple=int(Cell.APPLE),
            waste=int(Cell.WASTE),
            neighbours=np.array(
                params["neighbours"] if "neighbours" in params.dtype.names else (), np.int64
            ),
            sites=params["sites"].astype(np.int64),
            zap=zap,
            clean=clean,
        )
        self._sites = np.zeros(world.state_dtype["ground"].shape, np.bool_)
        self._sites[params["sites"]] = True
        self._relative = not params["absolute"]
        self._world = world

    def _draw(self, batch: Batch) -> np.ndarray:
        seeds = batch.state["seed"] + self._seed
        uniforms = uniform_array(seeds, batch.state["step"], Stream.POLICY, batch.num_agents)
        return (uniforms * _DRAWS).astype(np.int64)

    def _actions(self, out: np.ndarray, heading: np.ndarray) -> np.ndarray:
        """Returns the world's actions for what the kernel said, both int64 (B, N)."""
        stepping = (out > kernel.STAY) & (out < kernel.TURN_LEFT)
        direction = out - kernel.STAY - 1 - heading * self._relative
        return np.where(stepping, _STEPS[direction & 3], _SAME[out])


def _beam(params: Any, name: str) -> Beam:
    ends = np.zeros(256, np.uint8)
    ends[:BODY] = params[f"{name}_stops"][:BODY] == ENDS
    return Beam(
        params[f"{name}_offsets"].astype(np.int64),
        params[f"{name}_lengths"].astype(np.int64),
        params[f"{name}_chained"].astype(np.uint8),
        ends,
        bool(params[f"{name}_stops"][BODY] != ENDS),
    )


def _others(batch: Batch, zapping: np.ndarray) -> np.ndarray:
    """Returns for agents that zap everybody whom they zap, bool (B, N, N): not themselves."""
    return zapping[:, :, None] & ~np.eye(batch.num_agents, dtype=bool)


_SAME = np.zeros(9, np.int64)
_SAME[[kernel.TURN_LEFT, kernel.TURN_RIGHT, kernel.ZAP, kernel.SCRUB]] = (
    _TURN_LEFT,
    _TURN_RIGHT,
    _ZAP,
    _CLEAN,
)
