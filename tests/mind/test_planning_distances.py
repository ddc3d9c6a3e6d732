"""Shortest paths, action values from them, and the cache of plans."""

import numpy as np
import pytest

from prosocial.agents.mind.planning.cache import PlanCache, plan_key
from prosocial.agents.mind.planning.distances import (
    IMPOSSIBLE,
    action_values,
    all_pairs,
    distances_to,
    goal_table,
    grid_successors,
)
from prosocial.envs.engine import ConfigError
from prosocial.envs.engine.grid import UNREACHABLE, distances, parse_map

BLOCKING = np.zeros(256, np.uint8)
BLOCKING[1] = 1
ROOMS = """
    #########
    #...#...#
    #...#...#
    #.......#
    #####.###
    #...#.#.#
    #...#...#
    #########
"""
WIDTH = 9


def cells():
    return (parse_map(ROOMS, "#.") == "#").astype(np.uint8).ravel()


def walk():
    return grid_successors(cells(), WIDTH, BLOCKING, (0, -WIDTH, WIDTH, -1, 1))


def test_successors_of_a_grid():
    table = walk()
    corner = WIDTH + 1
    assert table[corner].tolist() == [corner, corner, corner + WIDTH, corner, corner + 1]
    assert table[0].tolist() == [0] * 5  # a wall


def test_all_pairs_are_the_distances_of_the_engine():
    found = all_pairs(walk())
    out, queue = np.empty(cells().size, np.int32), np.empty(cells().size, np.int32)
    for goal in np.flatnonzero(cells() == 0):
        distances(cells(), WIDTH, goal, BLOCKING, out, queue)
        free = cells() == 0
        assert (found[free, goal] == out[free]).all()
    room = 5 * WIDTH + 1  # closed in: reached from its own six cells alone
    assert (found[:, room] != UNREACHABLE).sum() == 6


def test_one_way_streets_have_a_direction():
    ring = np.array([[1], [2], [0]])
    assert all_pairs(ring).tolist() == [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
    line = np.array([[1], [2], [IMPOSSIBLE]])
    assert distances_to(line, [2, 0]).tolist() == [[2, 0], [1, UNREACHABLE], [0, UNREACHABLE]]


def test_action_values_are_those_of_the_next_cell():
    table, goals = walk(), np.flatnonzero(cells() == 0)
    steps = all_pairs(table)
    values = action_values(table, steps[:, goals], step_cost=0.5)
    assert values.dtype == np.float32
    assert values.shape == (cells().size, 5, len(goals))
    for state in goals:
        for action in range(5):
            for column, goal in enumerate(goals):
                left = steps[table[state, action], goal]
                wanted = -np.inf if left == UNREACHABLE else -0.5 * (1 + left)
                assert values[state, action, column] == wanted
    assert (goal_table(table, goals[:3], 0.5) == values[:, :, :3]).all()


def test_an_action_that_cannot_be_taken_is_worth_nothing():
    line = np.array([[1, IMPOSSIBLE], [1, 0]])
    assert goal_table(line, [1]).tolist() == [[[-1], [-np.inf]], [[-1], [-2]]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: all_pairs(np.array([[2], [0]])), r"expected states in \[0, 2\)"),
        (lambda: all_pairs(np.array([0, 1])), "shape \\(2,\\)"),
        (lambda: all_pairs(np.array([[0.5]])), "float64"),
        (lambda: distances_to(np.array([[0]]), [1]), "is no state"),
        (lambda: distances_to(np.array([[0]]), []), "at least one state"),
        (lambda: goal_table(np.array([[0]]), [0], 0.0), "step_cost"),
        (lambda: goal_table(np.array([[0]]), [0], np.inf), "step_cost"),
        (lambda: action_values(np.array([[0]]), np.zeros((2, 1), int)), "one row for each of 1"),
        (lambda: grid_successors(cells()[:-1], WIDTH, BLOCKING, (0,)), "whole rows of 9"),
        (lambda: grid_successors(np.zeros(9, np.uint8), 3, BLOCKING, (0,)), "border"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


def test_a_plan_is_made_once():
    cache, made = PlanCache(), []
    key = plan_key("distances", cells(), 3)

    def make():
        made.append(1)
        return np.zeros(4)

    first = cache.get(key, make)
    assert cache.get(plan_key("distances", cells().copy(), 3), make) is first
    assert (cache.hits, cache.misses, len(made)) == (1, 1, 1)
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1
    assert len(cache) == 1
    cache.clear()
    assert (len(cache), cache.hits, cache.num_bytes) == (0, 0, 0)


def test_the_least_recently_used_plan_goes_first():
    cache = PlanCache(max_bytes=160)
    for key in (b"a", b"b"):
        cache.get(key, lambda: (np.zeros(5), np.zeros(5)))
    cache.get(b"a", lambda: pytest.fail("a was there"))
    cache.get(b"c", lambda: np.zeros(5))  # 40 bytes more: b has to go
    assert cache.num_bytes == 120
    cache.get(b"a", lambda: pytest.fail("a was used last"))
    assert cache.misses == 3
    cache.get(b"b", lambda: np.zeros(1))
    assert cache.misses == 4
    big = cache.get(b"big", lambda: np.ones(1000))  # more than fits: made, not kept
    assert big.sum() == 1000
    assert cache.num_bytes <= 160


def test_keys_tell_everything_apart():
    parts = [
        ("ab", "c"), ("a", "bc"), (1,), (1.0,), ("1",), (True,),
        (np.zeros(2, np.uint8),), (np.zeros((1, 2), np.uint8),), (np.zeros(1, np.uint16),),
        (np.zeros(2, np.uint8), np.zeros(0, np.uint8)), (b"",), (),
    ]  # fmt: skip
    keys = [plan_key(*part) for part in parts]
    assert len(set(keys)) == len(keys)


def test_an_empty_memory_is_refused():
    with pytest.raises(ConfigError, match="max_bytes"):
        PlanCache(0)
