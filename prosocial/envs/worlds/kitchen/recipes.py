"""Recipes and the sub-tasks that they break down into.

A recipe is a set of actions on items (STRIPS): fetch a fresh ingredient or a plate, chop, merge
two items, cook a soup, deliver the dish. The sub-tasks are the actions, fetching left out, that
lie on any shortest path from empty hands to the delivered dish, found by breadth-first search, as
in the released code of Wu, Wang et al. (2021, "Too many cooks").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from prosocial.envs.engine.errors import ConfigError, nearest

from . import items
from .items import COOKED, INGREDIENTS, PLATE

KINDS = ("salad", "soup")
SUBTASK_KINDS = ("Chop", "Merge", "Cook", "Deliver")
MAX_RECIPES = 4  # the status channel of an observation has a bit for each of them


@dataclass(frozen=True)
class Recipe:
    """A dish: chopped ingredients on one plate, cooked before if it is a soup.

    Attributes:
        name: What to call it.
        ingredients: Names from ``items.INGREDIENTS``, each at most once.
        kind: "salad" (nothing is cooked) or "soup" (all ingredients in one pot, then the plate).
    """

    name: str
    ingredients: tuple[str, ...]
    kind: str = "salad"

    def __post_init__(self) -> None:
        """Checks the ingredients.

        Raises:
            ConfigError: There are none, one comes twice or is unknown, or the kind is unknown.
        """
        if self.kind not in KINDS:
            raise ConfigError(
                f"Recipe {self.name!r} is of kind {self.kind!r}. {nearest(str(self.kind), KINDS)}"
            )
        if not self.ingredients or len(set(self.ingredients)) != len(self.ingredients):
            raise ConfigError(
                f"Recipe {self.name!r} has the ingredients {self.ingredients}; expected at least "
                "one and none of them twice."
            )
        for ingredient in self.ingredients:
            items.fresh(ingredient)

    @property
    def contents(self) -> int:
        """Code of the ingredients as they lie on the plate."""
        return items.all_chopped(self.ingredients) | (COOKED if self.kind == "soup" else 0)

    @property
    def dish(self) -> int:
        """Code of the plated dish, which has to be delivered."""
        return self.contents | PLATE


RECIPES = {
    "tomato": Recipe("tomato", ("tomato",)),
    "lettuce": Recipe("lettuce", ("lettuce",)),
    "salad": Recipe("salad", ("tomato", "lettuce")),
    "tomato_soup": Recipe("tomato_soup", ("tomato",), "soup"),
}
# Several recipes at once, by one name.
MENUS = {"tomato_lettuce": ("tomato", "lettuce")}


@dataclass(frozen=True, order=True)
class SubTask:
    """One step of a recipe.

    Attributes:
        kind: One of ``SUBTASK_KINDS``.
        inputs: Codes of the items that it uses up, ascending.
        output: Code of the item that it makes; the dish itself for "Deliver".
    """

    kind: str
    inputs: tuple[int, ...]
    output: int

    def __str__(self) -> str:
        """Returns a name such as "Chop(tomato)" or "Merge(plate, tomato)"."""
        return f"{self.kind}({', '.join(sorted(items.label(code) for code in self.inputs))})"


def read_recipes(given: Any) -> tuple[Recipe, ...]:
    """Returns recipes from a configuration value.

    Args:
        given: A name from ``RECIPES`` or ``MENUS``, or a list of names and mappings with the keys
            name, ingredients and kind.

    Raises:
        ConfigError: A name or key is unknown, a recipe comes twice, or there are none or too many.
    """
    if isinstance(given, str) and given in MENUS:
        given = MENUS[given]
    entries = [given] if isinstance(given, str | Mapping | Recipe) else list(given)
    recipes = tuple(_read_recipe(entry) for entry in entries)
    if not 1 <= len(recipes) <= MAX_RECIPES:
        raise ConfigError(f"There are {len(recipes)} recipes; expected 1 to {MAX_RECIPES}.")
    dishes = [recipe.dish for recipe in recipes]
    if len(set(dishes)) != len(dishes):
        names = ", ".join(recipe.name for recipe in recipes)
        raise ConfigError(f"A dish comes twice in the recipes {names}; name each once.")
    return recipes


def _read_recipe(entry: Any) -> Recipe:
    if isinstance(entry, Recipe):
        return entry
    if isinstance(entry, str):
        if entry not in RECIPES:
            raise ConfigError(
                f"There is no recipe {entry!r}. {nearest(entry, [*RECIPES, *MENUS])} A recipe of "
                "your own is a mapping with name, ingredients and kind."
            )
        return RECIPES[entry]
    if not isinstance(entry, Mapping):
        raise ConfigError(f"A recipe is {entry!r}; expected a name or a mapping.")
    known = ("name", "ingredients", "kind")
    for key in entry:
        if key not in known:
            raise ConfigError(f"A recipe has no option {key!r}. {nearest(str(key), known)}")
    if "name" not in entry or "ingredients" not in entry:
        raise ConfigError(f"The recipe {dict(entry)!r} lacks its name or its ingredients.")
    ingredients = entry["ingredients"]
    if isinstance(ingredients, str):
        ingredients = (ingredients,)
    return Recipe(str(entry["name"]), tuple(ingredients), entry.get("kind", "salad"))


def subtasks(recipes: Iterable[Recipe]) -> tuple[SubTask, ...]:
    """Returns the sub-tasks of several recipes: chops first, then merges, cooking, deliveries."""
    found = {task for recipe in recipes for task in _recipe_subtasks(recipe)}
    return tuple(
        sorted(
            found, key=lambda t: (SUBTASK_KINDS.index(t.kind), items.num_parts(t.output), t.inputs)
        )
    )


def num_required(recipe: Recipe) -> int:
    """Returns how many sub-tasks any shortest way to the dish has: 3 for tomato, 5 for salad."""
    chops, merges = len(recipe.ingredients), len(recipe.ingredients)
    return chops + merges + (recipe.kind == "soup") + 1


# A situation of the search: the codes of all items made so far, ascending; and whether the dish
# has been delivered.
_Situation = tuple[tuple[int, ...], bool]


@cache
def _recipe_subtasks(recipe: Recipe) -> frozenset[SubTask]:
    """Returns the union of the actions on all shortest paths to the delivered dish."""
    start: _Situation = ((), False)
    depth: dict[_Situation, int] = {start: 0}
    layer: list[_Situation] = [start]
    arcs: list[tuple[_Situation, SubTask, _Situation]] = []
    while layer and not any(done for _, done in layer):
        following: list[_Situation] = []
        for situation in layer:
            for task, result in _actions(recipe, situation):
                if result not in depth:
                    depth[result] = depth[situation] + 1
                    following.append(result)
                if depth[result] == depth[situation] + 1:
                    arcs.append((situation, task, result))
        layer = following
    wanted = {situation for situation in layer if situation[1]}
    used = set()
    for situation, task, result in reversed(arcs):  # later layers come first
        if result in wanted:
            wanted.add(situation)
            used.add(task)
    return frozenset(task for task in used if task.kind != "Get")


def _actions(recipe: Recipe, situation: _Situation) -> Iterator[tuple[SubTask, _Situation]]:
    """Yields every action that can be done and what it leads to."""
    have, _ = situation

    def after(used: tuple[int, ...], made: int) -> _Situation:
        left = list(have)
        for code in used:
            left.remove(code)
        return tuple(sorted([*left, made])), False

    for code in (PLATE, *(items.fresh(name) for name in recipe.ingredients)):
        yield SubTask("Get", (), code), after((), code)
    for code in set(have):
        if items.is_fresh(code):
            made = int(items.chop(code))
            yield SubTask("Chop", (code,), made), after((code,), made)
        if recipe.kind == "soup" and code == items.all_chopped(recipe.ingredients):
            yield SubTask("Cook", (code,), code | COOKED), after((code,), code | COOKED)
        if code == recipe.dish:
            yield SubTask("Deliver", (code,), code), (have, True)
    for one, other in set(combinations(have, 2)):
        if items.can_merge(one, other):
            made = int(items.merge(one, other))
            yield SubTask("Merge", (one, other), made), after((one, other), made)


def all_ingredients(recipes: Iterable[Recipe]) -> tuple[str, ...]:
    """Returns the ingredients of several recipes, once for each dish that needs them."""
    return tuple(name for recipe in recipes for name in recipe.ingredients)


def highest_ingredient(names: Iterable[str]) -> int:
    """Returns 1 + the largest number of an ingredient, 0 if there are none."""
    return max((INGREDIENTS.index(name) + 1 for name in names), default=0)
