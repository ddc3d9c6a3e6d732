"""Steps every registered world through each interface, as a program by itself.

It asserts that the base install suffices: no library of the extras is imported on the way. Run by
`test_base_install.py` in a new process, here and in an environment that has only the wheel.
"""

import sys

import gymnasium
import numpy as np
from pettingzoo import ParallelEnv

import prosocial

EXTRAS = (
    "hydra",
    "matplotlib",
    "omegaconf",
    "pandas",
    "polars",
    "pygame",
    "pyarrow",
    "ray",
    "torch",
)


def step_batch(name: str) -> None:
    """Steps a batch of two worlds to the end of an episode."""
    batch = prosocial.make_batch(name, 2, seed=1)
    batch.reset()
    ended = np.zeros(2, bool)
    for step in range(batch.world.max_steps):
        actions = np.full((2, batch.num_agents), step % batch.num_actions)
        batch.step(actions)
        ended |= batch.done
    assert ended.all(), f"{name}: no episode ended after {batch.world.max_steps} steps"


def step_parallel(name: str) -> None:
    """Steps a PettingZoo environment with a caregiver for one episode and draws it."""
    env = prosocial.make(name, caregiver="default", render_mode="rgb_array")
    assert isinstance(env, ParallelEnv)
    env.reset(seed=1)
    while env.agents:
        env.step({agent: 0 for agent in env.agents})
    frame = env.render()
    assert isinstance(frame, np.ndarray), f"{name}: render() gave {type(frame)}"
    assert frame.ndim == 3, f"{name}: the picture has shape {frame.shape}"
    env.close()


def step_gymnasium() -> list[str]:
    """Steps every registered Gymnasium environment once, alone and as a vector; returns the ids."""
    ids = [key for key in gymnasium.registry if key.startswith("prosocial/")]
    assert ids, "no Gymnasium id is registered"
    for key in ids:
        env = gymnasium.make(key)
        env.reset(seed=1)
        env.step(env.action_space.sample())
        env.close()
        envs = gymnasium.make_vec(key, num_envs=3)
        envs.reset(seed=1)
        envs.step(envs.action_space.sample())
        envs.close()
    return ids


def main() -> None:
    """Steps everything and prints what was stepped."""
    names = prosocial.worlds()
    assert names, "no world is registered"
    for name in names:
        step_batch(name)
        step_parallel(name)
    ids = step_gymnasium()
    imported = sorted(set(EXTRAS) & set(sys.modules))
    assert not imported, f"stepping the worlds imported {', '.join(imported)}"
    print(f"prosocial {prosocial.__version__} from {prosocial.__file__}")
    print(f"gymnasium {gymnasium.__version__}")
    print(f"stepped {', '.join(names + ids)} without {', '.join(EXTRAS)}")


if __name__ == "__main__":
    main()
