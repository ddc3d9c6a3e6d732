"""Playing partners in a batch of worlds while a mind follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prosocial import make_batch
from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import Population, make_partner
from prosocial.envs.engine import Batch


def play(mind: Mind, batch: Batch, slots: Sequence[str], steps: int, seed: int = 0) -> np.ndarray:
    """Returns the posterior after each step, float32 (steps, B, O, T, H)."""
    population = Population([make_partner(name) for name in slots])
    population.reset(seed)
    mind.reset(batch.state)
    trace = []
    for _ in range(steps):
        actions = population.act(batch)
        batch.step(actions)
        follow(mind, batch, actions, lambda: trace.append(mind.posterior.copy()))
    return np.array(trace)


def infer(
    world: str, slots: Sequence[str], steps: int, num_worlds: int = 8, seed: int = 3, **options: Any
) -> tuple[Mind, np.ndarray]:
    """Returns a mind with shared posteriors that followed partners, and ``play``'s trace.

    Args:
        world: Name of a world.
        slots: Names of the partners.
        steps: Steps to play.
        num_worlds: B.
        seed: Of the worlds.
        **options: ``mind``, a mapping of options of the mind; others configure the world.
    """
    mind_options = {"observers": "shared", **options.pop("mind", {})}
    batch = make_batch(world, num_worlds, seed=seed, **options)
    tracked = Batch(batch.world, num_worlds, seed=seed, track_states=True)
    tracked.reset()
    mind = Mind(tracked.world, mind_options.pop("kind", None), **mind_options)
    return mind, play(mind, tracked, slots, steps, seed)


def at(mind: Mind, *names: str) -> list[int]:
    """Returns the numbers of hypotheses."""
    return [mind.names.index(name) for name in names]


def before(batch: Batch) -> np.ndarray:
    """Returns the records before the last step of a batch that tracks them."""
    assert batch.before is not None
    return batch.before
