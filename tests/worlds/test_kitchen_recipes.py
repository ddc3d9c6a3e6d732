"""Items, recipes and maps of the kitchen: what can be made, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosocial.envs.engine import ConfigError, LayoutError, build
from prosocial.envs.worlds.kitchen import items
from prosocial.envs.worlds.kitchen.items import COOKED, PLATE, can_merge, item_code, item_name
from prosocial.envs.worlds.kitchen.layouts import LAYOUTS
from prosocial.envs.worlds.kitchen.recipes import num_required, read_recipes, subtasks

T, LETTUCE = item_code("chopped tomato"), item_code("chopped lettuce")
codes = st.integers(0, 2**9 - 1) | st.integers(0, 2**9 - 1).map(lambda code: code | COOKED)


@given(codes)
def test_names_of_items_are_read_back(code):
    assert item_code(item_name(code)) == code


@given(codes, codes)
def test_merging_is_symmetric_keeps_every_part_and_never_holds_anything_raw(a, b):
    assert can_merge(a, b) == can_merge(b, a)
    if can_merge(a, b):
        assert items.num_parts(a | b) == items.num_parts(a) + items.num_parts(b)
        assert not items.is_fresh(a | b)
        assert items.is_merged(a | b)


def test_properties_of_items():
    fresh = item_code("fresh tomato")
    assert items.is_fresh(fresh)
    assert items.chop(fresh) == T
    assert items.is_chopped(T)
    assert not items.is_chopped(PLATE)
    assert not items.is_deliverable(T)
    assert items.is_deliverable(T | LETTUCE)
    assert items.is_deliverable(T | PLATE)
    assert not can_merge(T | COOKED, LETTUCE)
    assert can_merge(T | COOKED, PLATE)
    assert items.label(T | PLATE) == "plate-tomato"


def test_subtasks_of_the_three_recipes():
    names = {
        recipe: [str(task) for task in subtasks(read_recipes(recipe))]
        for recipe in ("tomato", "tomato_lettuce", "salad")
    }
    assert names["tomato"] == ["Chop(tomato)", "Merge(plate, tomato)", "Deliver(plate-tomato)"]
    assert {k: len(v) for k, v in names.items()} == {"tomato": 3, "tomato_lettuce": 6, "salad": 9}
    assert set(names["salad"]) == {
        "Chop(tomato)",
        "Chop(lettuce)",
        "Merge(lettuce, tomato)",
        "Merge(plate, tomato)",
        "Merge(lettuce, plate)",
        "Merge(lettuce, plate-tomato)",
        "Merge(lettuce-plate, tomato)",
        "Merge(lettuce-tomato, plate)",
        "Deliver(lettuce-plate-tomato)",
    }
    assert [num_required(r) for r in read_recipes(["tomato", "salad"])] == [3, 5]


def test_subtasks_of_a_soup_cook_before_plating():
    soup = read_recipes("tomato_soup")
    assert [str(task) for task in subtasks(soup)] == [
        "Chop(tomato)",
        "Merge(plate, tomato soup)",
        "Cook(tomato)",
        "Deliver(plate-tomato soup)",
    ]
    assert num_required(soup[0]) == 4


def test_shared_subtasks_of_several_recipes_are_listed_once():
    both = read_recipes(["tomato", {"name": "mine", "ingredients": ["tomato", "onion"]}])
    tasks = subtasks(both)
    assert len(set(tasks)) == len(tasks)
    assert [str(task) for task in tasks].count("Chop(tomato)") == 1
    assert len(tasks) == 3 + 9 - 2  # chopping and plating the tomato are shared


@pytest.mark.parametrize(
    ("recipes", "message"),
    [
        ("tomatoe", "There is no recipe 'tomatoe'. Did you mean 'tomato'"),
        ([], "There are 0 recipes; expected 1 to 4"),
        (["tomato"] * 5, "There are 5 recipes"),
        (["tomato", "tomato"], "A dish comes twice in the recipes tomato, tomato"),
        ([3], "A recipe is 3; expected a name or a mapping"),
        ([{"name": "a"}], "lacks its name or its ingredients"),
        ([{"name": "a", "ingredients": ["potato"]}], "no ingredient 'potato'. Did you mean"),
        ([{"name": "a", "ingredients": []}], "expected at least one and none of them twice"),
        ([{"name": "a", "ingredients": ["tomato", "tomato"]}], "none of them twice"),
        ([{"name": "a", "ingredients": ["tomato"], "kind": "pie"}], "of kind 'pie'"),
        ([{"name": "a", "ingredient": ["tomato"]}], "no option 'ingredient'. Did you mean 'ing"),
        (7, "expected the name of a recipe, or a list of recipes"),
    ],
)
def test_wrong_recipes_are_explained(recipes, message):
    with pytest.raises(ConfigError, match=message):
        build("kitchen", recipes=recipes)


def changed(old, new, layout="open_divider"):
    return LAYOUTS[layout].replace(old, new)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": changed("/", "-")}, "need a BOARD, but none .* reaches one; add '/'"),
        ({"layout": changed("*", "-")}, "need a DELIVERY"),
        ({"recipes": "tomato_soup"}, "need a POT, but none of the 2"),
        ({"layout": changed("t", "-")}, "need 1 of 'tomato', but 0 .*; add 't'"),
        ({"layout": changed("p", "-")}, "need 1 of 'plate', but 0 can be reached"),
        (
            {"layout": changed("-----p-", "-------"), "recipes": "tomato_lettuce"},
            "need 2 of 'plate', but 1 can be reached",
        ),
        ({"layout": changed("-----t-", "------t")}, "need 1 of 'tomato', but 0"),  # in a corner
        ({"layout": "full_divider", "num_agents": 1}, "need 1 of 'tomato', but 0 can be reached"),
        (
            {"layout": "full_divider", "num_agents": 1, "recipes": "lettuce"},
            "need 1 of 'lettuce', but 0 can be reached by the 1 agent",
        ),
        ({"layout": changed("1", ".")}, "0 starts '1'; expected exactly one for each of the 2"),
        ({"layout": changed("3", "1")}, "2 starts '1'"),
        ({"layout": changed("*.....-", "*.....")}, "ragged: row 4"),
        ({"layout": changed("l", "x")}, "Unknown symbol 'x' in row 2, column 7"),
        ({"layout": "closed_divider"}, "expected one of open_divider, partial_divider"),
        ({"num_agents": 0}, r"num_agents is 0; expected an integer in \[1, 4\]"),
        ({"num_agents": 5}, r"num_agents is 5"),
        ({"reward": -1}, "reward is -1"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"cook_time": 0}, r"cook_time is 0; expected an integer in \[1, 200\]"),
        ({"recipe": "tomato"}, "no option 'recipe'. Did you mean 'recipes'"),
    ],
)
def test_kitchens_that_cannot_be_played_are_explained(config, message):
    with pytest.raises(ConfigError, match=message):
        build("kitchen", **config)


def test_what_cannot_be_brought_together_is_named_and_a_shared_counter_is_enough():
    apart = "--p-----\n/1.--2.l\n*..--..-\n-t------"
    with pytest.raises(LayoutError, match=r"'salad' cannot be cooked here by 2 agent.*handed, let"):
        build("kitchen", layout=apart, recipes="salad")
    build("kitchen", layout=apart, recipes="tomato")
    build("kitchen", layout="--p----\n/1.-2.l\n*..-..-\n-t-----", recipes="salad")
