"""The least number of joint steps: known values, brute force on small kitchens, real plans."""

import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from prosocial.agents.mind.delegation.optimum import FIELDS, PUBLISHED, Search, main, optimum
from prosocial.agents.mind.delegation.optimum_bound import bound
from prosocial.agents.mind.delegation.optimum_plan import steps_to_finish
from prosocial.agents.mind.delegation.optimum_search import successors, unpack
from prosocial.agents.mind.delegation.optimum_tables import read_problem
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.kitchen import KitchenConfig

TABLE = Path(__file__).parents[2] / "docs/results/bayesian_delegation/tables/optimum.csv"


# An independent breadth-first search over whole states, collisions included (two agents), and the
# value that the released plotting code has for three.
@pytest.mark.parametrize(
    ("layout", "recipes", "agents", "steps"),
    [
        ("open_divider", "tomato", 2, 16),
        ("partial_divider", "tomato", 2, 17),
        ("full_divider", "tomato", 2, 17),
        ("partial_divider", "tomato", 3, 13),
        ("full_divider", "tomato", 3, 13),
    ],
)
def test_known_values(layout, recipes, agents, steps):
    found = optimum(KitchenConfig(layout=layout, recipes=recipes, num_agents=agents))
    assert (found.lower, found.steps, found.exact) == (steps, steps, True)
    world = build("kitchen", layout=layout, recipes=recipes, num_agents=agents)
    assert found.actions is not None
    assert found.actions.shape == (steps, agents)
    assert steps_to_finish(world, found.actions) == steps
    assert steps_to_finish(world, found.actions[:-1]) is None


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["partial_divider", "full_divider"])
def test_known_values_of_the_salad(layout):
    found = optimum(KitchenConfig(layout=layout, recipes="salad"))
    assert (found.lower, found.steps) == (21, 21)


def brute_force(world, most):
    """Returns the least number of steps by trying every joint action in every state."""
    joint = np.array(list(product(range(5), repeat=world.num_agents)))
    batch = Batch(world, len(joint), auto_reset=False)
    batch.reset()
    fields = ("position", "held", "items", "delivered", "served")

    def known(record):
        return b"".join(record[name].tobytes() for name in fields)

    layer = [batch.state[0].copy()]
    seen = {known(layer[0])}
    for step in range(1, most + 1):
        following = []
        for record in layer:
            batch.state[:] = record
            batch._ended[:] = False
            batch.step(joint)
            if batch.terminated.any():
                return step
            for after in np.array(batch.state):
                if known(after) not in seen:
                    seen.add(known(after))
                    following.append(after.copy())
        layer = following
    return None


SMALL = (
    ("-/---\n*1-2t\n---p-", "tomato"),  # two rooms of one cell
    ("-/*-\n-1.t\n-p2-", "tomato"),
    ("-/*-\nl1.t\n--p2", "salad"),
    ("-/*-\n-1.t\n-.2-\n--p-", "tomato"),
)


@pytest.mark.parametrize(("layout", "recipes"), SMALL)
def test_small_kitchens_agree_with_brute_force(layout, recipes):
    config = {"layout": layout, "recipes": recipes}
    truth = brute_force(build("kitchen", **config), 40)
    found = optimum(KitchenConfig(**config), most_steps=40)
    assert found.exact
    assert found.steps == truth


def test_where_bodies_are_in_the_way_the_lower_bound_holds_and_nothing_is_claimed():
    config = {"layout": "-/*--\n-1.2t\n--p--"}  # a corridor: the truth is 11
    world = build("kitchen", **config)
    assert brute_force(world, 10) is None
    found = optimum(KitchenConfig.from_mapping(config), most_steps=7)
    assert (found.lower, found.steps, found.exact, found.actions) == (7, None, False, None)


def test_the_bound_never_exceeds_the_way_that_is_left():
    """Along the fastest plan, and one step at a time wherever else it may lead."""
    search = Search(read_problem(KitchenConfig(layout="full_divider", recipes="tomato")))
    layers, found = search.layers(17)
    assert found
    useful = search.useful(layers)
    row = np.zeros(len(search.radices), np.int64)
    for step, table in enumerate(useful[:-1]):
        for key in table[table != 0]:
            unpack(key - 1, search.radices, row)
            here = bound(search.problem.tables, search.sizes, row, 99)
            assert here <= 17 - step
            count = successors(
                search.problem.tables, search.sizes, row, search.rows, search.changed
            )
            after = [
                bound(search.problem.tables, search.sizes, search.rows[k], 99) for k in range(count)
            ]
            assert min(after) <= 17 - step - 1


MIXED = [{"name": "mixed", "ingredients": ["tomato", "lettuce", "onion"]}]


@pytest.mark.parametrize(
    ("layout", "recipes", "message"),
    [
        ("-/P*-\n-1.2t\n--p--", "tomato_soup", "searched for salads"),
        ("-/t*t-\n-1.2.l\n--p-p-", ["tomato", "salad"], "share no ingredient"),
        ("-/-*o-\n-1.2.t\n--p-l-", MIXED, "up to 2 ingredients"),
        ("-/t*-\n-1.2t\n--p--", "tomato", "wanted ingredient is there once"),
    ],
)
def test_what_the_search_cannot_do_is_refused(layout, recipes, message):
    with pytest.raises(ConfigError, match=message):
        optimum(KitchenConfig(layout=layout, recipes=recipes))


def test_the_command_writes_the_table(tmp_path, monkeypatch):
    path = tmp_path / "tables" / "optimum.csv"
    command = f"optimum --output {path} --agents 1 2 --recipes tomato --layouts full_divider"
    monkeypatch.setattr("sys.argv", command.split())
    main()
    rows = list(csv.DictReader(path.open()))
    assert tuple(rows[0]) == FIELDS
    assert [row["steps"] for row in rows] == ["unsolvable", "17"]
    assert rows[1]["published"] == "17"


def test_the_committed_table_is_whole_and_agrees():
    rows = list(csv.DictReader(TABLE.open()))
    assert len(rows) == 27
    assert sum(row["steps"] == "unsolvable" for row in rows) == 3
    for row in rows:
        if row["steps"] in ("unsolvable", ""):
            continue
        assert int(row["lower"]) <= int(row["steps"])
        assert (row["exact"] == "True") == (row["lower"] == row["steps"])
        if row["published"]:
            key = (int(row["agents"]), row["recipes"], row["layout"])
            assert int(row["published"]) == PUBLISHED[key]
    assert PUBLISHED[2, "tomato", "open_divider"] == 15
