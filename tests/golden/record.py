"""Records the golden trajectories: python tests/golden/record.py NAME [key=value ...].

Record anew only together with a higher VERSION of the world and a line in CHANGELOG.md.
"""

import ast
import sys
from pathlib import Path

import numpy as np

import prosocial  # noqa: F401  registers the worlds
from prosocial.envs.engine import Batch, build


def main(name: str, *options: str, seed: int = 2024, num_worlds: int = 2, steps: int = 60) -> None:
    """Steps a batch with seeded random actions and stores what it wrote."""
    config = {key: ast.literal_eval(value) for key, value in (o.split("=") for o in options)}
    world = build(name, **config)
    batch = Batch(world, num_worlds, seed=seed)
    rng = np.random.default_rng(seed)
    actions = rng.integers(0, world.num_actions, (steps, num_worlds, world.num_agents))
    observations, rewards, events = [batch.reset().copy()], [], []
    for now in actions:
        batch.step(now)
        observations.append(batch.observations.copy())
        rewards.append(batch.rewards.copy())
        events.append(batch.events.view(np.uint8).copy())
    np.savez_compressed(
        Path(__file__).with_name(f"{name}.npz"),
        seed=seed,
        version=world.version,
        actions=actions,
        observations=np.array(observations),
        rewards=np.array(rewards),
        events=np.array(events),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
