"""`prosocial evaluate`: play a trained policy in any world or scenario, under the true reward."""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.agents.mind.batch import make_batch
from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.partners import make_partner
from prosocial.agents.policies import evaluate
from prosocial.agents.scenarios import evaluate_scenario, get_scenario, per_capita, scenarios
from prosocial.agents.training.checkpoint import load
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.envs.engine import World, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.files import write_atomically
from prosocial.envs.social import make_caregiver
from prosocial.runs.loading import check_policy, load_policy, parse_overrides

_PARALLEL = 100  # worlds at most, side by side
# Columns of the rows of a scenario that the table leaves out (labels; without a caregiver there is
# but one return), and those that are the same for all agents.
_UNSHOWN = (
    *("scenario", "world_index", "episode", "agent", "partner", "focal"),
    *("social_return", "internal_return", "utility_return"),
)
_SHARED = ("length", "stock_final", "stock_mean")


def main(argv: Sequence[str]) -> int:
    """Prints a table of means over episodes; with --out also writes one row per episode."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.scenario == "list":
        print(list_scenarios())
        return 0
    if arguments.scenario:
        return _scenario(arguments)
    if arguments.run is None or arguments.focal:
        parser.error("a run folder is needed; --focal goes with --scenario alone")
    rows = evaluate_run(
        arguments.run,
        world=arguments.world,
        overrides=parse_overrides(arguments.overrides),
        checkpoint=arguments.checkpoint,
        episodes=arguments.episodes,
        greedy=not arguments.sampled,
        seed=arguments.seed,
        mind=arguments.mind,
        posteriors=_posteriors(arguments, arguments.out or arguments.run / "minds" / "evaluation"),
    )
    print(_table(rows))
    if arguments.out:
        _write(rows, arguments.out)
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
    mind: str | None = None,
    posteriors: Path | None = None,
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
        mind: Kind of hypotheses with which a mind follows the episodes; None for no mind.
        posteriors: Where its trace and figure go, a path without ending; see `write_posteriors`.

    Returns:
        One row per episode: see `policies.evaluate`.

    Raises:
        ConfigError: The run or the world is unknown, the policy does not fit the world, or there
            are no such hypotheses.
        CheckpointError: There is no good checkpoint.
    """
    config = read_config(run)
    base = {} if world else config.world_config
    built = build(world or config.world, **{**base, **(overrides or {})})
    policy = load_policy(load(checkpoint) if checkpoint else read_checkpoint(run))
    check_policy(policy, built, run)
    caregiver = config.caregiver if built.name == config.world else None
    perfect = (caregiver or type(config.caregiver)()).replace(
        schedule="always", miss=0.0, false_alarm=0.0, noise_sd=0.0, teaching=None
    )
    options = {"seed": seed, "caregiver": make_caregiver(perfect, built)}
    batch = make_batch(built, min(episodes, _PARALLEL), config.mind, **options)
    trace = _follow(built, mind)
    rows = pl.DataFrame(evaluate(policy, batch, episodes, greedy=greedy, trace=trace))
    _write_posteriors(trace, posteriors)
    return rows


def evaluate_in_scenario(
    name: str,
    *,
    run: Path | None = None,
    focal: str | None = None,
    overrides: dict[str, Any] | None = None,
    episodes: int = 100,
    greedy: bool = True,
    seed: int = 0,
    mind: str | None = None,
    posteriors: Path | None = None,
) -> pl.DataFrame:
    """Plays the policy of a run, or a scripted partner, as the focal agents of a scenario.

    Args:
        name: A scenario, see `scenarios`.
        run: The run folder, or one checkpoint of it.
        focal: Name of a partner, instead of a run.
        overrides: Options of the world that replace those of the scenario.
        episodes: Number of episodes, >= 1.
        greedy: Take the likeliest actions of the policy instead of samples.
        seed: Seed of worlds and partners.
        mind: As in `evaluate_run`.
        posteriors: As in `evaluate_run`.

    Returns:
        One row per episode and agent: see `evaluate_scenario`. A policy's ``partner`` is "learner".

    Raises:
        ConfigError: A name is unknown, there is no policy, or it does not fit the world.
    """
    if (run is None) == (focal is None):
        raise ConfigError("The focal agents are either a run's policy or a partner: give one.")
    scenario = get_scenario(name)
    partner = make_partner(focal) if focal else make_partner("policy", run=run, greedy=greedy)
    trace = _follow(scenario.build(**(overrides or {})), mind)
    columns = evaluate_scenario(
        scenario,
        partner,
        focal_name=focal or "learner",
        episodes=episodes,
        seed=seed,
        overrides=overrides,
        trace=trace,
    )
    _write_posteriors(trace, posteriors)
    return pl.DataFrame(columns)


def list_scenarios() -> str:
    """Returns the shipped scenarios, one a line: name, slots in the order of the agents, words."""
    lines = []
    for name in scenarios():
        scenario = get_scenario(name)
        others = "".join(f", {n} {p}" for p, n in _counts(scenario.background.values()).items())
        slots = f"{len(scenario.focal)} focal{others}"
        tags = f" [{', '.join(scenario.tags)}]" if scenario.tags else ""
        lines.append(f"{name:30} {scenario.description}{tags}\n{'':30} {slots}")
    return "\n".join(lines)


def _scenario(arguments: argparse.Namespace) -> int:
    run, overrides = arguments.run, list(arguments.overrides)
    if arguments.focal and run is not None and "=" in str(run):
        run, overrides = None, [str(run), *overrides]  # without a run folder, the first option
    if arguments.world:
        raise ConfigError("A scenario has its world; leave --world out.")
    out = arguments.out or (run and run / "scenarios" / f"{arguments.scenario}.parquet")
    rows = evaluate_in_scenario(
        arguments.scenario,
        run=arguments.checkpoint or run,
        focal=arguments.focal,
        overrides=parse_overrides(overrides),
        episodes=arguments.episodes,
        greedy=not arguments.sampled,
        seed=arguments.seed,
        mind=arguments.mind,
        posteriors=_posteriors(arguments, out),
    )
    print(_scenario_table(rows))
    if out:
        _write(rows, out)
        print(f"one row per episode and agent: {out}")
    return 0


def _follow(world: World, kind: str | None) -> PosteriorTrace | None:
    """Returns a mind that watches as one who sees everything, or None without a kind."""
    return None if kind is None else PosteriorTrace(Mind(world, kind, observers="shared"))


def _posteriors(arguments: argparse.Namespace, out: Path | None) -> Path | None:
    """Returns where the trace of ``--mind`` goes: beside the rows, named after the kind."""
    if arguments.mind is None:
        return None
    if out is None:
        raise ConfigError("--mind needs a place for what it writes: give --out FILE.parquet.")
    return out.parent / f"{out.stem}.{arguments.mind}"


def _write_posteriors(trace: PosteriorTrace | None, path: Path | None) -> None:
    if trace is None or path is None:
        return
    # matplotlib is imported for those alone who ask for the figure
    from prosocial.analysis.posteriors import write_posteriors

    written = write_posteriors(trace.trace(), path)
    print(f"posteriors over time: {', '.join(map(str, written))}")


def _write(rows: pl.DataFrame, path: Path) -> None:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())


def _counts(names: Any) -> dict[str, int]:
    listed = list(names)
    return {name: listed.count(name) for name in dict.fromkeys(listed)}


def _scenario_table(rows: pl.DataFrame) -> str:
    """Returns means over episodes: of the world, then per capita of focal and background."""
    columns = {name: rows[name].to_numpy() for name in rows.columns}
    quantities = [n for n in rows.columns if n not in (*_UNSHOWN, *_SHARED)]
    lines = {n: per_capita(columns, True, n) for n in _SHARED if n in columns}
    for focal, group in ((True, "focal"), (False, "background")):
        if (columns["focal"] == focal).any():
            lines |= {f"{group} {n}": per_capita(columns, focal, n) for n in quantities}
    heading = f"{columns['scenario'][0]}, per agent, {len(next(iter(lines.values())))} episodes"
    return _lines(heading, lines)


def _table(rows: pl.DataFrame) -> str:
    names = [name for name in rows.columns if name != "episode"]
    return _lines(f"{rows.height} episodes", {name: rows[name].to_numpy() for name in names})


def _lines(heading: str, columns: Mapping[str, np.ndarray]) -> str:
    width = max(map(len, (*columns, heading))) + 4
    lines = [f"{heading:{width}} {'mean':>9} {'sd':>9} {'se':>9}"]
    for name, values in columns.items():
        sd = values.std(ddof=1) if len(values) > 1 else math.nan
        error = sd / math.sqrt(len(values))
        lines.append(f"{name:{width}} {values.mean():9.3f} {sd:9.3f} {error:9.3f}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial evaluate",
        description="Play a trained policy under the true reward, caregiver always present; or, "
        "with --scenario, among held-out partners.",
        epilog="examples: prosocial evaluate outputs/life/default/seed-0 layout=x --episodes 200; "
        "prosocial evaluate --scenario commons_harvest_open_0 outputs/commons/seed-0",
    )
    parser.add_argument("run", type=Path, nargs="?", help="run folder")
    parser.add_argument(
        "overrides", nargs="*", help="options of the world, such as num_walls=5 (YAML values)"
    )
    parser.add_argument("--world", help="another world; default: that of the training")
    parser.add_argument("--scenario", help="a scenario; `--scenario list` lists them")
    parser.add_argument("--focal", help="with --scenario: a scripted partner instead of a run")
    parser.add_argument("--episodes", type=int, default=100, help="default: 100")
    parser.add_argument("--sampled", action="store_true", help="sample actions, not the likeliest")
    parser.add_argument("--seed", type=int, default=0, help="seed of the worlds, default: 0")
    parser.add_argument(
        "--mind",
        metavar="KIND",
        help='a mind follows the episodes with hypotheses of this kind, such as "goals"; its '
        "posteriors and their figure are written beside the rows, default: RUN/minds",
    )
    parser.add_argument("--checkpoint", type=Path, help="default: the newest good one of the run")
    parser.add_argument(
        "--out",
        type=Path,
        help="parquet file for one row per episode; with --scenario, one per episode and agent, "
        "default: RUN/scenarios/NAME.parquet",
    )
    return parser
