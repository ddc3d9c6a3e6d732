"""Multi-agent social simulation: worlds, external social reward, and learners that internalize it.

Importing this package needs numpy, numba, gymnasium and pettingzoo, and nothing heavier. It
registers the worlds with Gymnasium (``prosocial/CaregiverGrid-v0``) and PettingZoo.

Example:
    >>> import prosocial
    >>> env = prosocial.make("caregiver_grid", caregiver="reach_goal")
    >>> observations, infos = env.reset(seed=0)
"""

from __future__ import annotations

from typing import Any

import prosocial.envs.worlds  # noqa: F401  registers the worlds
from prosocial.envs.api.parallel import WorldParallelEnv
from prosocial.envs.api.registration import make_parallel, register_all
from prosocial.envs.engine import Batch, build, worlds
from prosocial.envs.social import make_caregiver

__version__ = "0.1.0"

__all__ = ["Batch", "__version__", "make", "make_batch", "worlds"]


def make(
    name: str,
    *,
    render_mode: str | None = None,
    caregiver: Any = None,
    reward: str = "social",
    **config: Any,
) -> WorldParallelEnv:
    """Returns a world as a PettingZoo ``ParallelEnv``.

    Args:
        name: A registered world, see ``worlds()``.
        render_mode: None, "rgb_array", "human" or "ansi".
        caregiver: Who gives social rewards: None (nobody), the name of a norm, a mapping or a
            ``CaregiverConfig``, or a ``Caregiver``.
        reward: "social" for the scalar reward R_e + P R_s, "env" for R_e alone. Both terms are
            always in ``infos``.
        **config: Fields of the world's configuration that differ from the defaults.

    Raises:
        ConfigError: A name or value is unknown or out of its range; the message names the remedy.
    """
    return make_parallel(
        name, render_mode=render_mode, caregiver=caregiver, reward=reward, **config
    )


def make_batch(
    name: str,
    num_worlds: int,
    *,
    seed: int = 0,
    threads: int = 1,
    first: int = 0,
    caregiver: Any = None,
    **config: Any,
) -> Batch:
    """Returns a batch of worlds that are stepped together; call its ``reset`` first.

    Args:
        name: A registered world, see ``worlds()``.
        num_worlds: Size of the batch, B >= 1.
        seed: Seed of the first reset.
        threads: Number of threads that the batch is cut over.
        first: Index of the first world: ``make_batch(name, 4, first=5)`` runs worlds 5 to 8 of a
            larger batch, byte for byte.
        caregiver: As in ``make``.
        **config: Fields of the world's configuration that differ from the defaults.

    Raises:
        ConfigError: A name or value is unknown or out of its range; the message names the remedy.
    """
    world = build(name, **config)
    return Batch(
        world,
        num_worlds,
        seed=seed,
        threads=threads,
        first=first,
        caregiver=make_caregiver(caregiver, world),
    )


register_all()
