"""Tables that figures need and no run records: audits of internal rewards, Schelling games."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.agents.internal_reward.audit import StateActions, state_actions
from prosocial.agents.partners import Partner, Population, make_partner, partner_entry
from prosocial.agents.scenarios import play_episodes
from prosocial.agents.training.checkpoint import CheckpointError
from prosocial.agents.training.config import TrainConfig
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.analysis.figures import confusion, schelling
from prosocial.analysis.figures.plates import parquet_bytes
from prosocial.analysis.figures.runs import Run, find_runs
from prosocial.envs.engine import Batch, World, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.files import write_atomically
from prosocial.envs.social import make_caregiver
from prosocial.envs.worlds.caregiver_grid import Cell
from prosocial.envs.worlds.caregiver_grid.layouts import LAYOUTS

WORLD = "caregiver_grid"  # the one whose states can be enumerated

USUAL = {
    "commons_harvest": ("restrained_harvester", "greedy_harvester"),
    "clean_up": ("altruist_cleaner", "free_rider"),
    **dict.fromkeys(("fishery", "pasture", "pollution"), ("sustainable_demand", "greedy_demand")),
}
"""Cooperator and defector of the commons worlds, scripted partners."""


@dataclass(frozen=True)
class Game:
    """A Schelling game: populations of k cooperators and N - k defectors, for every k.

    Attributes:
        world: Name of a registered world with at least two agents.
        cooperator: Name of a partner, or a run folder, folder or pattern of runs; None for the
            usual one of the world.
        defector: Likewise. Several runs are paired in order; the pair is then the unit.
        episodes: Episodes of each population, >= 1.
        seed: Seed of worlds and partners.
        options: Options of the world.
    """

    world: str
    cooperator: str | None = None
    defector: str | None = None
    episodes: int = 10
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


def write_confusion(runs: Sequence[Run], folder: Path, layouts: Sequence[str] | None) -> list[str]:
    """Audits the internal rewards of runs and writes ``confusion.parquet``.

    Args:
        runs: Any runs; those without an internal reward in caregiver_grid are left out.
        folder: Where the table goes.
        layouts: Names of hand-made layouts, or "empty" for the room without inner walls; None for
            the fixed layouts that a run trained or was evaluated in, or all hand-made ones.

    Returns:
        Why runs were left out, a line each.

    Raises:
        ConfigError: There is no such layout.
    """
    for layout in layouts or ():
        if layout not in (*LAYOUTS, "empty"):
            known = ", ".join((*LAYOUTS, "empty"))
            raise ConfigError(f"There is no layout {layout!r} to audit; expected some of {known}.")
    tables, reasons = [], []
    for run in runs:
        if run.config.get("world") != WORLD:
            reasons.append(f"{run.path}: only {WORLD} can be audited")
            continue
        try:
            tables += _audits(run.path, layouts)
        except (ConfigError, CheckpointError, _NoISRError) as error:
            reasons.append(f"{run.path}: {error}")
    path = folder / confusion.FILE
    if tables:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, parquet_bytes(pl.concat(tables)))
    else:
        path.unlink(missing_ok=True)  # of other runs
    return reasons


def write_schelling(game: Game, folder: Path, say: Callable[[str], object]) -> Path:
    """Plays a Schelling game and writes its table, unless the very same one lies there already.

    Args:
        game: What to play.
        folder: Where the table goes.
        say: Takes a line of progress.

    Returns:
        Path of the table.

    Raises:
        ConfigError: The world or a partner is unknown, the world has one agent, or there is no
            usual partner.
    """
    if game.episodes < 1:
        raise ConfigError(f"A Schelling game needs at least 1 episode; got {game.episodes}.")
    world = build(game.world, **game.options)
    if world.num_agents < 2:
        raise ConfigError(f"{game.world} has one agent; a Schelling game needs at least two.")
    pairs = _pairs(game)
    asked = json.dumps(
        {"world": game.world, "options": dict(game.options), "episodes": game.episodes,
         "seed": game.seed, "pairs": [[_stamp(one) for one in pair] for pair in pairs]},
        indent=1, default=str,
    )  # fmt: skip
    path = folder / f"{schelling.PREFIX}{game.world}.parquet"
    note = path.with_suffix(".json")
    if path.is_file() and note.is_file() and note.read_text(encoding="utf-8") == asked:
        say(f"{path} holds this game already; it is not played again")
        return path
    tables = []
    for unit, (cooperator, defector) in enumerate(pairs):
        partners = _partner(cooperator, game.world), _partner(defector, game.world)
        for k in range(world.num_agents + 1):
            say(f"{game.world}: {k} of {world.num_agents} cooperate, {game.episodes} episodes")
            table = _played(game, world, partners, k)
            labels = {"world": game.world, "cooperator": _name(cooperator),
                      "defector": _name(defector), "agents": world.num_agents,
                      "unit": unit}  # fmt: skip
            tables.append(table.select(*(pl.lit(v).alias(n) for n, v in labels.items()), pl.all()))
    folder.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)  # a new table never stands beside the note of an older one
    write_atomically(path, parquet_bytes(pl.concat(tables)))
    write_atomically(note, asked.encode())
    return path


class _NoISRError(Exception):
    """A run holds no internal reward."""


def _audits(path: Path, layouts: Sequence[str] | None) -> list[pl.DataFrame]:
    """One table for each layout."""
    # torch is imported for those alone who ask for an audit
    from prosocial.agents.training.internalization import Internalization

    config = read_config(path)
    found = read_checkpoint(path)
    if not any(name.startswith(("isr/", "continual_isr/")) for name in found.tensors):
        raise _NoISRError("its checkpoint holds no internal reward")
    world = build(config.world, **config.phase_world(config.phases[-1]))
    internalization = Internalization(config.isr, world)
    internalization.load(found.tensors, config.seed)
    model = internalization.model
    assert model is not None
    perfect = config.caregiver.replace(
        schedule="always", miss=0.0, false_alarm=0.0, noise_sd=0.0, teaching=None
    )
    tables = []
    for layout in layouts or _layouts(config):
        room = build(config.world, **{**config.world_config, **_fixed(layout)})
        caregiver = make_caregiver(perfect, room)
        assert caregiver is not None
        pairs = state_actions(room, caregiver)
        predicted = model.predict(pairs.observations, pairs.actions, pairs.events)
        accepted = predicted.astype(np.float32) > np.float32(model.config.accept_above)
        tables.append(_cells(path, layout, room, pairs, accepted))
    return tables


def _layouts(config: TrainConfig) -> tuple[str, ...]:
    """Fixed layouts of a life and of its evaluations, or else all hand-made ones."""
    worlds = [config.phase_world(phase) for phase in config.phases]
    worlds += [config.evaluation_world(name) for name in config.evaluation.worlds]
    named = dict.fromkeys(str(world.get("layout")) for world in worlds)
    return tuple(name for name in named if name in LAYOUTS) or tuple(LAYOUTS)


def _fixed(layout: str) -> dict[str, Any]:
    walls = {"num_walls": 0, "num_lava": 0}
    return {"layout": "random", **walls} if layout == "empty" else {"layout": layout, **walls}


def _cells(
    path: Path, layout: str, room: World, pairs: StateActions, accepted: np.ndarray
) -> pl.DataFrame:
    """Counts by cell of the learner, without the border that pads the record."""
    params = room.params[0]
    blank = params["blank"]
    codes = blank.reshape(-1, int(params["width"]))
    flat = np.arange(blank.size).reshape(codes.shape)
    approved = pairs.social_rewards > 0

    def count(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(pairs.positions[chosen], minlength=blank.size)

    goals = np.zeros(blank.size, bool)
    goals[params["goal_cells"][: params["num_goal_cells"]]] = True
    inside = _inner(codes)
    order = flat[inside].ravel()
    rows, columns = np.indices(flat[inside].shape)
    kinds = np.full(blank.size, "wall", dtype="U4")
    kinds[blank == Cell.EMPTY], kinds[blank == Cell.LAVA] = "free", "lava"
    columns_by_name = {
        "row": rows.ravel(),
        "column": columns.ravel(),
        "kind": kinds[order],
        "goal": goals[order],
        "approved": count(approved)[order],
        "false_negatives": count(approved & ~accepted)[order],
        "unapproved": count(~approved)[order],
        "false_positives": count(~approved & accepted)[order],
    }
    table = pl.DataFrame(columns_by_name)
    labels = [pl.lit(path.as_posix()).alias("run"), pl.lit(layout).alias("layout")]
    return table.select(*labels, *columns_by_name)


def _inner(codes: np.ndarray) -> tuple[slice, slice]:
    """Where the free cells are, with one row of wall round them."""
    rows, columns = np.nonzero((codes != Cell.WALL) & (codes != Cell.OUTSIDE))
    return slice(rows.min() - 1, rows.max() + 2), slice(columns.min() - 1, columns.max() + 2)


def _pairs(game: Game) -> list[tuple[str | Path, str | Path]]:
    usual = USUAL.get(game.world, (None, None))
    sides: list[list[str | Path]] = []
    for role, given, default in (
        ("cooperator", game.cooperator, usual[0]),
        ("defector", game.defector, usual[1]),
    ):
        name = given or default
        if name is None:
            raise ConfigError(
                f"There is no usual {role} in {game.world!r} (but in {', '.join(USUAL)}); name a "
                f"partner or a run with --{role}."
            )
        exists = Path(name).exists() or any(sign in name for sign in "*?[/")
        sides.append([run.path for run in find_runs([name])] if exists else [name])
    count = max(map(len, sides))
    if any(len(side) not in (1, count) for side in sides):
        raise ConfigError(
            f"There are {len(sides[0])} runs of cooperators and {len(sides[1])} of defectors; give "
            "as many of both, or one."
        )
    cooperators, defectors = (side * count if len(side) == 1 else side for side in sides)
    return list(zip(cooperators, defectors, strict=True))


def _partner(named: str | Path, world: str) -> Partner:
    if isinstance(named, Path):
        return make_partner("policy", run=named)
    worlds = partner_entry(named).worlds
    if worlds and world not in worlds:
        raise ConfigError(f"Partner {named!r} acts in {' and '.join(worlds)}, not in {world!r}.")
    return make_partner(named)


def _stamp(named: str | Path) -> str:
    """What tells whether a partner is still the same: its name, or run and newest checkpoint."""
    if isinstance(named, str):
        return named
    newest = max((path.name for path in named.glob("checkpoints/step-*")), default="")
    return f"{named.as_posix()} {newest}"


def _name(named: str | Path) -> str:
    if isinstance(named, str):
        return named
    return str(read_config(named).condition)


def _played(
    game: Game, world: World, partners: tuple[Partner, Partner], cooperating: int
) -> pl.DataFrame:
    """Payoffs of both roles in one population: episode, role, others, payoff.

    The cooperators have other slots in other episodes, so that no role has the better places.
    """
    agents = world.num_agents
    tables = []
    for turn, episodes in enumerate(np.array_split(np.arange(game.episodes), agents)):
        if not episodes.size:
            break
        cooperates = (np.arange(agents) - turn) % agents < cooperating
        slots = {k: partners[0 if cooperates[k] else 1] for k in range(agents)}
        batch = Batch(world, episodes.size, seed=game.seed, first=int(episodes[0]))
        rows = pl.DataFrame(play_episodes(batch, Population(slots), game.seed))
        role = np.where(cooperates, schelling.COOPERATOR, schelling.DEFECTOR)
        tables.append(
            rows.with_columns(
                role=pl.Series(role[rows["agent"].to_numpy()]),
                # A cooperator is not among the others.
                others=cooperating - pl.Series(cooperates[rows["agent"].to_numpy()]).cast(pl.Int64),
                episode=pl.col("world_index").cast(pl.Int64) + int(episodes[0]),
            )
        )
    return (
        pl.concat(tables)
        .group_by("episode", "role", "others")
        .agg(pl.col("env_return").mean().alias("payoff"))
        .sort("episode", "role")
    )
