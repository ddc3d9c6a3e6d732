"""The least number of joint steps in which a kitchen's dishes can be delivered, and a plan.

    python -m prosocial.agents.mind.delegation.optimum --output optimum.csv

A search over interactions (``optimum_search``) proves how many steps are needed at least; a plan of
that many steps that the rules of the kitchen carry out proves that they are enough.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from prosocial.envs.engine import World, build
from prosocial.envs.engine.errors import ConfigError, LayoutError
from prosocial.envs.engine.random import mix64
from prosocial.envs.worlds.kitchen.layouts import LAYOUTS
from prosocial.envs.worlds.kitchen.world import KitchenConfig

from .optimum_bound import ENOUGH, bound
from .optimum_plan import read_schedule, steps_to_finish, walk
from .optimum_search import MOST_ROWS, bounds, expand, insert, leading, pack, successors, unpack
from .optimum_tables import Problem, read_problem

RECIPES = ("tomato", "tomato_lettuce", "salad")
MOST_SITUATIONS = 300_000_000  # stop the search before it fills the memory
MOST_PLANS = 300  # schedules of one length to try to walk
BEAMS = (1_000, 30_000)  # situations of a layer, in the searches for a plan before the proof
FIELDS = (
    "layout", "recipes", "agents", "lower", "steps", "exact", "situations", "seconds", "published",
)  # fmt: skip
# Wu, Wang et al. (2021), released plotting code: lines drawn by hand estimate, (agents, recipe,
# layout). Some are not attainable, others not optimal.
PUBLISHED = {
    (agents, recipe, layout): steps
    for agents, table in (
        (2, ((15, 25, 24), (17, 31, 21), (17, 31, 21))),
        (3, ((12, 22, 15), (12, 22, 16), (13, 24, 19))),
    )
    for layout, row in zip(LAYOUTS, table, strict=True)
    for recipe, steps in zip(RECIPES, row, strict=True)
}


@dataclass(frozen=True)
class Optimum:
    """What is known of the fastest way to deliver all dishes.

    Attributes:
        lower: No plan is shorter; joint steps.
        steps: Length of the plan, None without one. Exact if equal to ``lower``.
        situations: Situations of the largest search for the proof.
        seconds: Time it took.
        actions: A plan of that length, int64 (steps, N); None without one.
    """

    lower: int
    steps: int | None
    situations: int
    seconds: float
    actions: np.ndarray | None

    @property
    def exact(self) -> bool:
        """Whether the plan is proved to be optimal."""
        return self.lower == self.steps


class Search:
    """The layers of situations that can still be completed within a number of steps."""

    def __init__(self, problem: Problem) -> None:
        """Prepares the scratch arrays.

        Args:
            problem: The kitchen.
        """
        tables, agents = problem.tables, len(problem.start_floor)
        spots, ingredients = len(tables.spot_floor), len(tables.dish_of)
        objects, solids = len(problem.start_places), len(tables.kind)
        self.problem = problem
        self.sizes = (agents, objects, ingredients)
        self.radices = np.array(
            [solids + agents + 1] * objects
            + [2] * ingredients
            + [spots + len(problem.floor_cells)] * agents
            + [max(int(tables.longest.max()) + 1, 2) + 1] * agents
        )
        if np.prod(self.radices.astype(float)) >= 2**63:
            raise ConfigError("The kitchen is too large for the search of the optimum.")
        blank = np.zeros(ingredients, np.int64), np.zeros(agents, np.int64)
        self.start = np.concatenate(
            [problem.start_places, blank[0], spots + problem.start_floor, blank[1]]
        )
        self.rows = np.zeros((MOST_ROWS, len(self.radices)), np.int64)
        self.changed = np.zeros((MOST_ROWS, agents), np.int64)

    def bound(self) -> int:
        """Returns the lower bound at the start."""
        return int(bound(self.problem.tables, self.sizes, self.start, ENOUGH))

    def layers(self, steps: int, most: int | None = None) -> tuple[list[np.ndarray], bool]:
        """Returns the situations after 0, 1, ... steps, and whether the last ones hold the goal.

        Args:
            steps: Situations that need more steps in all are left out.
            most: Keep no more than these of a layer, those with the least bounds; then not finding
                the goal proves nothing. None: keep all.

        Raises:
            MemoryError: There are more than ``MOST_SITUATIONS``.
        """
        layer, room = np.array([pack(self.start, self.radices) + 1]), 1 << 16
        layers = [layer]
        for step in range(1, steps + 1):
            while True:
                table = np.zeros(room, np.int64)
                added, found = expand(
                    self.problem.tables, self.sizes, self.radices, layer, steps - step, table,
                    self.rows, self.changed,
                )  # fmt: skip
                if added >= 0:
                    break
                room *= 4
                if added == -2 or room > MOST_SITUATIONS * 2:
                    raise MemoryError("The search has too many situations.")
            layer = np.sort(table[table != 0])
            if most is not None and layer.size > most and not found:
                least = bounds(self.problem.tables, self.sizes, self.radices, layer)
                layer = np.sort(layer[np.argsort(least, kind="stable")[:most]])
            layers.append(layer)
            if found or not layer.size:
                return layers, found
            room = max(1 << 16, 1 << (int(layer.size) * 6).bit_length())
            if sum(map(len, layers)) > MOST_SITUATIONS:
                raise MemoryError("The search has too many situations.")
        return layers, False

    def useful(self, layers: list[np.ndarray]) -> list[np.ndarray]:
        """Returns for each layer the hash set of those situations that lead to the goal."""
        arguments = self.problem.tables, self.sizes, self.radices
        row = np.zeros(len(self.radices), np.int64)
        done = len(self.problem.tables.kind) + self.sizes[0]
        goals = []
        for key in layers[-1]:
            unpack(key - 1, self.radices, row)
            if (row[: self.sizes[2]] == done).all():
                goals.append(key)
        sets = [_hash_set(np.array(goals))]
        for layer in layers[-2::-1]:
            kept = leading(*arguments, layer, sets[0], self.rows, self.changed)
            sets.insert(0, _hash_set(kept))
        return sets

    def schedule(self, useful: list[np.ndarray], number: int) -> np.ndarray:
        """Returns one of the schedules through useful situations, int64 (T, N).

        Args:
            useful: From ``useful``.
            number: Which one; a schedule may come up for several numbers.
        """
        row, path = self.start, [self.start]
        for step, wanted in enumerate(useful[1:]):
            count = successors(self.problem.tables, self.sizes, row, self.rows, self.changed)
            keys = np.array([pack(self.rows[k], self.radices) + 1 for k in range(count)])
            found = np.flatnonzero(np.isin(keys, wanted[wanted != 0]))
            address = np.uint64(number * 1009 + step)
            chosen = found[int(mix64(address) % np.uint64(len(found)))]
            row = self.rows[chosen].copy()
            path.append(row)
        return read_schedule(self.problem, np.array(path))


def _hash_set(keys: np.ndarray) -> np.ndarray:
    table = np.zeros(1 << max(4, (len(keys) * 2).bit_length()), np.int64)
    for key in keys:
        insert(table, key)
    return table


def optimum(config: KitchenConfig, most_steps: int = 100) -> Optimum:
    """Returns the least number of joint steps, with a plan.

    Args:
        config: The kitchen, its recipes and the number of agents.
        most_steps: Give up when this many steps are not enough.

    Raises:
        ConfigError: The recipes or the kitchen are beyond the search (see ``read_problem``).
    """
    begun = time.perf_counter()
    search, world = Search(read_problem(config)), build("kitchen", **_settings(config))
    lower, situations, proved = search.bound(), 0, False
    for steps in range(lower, most_steps + 1):
        for most in BEAMS:  # a plan may be found among the most promising situations
            layers, found = search.layers(steps, most)
            actions = _plan(search, world, layers) if found else None
            if actions is not None:
                situations += sum(map(len, layers))
                seconds = time.perf_counter() - begun
                return Optimum(lower, steps, situations, seconds, actions)
        if proved:
            continue
        try:
            layers, found = search.layers(steps)
        except MemoryError:
            proved = True  # this far
            continue
        situations = sum(map(len, layers))
        actions = _plan(search, world, layers) if found else None
        if actions is not None:
            seconds = time.perf_counter() - begun
            return Optimum(lower, steps, situations, seconds, actions)
        proved = found
        if not found:
            lower = steps + 1
    return Optimum(lower, None, situations, time.perf_counter() - begun, None)


def _plan(search: Search, world: World, layers: list[np.ndarray]) -> np.ndarray | None:
    """Returns actions that the rules carry out in as many steps as there are layers, or None."""
    useful = search.useful(layers)
    for number in range(MOST_PLANS):
        actions = walk(search.problem, search.schedule(useful, number))
        if actions is not None and steps_to_finish(world, actions) == len(layers) - 1:
            return actions
    return None


def _settings(config: KitchenConfig) -> dict[str, object]:
    return {k: getattr(config, k) for k in ("layout", "recipes", "num_agents")}


def main() -> None:
    """Writes the table of all kitchens, recipes and agents; goes on with one that is begun."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--output", type=Path, required=True, help="CSV file to write or go on with"
    )
    parser.add_argument("--agents", type=int, nargs="+", default=[1, 2, 3], choices=(1, 2, 3, 4))
    parser.add_argument("--layouts", nargs="+", default=list(LAYOUTS), choices=list(LAYOUTS))
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=RECIPES)
    arguments = parser.parse_args()
    path: Path = arguments.output
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = _read(path)
    cells = product(arguments.agents, arguments.recipes, arguments.layouts)
    for agents, recipe, layout in cells:
        if (layout, recipe, str(agents)) not in rows:
            row = _row(layout, recipe, agents)
            rows[layout, recipe, str(agents)] = row
            print(*row, flush=True)
        _write(path, rows)


def _read(path: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Returns the proved rows that a stopped command has left, by their first three fields."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    if not rows or rows[0] != FIELDS:
        raise ConfigError(f"{path} is no table of this command; give another --output.")
    return {row[:3]: row for row in rows[1:] if row[FIELDS.index("exact")] == "True"}


def _write(path: Path, rows: dict[tuple[str, ...], tuple[str, ...]]) -> None:
    """Writes the table, by number of agents, recipe and layout."""

    def order(key: tuple[str, ...]) -> tuple[int, int, int]:
        return int(key[2]), RECIPES.index(key[1]), list(LAYOUTS).index(key[0])

    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(FIELDS)
        table.writerows(rows[key] for key in sorted(rows, key=order))


def _row(layout: str, recipe: str, agents: int) -> tuple[str, ...]:
    """Computes one row of the table."""
    published = PUBLISHED.get((agents, recipe, layout), "")
    try:
        found = optimum(KitchenConfig(layout=layout, recipes=recipe, num_agents=agents))
    except LayoutError:  # one agent in the kitchen cut in two
        values: tuple[object, ...] = "", "unsolvable", True, 0, 0
    else:
        steps = "" if found.steps is None else found.steps
        values = found.lower, steps, found.exact, found.situations, round(found.seconds, 1)
    return tuple(str(value) for value in (layout, recipe, agents, *values, published))


if __name__ == "__main__":
    main()
