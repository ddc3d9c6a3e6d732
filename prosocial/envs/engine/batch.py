"""Many worlds stepped at once: the fast path that every other interface is built on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np

from . import kernel
from .errors import ActionError, ConfigError, ResetNeededError
from .random import world_seeds
from .world import RUNNING, TERMINATED, TRUNCATED, World

_NAMED_ACTIONS = 16  # a world with more of them does not list their names in an error


class SocialChannel(Protocol):
    """Who gives social rewards; implemented by the caregivers of ``prosocial.envs.social``."""

    @property
    def norm_names(self) -> tuple[str, ...]:
        """Names of the norms, in the order of ``social_rewards_by_norm``."""
        ...

    @property
    def needs_states(self) -> bool:
        """Whether a norm reads the states before and after a step."""
        ...

    def begin(self, batch: Batch) -> None:
        """Called after every reset of the batch."""
        ...

    def feedback(self, batch: Batch) -> None:
        """Called after every step; writes the social arrays of the batch in place."""
        ...


@runtime_checkable
class RememberingChannel(SocialChannel, Protocol):
    """A social channel with a memory, which can be saved so that a run can be resumed."""

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``begin``."""
        ...


class Batch:
    """A batch of B worlds with N controlled agents each.

    A world's bytes depend on (seed, first + its index, actions) only: not on the batch size, the
    number of threads or whether numba compiles.

    Attributes:
        state: The records of the worlds, structured array (B,); ``state["t"]`` is a (B,) view.
        observations: uint8 (B, N, *observation_shape).
        rewards: The material rewards R_e, float32 (B, N), without any social reward.
        social_rewards: R_s, float32 (B, N): what the caregiver gave in this step, 0 if absent.
        social_rewards_by_norm: float32 (K, B, N); ``norm_names`` names its first axis.
        caregiver_present: P of this step, bool (B,); always False without a caregiver.
        events: Event counts of this step, structured array (B, N) of uint8 fields.
        done: Whether the episode ended in this step, bool (B,).
        terminated: It ended for good (value 0 beyond), bool (B,).
        truncated: It was cut off by a time limit (bootstrap the value), bool (B,).
        final_observations: Last observations of an ended episode; valid where done.
        final_states: Last records of an ended episode; valid where done.
        before: The records before this step, or None unless states are tracked.
    """

    def __init__(
        self,
        world: World,
        num_worlds: int,
        *,
        seed: int = 0,
        threads: int = 1,
        first: int = 0,
        auto_reset: bool = True,
        caregiver: SocialChannel | None = None,
        track_states: bool = False,
    ) -> None:
        """Prepares the arrays; call ``reset`` before the first step.

        Args:
            world: The configured world.
            num_worlds: B >= 1.
            seed: Seed of the first reset, an int in [0, 2**64).
            threads: Number of threads to cut the batch over, >= 1.
            first: Index of the first world, >= 0: worlds 5..8 of a batch of 100 can be run alone.
            auto_reset: Whether an ended world begins its next episode in the same step.
            caregiver: Gives the social rewards.
            track_states: Whether to keep the records before each step.

        Raises:
            ConfigError: A number is out of its range.
        """
        _require_int("num_worlds", num_worlds, 1)
        _require_int("threads", threads, 1)
        _require_int("first", first, 0)
        self.world = world
        self.num_worlds, self.num_agents = num_worlds, world.num_agents
        self.num_actions = world.num_actions
        self.auto_reset = auto_reset
        self.caregiver = caregiver
        self.norm_names: tuple[str, ...] = caregiver.norm_names if caregiver else ()
        self._first = first
        self._seed = _checked_seed(seed)
        self._fresh = True
        self._ended = np.zeros(num_worlds, np.bool_)
        self._allocate(track_states or (caregiver is not None and caregiver.needs_states))
        self._kernel = kernel.load(world.rules.__name__)
        self._cuts = np.linspace(0, num_worlds, threads + 1).astype(int).tolist()
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def _allocate(self, track_states: bool) -> None:
        world, shape = self.world, (self.num_worlds, self.num_agents)
        self.state = np.zeros(self.num_worlds, world.state_dtype)
        self.before = np.zeros_like(self.state) if track_states else None
        self.final_states = np.zeros_like(self.state)
        self.observations = np.zeros(shape + world.observation_shape, np.uint8)
        self.final_observations = np.zeros_like(self.observations)
        self.rewards = np.zeros(shape, np.float32)
        self.social_rewards = np.zeros(shape, np.float32)
        self.social_rewards_by_norm = np.zeros((len(self.norm_names), *shape), np.float32)
        self.caregiver_present = np.zeros(self.num_worlds, np.bool_)
        self.events = np.zeros(shape, world.event_dtype)
        self._event_bytes = self.events.view(np.uint8).reshape(*shape, -1)
        self._actions = np.zeros(shape, np.int64)
        self._status = np.full(self.num_worlds, RUNNING, np.uint8)
        self.done = np.zeros(self.num_worlds, np.bool_)
        self.terminated = np.zeros(self.num_worlds, np.bool_)
        self.truncated = np.zeros(self.num_worlds, np.bool_)
        # Without the compiler, records need attribute access; compiled code takes plain arrays.
        plain = not kernel.compiled()
        self._state, self._params, events, self._final_state = (
            array.view(np.recarray) if plain else array
            for array in (self.state, world.params, self.events, self.final_states)
        )
        self._params = self._params[0]
        arrays = (self._actions, self.rewards, events, self._event_bytes)
        self._by_agent = [_by_world(array) for array in arrays]
        self._final_shown = _by_world(self.final_observations)
        self._shown_array, self._shown_records = self.observations, _by_world(self.observations)

    def _shown(self) -> np.ndarray:
        """Returns ``observations`` as the compiled loops take them."""
        if self._shown_array is not self.observations:
            self._shown_array = self.observations
            self._shown_records = _by_world(self.observations)
        return self._shown_records

    def reset(self, seed: int | None = None) -> np.ndarray:
        """Begins an episode in every world.

        Args:
            seed: Starts everything anew from this seed. None: the first reset uses the seed of the
                constructor, a later one begins the next episode of every world.

        Returns:
            ``observations``, uint8 (B, N, *observation_shape).
        """
        if seed is not None:
            self._seed = _checked_seed(seed)
        if seed is not None or self._fresh:
            self.state[:] = np.zeros((), self.world.state_dtype)
            self.state["seed"] = world_seeds(self._seed, self._first, self.num_worlds)
        else:
            self.state["episode"] += 1
        self._fresh = False
        for array in (self.rewards, self.social_rewards, self.social_rewards_by_norm):
            array.fill(0)
        ends = (self.done, self.terminated, self.truncated, self._ended)
        for array in (*ends, self.caregiver_present):
            array.fill(False)
        self._event_bytes.fill(0)
        self._run(self._kernel.begin, self._state, self._params, self._shown())
        if self.caregiver is not None:
            self.caregiver.begin(self)
        return self.observations

    def step(
        self, actions: Any, out: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Advances every world by one step, in place.

        Args:
            actions: Integers in [0, num_actions) of shape (B, N).
            out: uint8 C-contiguous array of the shape of ``observations`` to write them into, such
                as a slice of a rollout buffer; it becomes ``observations``.

        Returns:
            ``observations``, ``rewards`` (R_e) and ``done``. With auto-reset the observations of an
            ended world are those of its next episode; see ``final_observations``.

        Raises:
            ActionError: Shape, dtype or a value of the actions is wrong; no world was stepped.
            ResetNeededError: ``reset`` was not called, or a world has ended without auto-reset.
        """
        if self._fresh:
            raise ResetNeededError("The batch was not reset yet: call reset() before step().")
        if not self.auto_reset and self._ended.any():
            raise ResetNeededError("An episode has ended: call reset() before the next step().")
        self._take(actions)
        if out is not None:
            self._check_out(out)
            self.observations = out
        if self.before is not None:
            self.before[:] = self.state
        self._run(
            self._kernel.advance, self._state, self._params, *self._by_agent, self._status,
            self._shown(), self._final_shown, self._final_state, self.auto_reset,
        )  # fmt: skip
        np.not_equal(self._status, RUNNING, out=self.done)
        np.equal(self._status, TERMINATED, out=self.terminated)
        np.equal(self._status, TRUNCATED, out=self.truncated)
        self._ended[:] = self.done
        if self.caregiver is not None:
            self.caregiver.feedback(self)
        return self.observations, self.rewards, self.done

    def after(self) -> np.ndarray:
        """Returns the records after this step, before any auto-reset: structured array (B,)."""
        return np.where(self.done, self.final_states, self.state)

    def get_state(self) -> np.ndarray:
        """Returns everything that the future depends on, as uint8 bytes of shape (B, size)."""
        size = self.state.dtype.itemsize
        return self.state.view(np.uint8).reshape(self.num_worlds, size).copy()

    def set_state(self, saved: np.ndarray) -> None:
        """Restores what ``get_state`` returned, observations included.

        Raises:
            ConfigError: The bytes are of another world, configuration or batch size.
        """
        expected = (self.num_worlds, self.state.dtype.itemsize)
        if saved.dtype != np.uint8 or saved.shape != expected:
            raise ConfigError(
                f"The saved state has shape {saved.shape} and dtype {saved.dtype}; expected uint8 "
                f"{expected} for {self.num_worlds} worlds of {self.world.name} as configured here."
            )
        self.state.view(np.uint8).reshape(expected)[:] = saved
        self._fresh = False
        self._ended.fill(False)
        self._run(self._kernel.look, self._state, self._params, self._shown())

    def memory(self) -> dict[str, np.ndarray]:
        """Returns copies of all that the future depends on, of whoever acts in the worlds too.

        "worlds" is ``get_state``, "actions" are the last ones, which partners look back at, and
        "caregiver/..." is what a caregiver with ``state()`` remembers.
        """
        memory = {"worlds": self.get_state(), "actions": self._actions.copy()}
        if isinstance(self.caregiver, RememberingChannel):
            memory |= {f"caregiver/{name}": a for name, a in self.caregiver.state().items()}
        return memory

    def recall(self, memory: Mapping[str, np.ndarray]) -> None:
        """Takes over what ``memory`` returned, after ``reset``.

        Raises:
            ConfigError: It is of another world, configuration or batch size.
        """
        self.set_state(memory["worlds"])
        self._actions[:] = memory["actions"]
        if isinstance(self.caregiver, RememberingChannel):
            prefix = "caregiver/"
            own = {n.removeprefix(prefix): a for n, a in memory.items() if n.startswith(prefix)}
            self.caregiver.restore(own)

    @property
    def last_actions(self) -> np.ndarray:
        """The actions of the last step, int64 (B, N); not to be changed."""
        return self._actions

    def close(self) -> None:
        """Ends the threads; the arrays stay readable."""
        if self._pool is not None:
            self._pool.shutdown()

    def _take(self, actions: Any) -> None:
        """Copies the actions after checking them; nothing has changed if it raises."""
        given = np.asarray(actions)
        expected = (self.num_worlds, self.num_agents)
        if given.shape != expected:
            raise ActionError(
                f"actions has shape {given.shape}; expected {expected}, one action for each of "
                f"{self.num_worlds} worlds and {self.num_agents} agents."
            )
        if given.dtype.kind not in "iu":
            raise ActionError(
                f"actions has dtype {given.dtype}; expected integers in [0, {self.num_actions})."
            )
        if given.min() < 0 or given.max() >= self.num_actions:
            world, agent = np.argwhere((given < 0) | (given >= self.num_actions))[0]
            expected = f"an integer in [0, {self.num_actions})"
            if self.num_actions <= _NAMED_ACTIONS:
                names = ", ".join(f"{a.value} {a.name}" for a in self.world.actions)
                expected = f"one of: {names}"
            raise ActionError(
                f"actions[{world}, {agent}] is {given[world, agent]}; expected {expected}."
            )
        np.copyto(self._actions, given, casting="same_kind")

    def _check_out(self, out: np.ndarray) -> None:
        shape = self.observations.shape
        if out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
            raise ConfigError(
                f"out has shape {out.shape} and dtype {out.dtype}; expected a C-contiguous uint8 "
                f"array of shape {shape}."
            )

    def _run(self, function: Callable[..., None], *arguments: Any) -> None:
        """Runs a loop over all worlds, cut over the threads."""
        if not kernel.compiled():
            function = partial(_quiet, function)
        if self._pool is None:
            function(*arguments, 0, self.num_worlds)
            return
        parts = list(zip(self._cuts, self._cuts[1:], strict=False))
        waiting = [self._pool.submit(function, *arguments, *part) for part in parts[1:]]
        function(*arguments, *parts[0])
        for part in waiting:
            part.result()


def _by_world(array: np.ndarray) -> np.ndarray:
    """Returns a view of an array (B, N, ...) as records (B,) of one field, ``agents``.

    Compiled code counts references to arrays, with a locked instruction each time, but none to the
    fields of records; and it knows their shapes.
    """
    each = np.dtype([("agents", array.dtype, array.shape[1:])])
    records = array.view(np.ndarray).reshape(len(array), -1).view(each)[:, 0]
    return records if kernel.compiled() else records.view(np.recarray)


def _quiet(function: Callable[..., None], *arguments: Any) -> None:
    # Plain Python warns where compiled integers wrap; NumPy's error state belongs to a thread.
    with np.errstate(over="ignore"):
        function(*arguments)


def _require_int(name: str, value: Any, low: int) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
        raise ConfigError(f"{name} is {value!r}; expected an integer >= {low}.")


def _checked_seed(seed: Any) -> int:
    _require_int("seed", seed, 0)
    if int(seed) >= 2**64:
        raise ConfigError(f"seed is {seed}; expected an integer in [0, 2**64).")
    return int(seed)
