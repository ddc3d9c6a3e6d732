"""Registers the worlds with Gymnasium and PettingZoo under versioned ids.

``gymnasium.make("prosocial/CaregiverGrid-v0", caregiver="reach_goal")``,
``gymnasium.make_vec("prosocial/CaregiverGrid-v0", num_envs=64)`` and, with a PettingZoo that has a
registry, ``pettingzoo.make("parallel", "prosocial/caregiver_grid-v0")``. Keyword arguments are
those of ``prosocial.make``.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import gymnasium

from prosocial.envs.engine import build, worlds
from prosocial.envs.social import make_caregiver

from .gymnasium import WorldEnv, WorldVectorEnv
from .parallel import WorldParallelEnv

NAMESPACE = "prosocial"


def make_parallel(
    name: str,
    *,
    render_mode: str | None = None,
    caregiver: Any = None,
    reward: str = "social",
    **config: Any,
) -> WorldParallelEnv:
    """Returns a world as a PettingZoo ``ParallelEnv``; see ``prosocial.make``."""
    world = build(name, **config)
    return WorldParallelEnv(
        world, render_mode=render_mode, caregiver=make_caregiver(caregiver, world), reward=reward
    )


def make_env(
    name: str,
    *,
    render_mode: str | None = None,
    caregiver: Any = None,
    reward: str = "social",
    **config: Any,
) -> WorldEnv:
    """Returns a world as a Gymnasium ``Env``; arguments as in ``prosocial.make``."""
    world = build(name, **config)
    return WorldEnv(
        world, render_mode=render_mode, caregiver=make_caregiver(caregiver, world), reward=reward
    )


def make_vector_env(
    name: str,
    num_envs: int,
    *,
    render_mode: str | None = None,
    caregiver: Any = None,
    reward: str = "social",
    threads: int = 1,
    copy: bool = True,
    **config: Any,
) -> WorldVectorEnv:
    """Returns worlds as a Gymnasium ``VectorEnv``; arguments as in ``prosocial.make``."""
    world = build(name, **config)
    return WorldVectorEnv(
        world,
        num_envs,
        render_mode=render_mode,
        caregiver=make_caregiver(caregiver, world),
        reward=reward,
        threads=threads,
        copy=copy,
    )


def gymnasium_id(name: str, version: int) -> str:
    """Returns Gymnasium's id of a world: ``prosocial/CaregiverGrid-v0`` for caregiver_grid."""
    return f"{NAMESPACE}/{''.join(word.title() for word in name.split('_'))}-v{version}"


def pettingzoo_id(name: str, version: int) -> str:
    """Returns PettingZoo's id of a world: ``prosocial/caregiver_grid-v0``."""
    return f"{NAMESPACE}/{name}-v{version}"


def register_all() -> None:
    """Registers every world, each once, however often it is called.

    Gymnasium gets those that have one controlled agent by default.
    """
    for name in worlds():
        world = build(name)
        version, world_id = world.version, gymnasium_id(name, world.version)
        if world.num_agents == 1 and world_id not in gymnasium.registry:
            gymnasium.register(
                world_id,
                entry_point=make_env,
                vector_entry_point=make_vector_env,
                kwargs={"name": name},
            )
        # The registry came with PettingZoo 1.27.
        if importlib.util.find_spec("pettingzoo.env_registry") is not None:
            from pettingzoo.env_registry import registration

            if pettingzoo_id(name, version) not in registration.parallel_registry:
                registration.register(
                    "parallel",
                    pettingzoo_id(name, version),
                    entry_point=make_parallel,
                    kwargs={"name": name},
                )
