"""Items as bit masks, and what may be put together.

An item is a uint16 code, the set of its parts: bit 0 a plate; for ingredient k bit 1 + 2k when it
is fresh and bit 2 + 2k when it is chopped; bit 15 marks a cooked soup. 0 is nothing. An item has
each part at most once, so that putting two items together is a bitwise or.
"""

from __future__ import annotations

from collections.abc import Iterable

from numba import njit

from prosocial.envs.engine.errors import ConfigError, nearest

INGREDIENTS = ("tomato", "lettuce", "onion", "carrot")

NOTHING = 0
PLATE = 1
COOKED = 1 << 15
FRESH_MASK = sum(1 << (1 + 2 * k) for k in range(7))
CHOPPED_MASK = sum(1 << (2 + 2 * k) for k in range(7))
PARTS_MASK = PLATE | FRESH_MASK | CHOPPED_MASK


@njit
def num_parts(code):
    """Returns the number of parts of an item (int64)."""
    left, count = code & PARTS_MASK, 0
    while left:
        left &= left - 1
        count += 1
    return count


@njit
def is_merged(code):
    """Returns whether an item has more than one part."""
    left = code & PARTS_MASK
    return (left & (left - 1)) != 0


@njit
def is_fresh(code):
    """Returns whether an item is an ingredient that a cutting board chops."""
    return (code & FRESH_MASK) != 0


@njit
def is_chopped(code):
    """Returns whether an item has ingredients, all of them chopped."""
    return (code & CHOPPED_MASK) != 0 and (code & FRESH_MASK) == 0


@njit
def is_deliverable(code):
    """Returns whether the delivery takes an item: merged, every ingredient chopped."""
    return is_merged(code) and (code & FRESH_MASK) == 0


@njit
def chop(code):
    """Returns a fresh ingredient chopped."""
    return (code & FRESH_MASK) << 1


@njit
def can_merge(a, b):
    """Returns whether two items may be put together.

    Every ingredient must be chopped, and no part may come twice (so at most one plate). A cooked
    soup merges with an empty plate only.
    """
    if a == NOTHING or b == NOTHING or (a & b) != 0 or ((a | b) & FRESH_MASK) != 0:
        return False
    return ((a | b) & COOKED) == 0 or a == PLATE or b == PLATE


@njit
def merge(a, b):
    """Returns two items put together; meant for items that ``can_merge``."""
    return a | b


def fresh(ingredient: str) -> int:
    """Returns the code of a fresh ingredient.

    Raises:
        ConfigError: There is no such ingredient.
    """
    return 1 << (1 + 2 * _number(ingredient))


def chopped(ingredient: str) -> int:
    """Returns the code of a chopped ingredient.

    Raises:
        ConfigError: There is no such ingredient.
    """
    return 1 << (2 + 2 * _number(ingredient))


def ingredients_of(code: int) -> tuple[str, ...]:
    """Returns the names of the ingredients of an item, fresh or chopped."""
    return tuple(name for k, name in enumerate(INGREDIENTS) if int(code) & (0b11 << (1 + 2 * k)))


def label(code: int) -> str:
    """Returns the parts of an item, fresh or chopped, sorted: "lettuce-plate-tomato"."""
    parts = [*ingredients_of(code), *(["plate"] if int(code) & PLATE else [])]
    return ("-".join(sorted(parts)) or "nothing") + (" soup" if int(code) & COOKED else "")


def item_name(code: int) -> str:
    """Returns what to call an item: "fresh tomato", "chopped tomato + plate", "soup: ...".

    ``item_code`` is its inverse.
    """
    code = int(code)
    parts = []
    for k, name in enumerate(INGREDIENTS):
        if code & (1 << (1 + 2 * k)):
            parts.append(f"fresh {name}")
        if code & (1 << (2 + 2 * k)):
            parts.append(f"chopped {name}")
    if code & PLATE:
        parts.append("plate")
    return ("soup: " if code & COOKED else "") + (" + ".join(parts) or "nothing")


def item_code(name: str) -> int:
    """Returns the code of an item from what ``item_name`` calls it.

    Raises:
        ConfigError: A part is unknown.
    """
    text, code = name.removeprefix("soup: "), NOTHING
    if text != name:
        code |= COOKED
    known = {"nothing": NOTHING, "plate": PLATE}
    known |= {f"fresh {one}": fresh(one) for one in INGREDIENTS}
    known |= {f"chopped {one}": chopped(one) for one in INGREDIENTS}
    for part in text.split(" + "):
        if part not in known:
            raise ConfigError(f"There is no item {part!r}. {nearest(part, known)}")
        code |= known[part]
    return code


def all_chopped(ingredients: Iterable[str]) -> int:
    """Returns the code of several chopped ingredients put together."""
    code = NOTHING
    for name in ingredients:
        code |= chopped(name)
    return code


def _number(ingredient: str) -> int:
    if ingredient not in INGREDIENTS:
        raise ConfigError(
            f"There is no ingredient {ingredient!r}. {nearest(str(ingredient), INGREDIENTS)}"
        )
    return INGREDIENTS.index(ingredient)
