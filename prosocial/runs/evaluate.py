"""`prosocial evaluate`: play a trained policy in any world, under the true reward."""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
import yaml

from prosocial.agents.policies import GridActorCritic, evaluate
from prosocial.agents.training.checkpoint import Checkpoint, load
from prosocial.agents.training.files import write_atomically
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.envs.engine import Batch, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social import make_caregiver

_PARALLEL = 100  # worlds at most, side by side


def main(argv: Sequence[str]) -> int:
    """Prints a table of means over episodes; with --out also writes one row per episode."""
    arguments = _parser().parse_args(argv)
    rows = evaluate_run(
        arguments.run,
        world=arguments.world,
        overrides=parse_overrides(arguments.overrides),
        checkpoint=arguments.checkpoint,
        episodes=arguments.episodes,
        greedy=not arguments.sampled,
        seed=arguments.seed,
    )
    print(_table(rows))
    if arguments.out:
        buffer = io.BytesIO()
        rows.write_parquet(buffer)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(arguments.out, buffer.getvalue())
        print(f"one row per episode: {arguments.out}")
    return 0


def evaluate_run(
    run: Path,
    *,
    world: str | None = None,
    overrides: dict[str, Any] | None = None,
    checkpoint: Path | None = None,
    episodes: int = 100,
    greedy: bool = True,
    seed: int = 0,
) -> pl.DataFrame:
    """Plays the policy of a run folder; neither ray nor the folder's lock is needed.

    Args:
        run: The run folder.
        world: A registered world; None for the one it was trained in.
        overrides: Options of the world; without `world` they are added to those of the training.
        checkpoint: Folder of a checkpoint; None for the newest good one.
        episodes: Number of episodes, >= 1.
        greedy: Take the likeliest actions instead of samples.
        seed: Seed of the worlds.

    Returns:
        One row per episode: see `policies.evaluate`.

    Raises:
        ConfigError: The run or the world is unknown, or the policy does not fit the world.
        CheckpointError: There is no good checkpoint.
    """
    config = read_config(run)
    base = {} if world else config.world_config
    built = build(world or config.world, **{**base, **(overrides or {})})
    policy = load_policy(load(checkpoint) if checkpoint else read_checkpoint(run))
    wanted, given = policy.observation_shape, built.observation_shape
    if wanted != given or policy.num_actions != len(built.actions):
        raise ConfigError(
            f"The policy of {run} sees {wanted} and has {policy.num_actions} actions; "
            f"{built.name} as configured shows {given} and has {len(built.actions)} actions."
        )
    caregiver = config.caregiver if built.name == config.world else None
    perfect = (caregiver or type(config.caregiver)()).replace(
        schedule="always", miss=0.0, false_alarm=0.0, noise_sd=0.0
    )
    batch = Batch(
        built, min(episodes, _PARALLEL), seed=seed, caregiver=make_caregiver(perfect, built)
    )
    return pl.DataFrame(evaluate(policy, batch, episodes, greedy=greedy))


def load_policy(checkpoint: Checkpoint) -> GridActorCritic:
    """Returns the policy in a checkpoint of a run."""
    prefix = "policy/"
    settings = dict(checkpoint.state["policy"])
    policy = GridActorCritic(tuple(settings.pop("observation_shape")), **settings)
    policy.load_state_dict(
        {
            name.removeprefix(prefix): torch.from_numpy(array)
            for name, array in checkpoint.tensors.items()
            if name.startswith(prefix)
        }
    )
    return policy


def parse_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Returns `key=value` arguments as a mapping; values are YAML.

    Raises:
        ConfigError: An argument has no "=".
    """
    values = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"{override!r} is no option of a world; expected key=value.")
        values[key] = yaml.safe_load(text)
    return values


def _table(rows: pl.DataFrame) -> str:
    width = max(map(len, rows.columns))
    lines = [f"{rows.height} episodes{'':{width - 7}} {'mean':>9} {'sd':>9} {'se':>9}"]
    for name in (c for c in rows.columns if c != "episode"):
        values = rows[name].to_numpy()
        sd = values.std(ddof=1) if len(values) > 1 else math.nan
        error = sd / math.sqrt(len(values))
        lines.append(f"{name:{width + 4}} {values.mean():9.3f} {sd:9.3f} {error:9.3f}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial evaluate",
        description="Play a trained policy under the true reward, caregiver always present.",
        epilog="example: prosocial evaluate outputs/life/default/seed-0 layout=x --episodes 200",
    )
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument(
        "overrides", nargs="*", help="options of the world, such as num_walls=5 (YAML values)"
    )
    parser.add_argument("--world", help="another world; default: that of the training")
    parser.add_argument("--episodes", type=int, default=100, help="default: 100")
    parser.add_argument("--sampled", action="store_true", help="sample actions, not the likeliest")
    parser.add_argument("--seed", type=int, default=0, help="seed of the worlds, default: 0")
    parser.add_argument("--checkpoint", type=Path, help="default: the newest good one of the run")
    parser.add_argument("--out", type=Path, help="parquet file for one row per episode")
    return parser
