"""Numbers for the situations of kitchens: what was planned for one is found again by its number."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

_FIRST_CAPACITY = 1024


class Situations:
    """Numbers situations in the order in which they are met: who stands and holds what, what lies.

    Args:
        places: Flat cells on which something can lie, integers (L,).
        others: Numbers below 2**16 that belong to a situation besides, per record.
    """

    def __init__(self, places: np.ndarray, others: int) -> None:
        self._places = np.asarray(places, np.int64)
        self._words = -(-(len(places) + others) // 4)
        self.forget()

    def forget(self) -> None:
        """Begins to count anew."""
        self.count = 0
        self._keys = np.zeros((_FIRST_CAPACITY, self._words), np.uint64)
        self._slots = np.full(2 * _FIRST_CAPACITY, -1, np.int64)

    def number(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the numbers of the situations, and the records in which new ones are met.

        Args:
            states: Records of the kitchen, (B,).

        Returns:
            int64 (B,); and int64 (new,): one record for each number from the old ``count`` on.
        """
        while self.count + len(states) > len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
            self._slots = np.full(2 * len(self._keys), -1, np.int64)
            _settle(self._keys, self.count, self._slots)
        numbers, first = np.empty(len(states), np.int64), np.empty(len(states), np.int64)
        before = self.count
        self.count = _find(
            states["items"], states["position"], states["held"], states["delivered"],
            self._places, self._keys, self._slots, before, numbers, first,
        )  # fmt: skip
        return numbers, first[: self.count - before]


@compiled
def _slot_of(key, keys, slots):
    """Returns the slot that holds the number of a key, or the free one where it belongs."""
    mixed = np.uint64(14695981039346656037)
    for k in range(key.shape[0]):
        mixed = (mixed ^ key[k]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    last = np.int64(slots.shape[0] - 1)
    slot = np.int64(mixed & np.uint64(last))
    while slots[slot] >= 0:
        same = True
        for k in range(key.shape[0]):
            same &= keys[slots[slot], k] == key[k]
        if same:
            break
        slot = (slot + 1) & last
    return slot


@compiled
def _settle(keys, count, slots):
    """Writes the numbers of the first keys to their slots."""
    for number in range(count):
        slots[_slot_of(keys[number], keys, slots)] = number


@compiled
def _find(items, position, held, delivered, places, keys, slots, count, numbers, first):
    """Writes the number of each record, and the records in which new numbers are met.

    Args:
        items: uint16 (B, n).
        position: integers (B, N), < 2**16.
        held: uint16 (B, N).
        delivered: uint8 (B, D).
        places: int64 (L,).
        keys: uint64 (capacity, words), by number; four numbers of 16 bits in a word.
        slots: int64 (a power of two,): numbers, -1 where free.
        count: How many numbers there are; at least B fewer than the capacity.
        numbers: int64 (B,).
        first: int64 (B,).

    Returns:
        How many numbers there are now.
    """
    before, key = count, np.empty(keys.shape[1], np.uint64)
    num_items, num_agents = places.shape[0], position.shape[1]
    length = num_items + 2 * num_agents + delivered.shape[1]
    for world in range(items.shape[0]):
        key[:] = 0
        for k in range(length):
            if k < num_items:
                value = np.uint64(items[world, places[k]])
            elif k < num_items + num_agents:
                value = np.uint64(position[world, k - num_items])
            elif k < num_items + 2 * num_agents:
                value = np.uint64(held[world, k - num_items - num_agents])
            else:
                value = np.uint64(delivered[world, k - num_items - 2 * num_agents])
            key[k >> 2] |= value << np.uint64(16 * (k & 3))
        slot = _slot_of(key, keys, slots)
        if slots[slot] < 0:
            slots[slot], keys[count], first[count - before] = count, key, world
            count += 1
        numbers[world] = slots[slot]
    return count
