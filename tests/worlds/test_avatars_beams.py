"""Footprints of beams, what stops and what they pass, and what avatars see."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, build
from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.worlds.avatars import Cell, Seen, read_terrain
from prosocial.envs.worlds.avatars.beams import num_cells, ray_table
from prosocial.envs.worlds.avatars.codes import (
    APPLE,
    BODY,
    CLEAN_BEAM,
    ENDS,
    FLOOR,
    PIERCES,
    WALL,
    WASTE,
    ZAP_BEAM,
)
from prosocial.envs.worlds.avatars.rules import cast, fade

CODES = {"#": WALL, ".": FLOOR, "A": APPLE, "W": WASTE, "^": FLOOR, "o": FLOOR}


def turned(text, quarters=0):
    """Returns the rows of a drawing turned to the right by some quarters."""
    cells = np.array([list(row.strip()) for row in text.strip().split("\n")])
    return np.rot90(cells, -quarters)


def shoot(text, shape, length, radius, quarters=0, stops=(WALL,), code=ZAP_BEAM):
    """Casts a beam in plain Python from ``^``, others standing on ``o``.

    Returns:
        The drawing with ``*`` (or ``+``, the cleaning beam) where a beam shows, turned back, and
        the symbols of what it struck, sorted.
    """
    drawn = np.pad(turned(text, quarters), radius + 1, constant_values="#")
    ground = np.vectorize(CODES.__getitem__)(drawn).astype(np.uint8).ravel()
    cells = ground.copy()
    cells[drawn.ravel() == "o"] = BODY + 4
    here = int(np.flatnonzero(drawn.ravel() == "^")[0])
    cells[here] = BODY + quarters
    world = SimpleNamespace(
        ground=ground, cells=cells, position=np.array([here]), heading=np.array([quarters]),
        painted=np.zeros(200, int), num_painted=0, struck=np.zeros(200, int),
    )  # fmt: skip
    table = np.zeros(BODY + 1, np.uint8)
    table[[*stops, BODY]] = ENDS
    if code == CLEAN_BEAM:
        table[WASTE] = PIERCES
    rays = ray_table(shape, length, radius, drawn.shape[1])
    count = cast.py_func(world, 0, rays[0], rays[1], rays[2], table, code)
    shown = np.array(drawn)
    shown.ravel()[cells == ZAP_BEAM] = "*"
    shown.ravel()[cells == CLEAN_BEAM] = "+"
    inside = slice(radius + 1, -radius - 1)
    rows = ["".join(row) for row in np.rot90(shown[inside, inside], quarters)]
    struck = sorted(drawn.ravel()[world.struck[:count]].tolist())
    fade.py_func(world)
    assert world.num_painted == 0
    assert (cells[cells < BODY] == ground[cells < BODY]).all()
    return rows, "".join(struck)


OPEN = """
    .......
    .......
    .......
    .......
    .......
    ...^...
    .......
"""
FOOTPRINTS = {
    ("meltingpot", 3, 1): "....... ....... ...*... ..***.. ..***.. ..*^*.. .......",
    ("meltingpot", 4, 1): "....... ...*... ..***.. ..***.. ..***.. ..*^*.. .......",
    ("meltingpot", 5, 0): "...*... ...*... ...*... ...*... ...*... ...^... .......",
    ("meltingpot", 3, 2): "....... ....... ...*... ..***.. .*****. .**^**. .......",
    ("parallel", 3, 1): "....... ....... ...*... ..***.. ..***.. ..*^*.. .......",
    ("parallel", 3, 2): "....... ....... ...*... .*****. .*****. .**^**. .......",
    ("socialjax", 2, 1): "....... ....... ....... ...*... ..***.. ...^... .......",
}


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("beam", FOOTPRINTS)
def test_footprints_in_the_open(beam, quarters):
    shape, length, radius = beam
    rows, struck = shoot(OPEN, shape, length, radius, quarters)
    assert rows == FOOTPRINTS[beam].split()
    assert struck == ""
    assert "".join(rows).count("*") == num_cells(shape, length, radius)


def test_the_sizes_that_melting_pot_states():
    sizes = [num_cells("meltingpot", *size) for size in ((3, 1), (4, 1), (5, 0))]
    assert sizes == [9, 12, 5]


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize(
    ("text", "radius", "expected", "struck"),
    [
        # A ray ends at a wall or a body; walls are not struck, and nobody behind a body is.
        ("..... ..#.. ..... ..^..", 1, "..... .*#*. .***. .*^*.", ""),
        ("..o.. ..o.. ..... ..^..", 1, "..o.. .*o*. .***. .*^*.", "o"),
        ("..... .o.o. ..... ..^..", 1, "..*.. .o*o. .***. .*^*.", "oo"),
        # A side begins beside the avatar; what stands there shuts it.
        ("..... ..... ..... .#^..", 1, "..*.. ..**. ..**. .#^*.", ""),
        ("..... ..... ..... ..^o.", 1, "..*.. .**.. .**.. .*^o.", "o"),
        # ... and keeps it from widening, while a later obstacle does not.
        ("..... ..... ..... .#^..", 2, "..*.. ..**. ..*** .#^**", ""),
        ("..... ..... .#... ..^..", 2, "..*.. ..**. *#*** **^**", ""),
        ("..... ..... ..... ..^o.", 2, "..*.. .**.. ***.. **^o.", "o"),
    ],
)
def test_what_stops_the_beam(text, radius, expected, struck, quarters):
    rows, found = shoot(text.replace(" ", "\n"), "meltingpot", 3, radius, quarters)
    assert (rows, found) == (expected.split(), struck)


def test_rays_of_the_other_shapes_do_not_depend_on_each_other():
    assert shoot("..... .#... .#^..".replace(" ", "\n"), "parallel", 3, 2) == (
        ["*.***", "*#***", "*#^**"],
        "",
    )
    assert shoot("..... .o#.. ..^..".replace(" ", "\n"), "socialjax", 2, 1) == (
        [".....", ".o#*.", "..^.."],
        "o",
    )


def test_a_cleaning_beam_may_end_at_or_pierce_waste_and_yields_to_a_zap():
    text = "..W..\n..W..\n..A..\n..^.."
    assert shoot(text, "meltingpot", 3, 0, stops=(WALL, WASTE)) == (
        ["..W..", "..W..", "..*..", "..^.."],
        "W",
    )
    assert shoot(text, "meltingpot", 3, 0, code=CLEAN_BEAM) == (
        ["..+..", "..+..", "..+..", "..^.."],
        "WW",
    )
    cells = np.array([FLOOR, CLEAN_BEAM, ZAP_BEAM, BODY], np.uint8)
    world = SimpleNamespace(
        cells=cells.copy(), ground=np.full(4, FLOOR), position=np.array([3]),
        heading=np.array([3]), painted=np.zeros(4, int), num_painted=0, struck=np.zeros(4, int),
    )  # fmt: skip
    stops = np.zeros(BODY + 1, np.uint8)
    cast.py_func(world, 0, *ray_table("meltingpot", 3, 0, 4), stops, CLEAN_BEAM)
    assert world.cells.tolist() == [CLEAN_BEAM, CLEAN_BEAM, ZAP_BEAM, BODY]
    cast.py_func(world, 0, *ray_table("meltingpot", 3, 0, 4), stops, ZAP_BEAM)
    assert world.cells.tolist() == [ZAP_BEAM, ZAP_BEAM, ZAP_BEAM, BODY]


def expected_view(batch, agent):
    """Returns a view computed from the scene by turning the whole map."""
    world, state = batch.world, batch.state[0]
    config, rows = world.config, world.observation_shape[0]
    if state["away"][agent]:
        return np.zeros(world.observation_shape, np.uint8)
    scene = world.scene(state)
    reach = config.reach + 1
    codes = np.pad(scene.cells, reach, constant_values=Cell.WALL)
    whose = np.zeros(codes.shape, np.uint8)
    present = [k for k in range(batch.num_agents) if not state["away"][k]]
    viewer = scene.agents[present.index(agent)]
    for index, other in zip(present, scene.agents, strict=True):
        place = other.row + reach, other.column + reach
        codes[place] = Seen.OTHER_AHEAD + (other.heading - viewer.heading) % 4
        whose[place] = 1 + (index - agent) % batch.num_agents
    codes[viewer.row + reach, viewer.column + reach] = Seen.SELF + (state["cooldown"][agent] > 0)
    around = np.s_[viewer.row : viewer.row + 2 * reach + 1]
    across = np.s_[viewer.column : viewer.column + 2 * reach + 1]
    views = [np.rot90(plane[around, across], viewer.heading) for plane in (codes, whose)]
    top, side = reach - config.view_ahead, reach - config.view_side
    window = np.s_[top : top + rows, side : side + world.observation_shape[1]]
    channels = np.stack([view[window] for view in views], -1)
    return channels[..., : world.observation_shape[2]]


@pytest.mark.parametrize(
    "config",
    [
        {"num_agents": 12},
        {"view_ahead": 3, "view_behind": 2, "view_side": 1},
        {"identities": True, "layout": "PP.A\nPP..\nPPP.\nPPP.", "num_agents": 9},
    ],
)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32))
def test_views_are_the_map_turned_to_the_heading(config, seed):
    batch = Batch(build("commons_harvest", **config), 1, seed=seed)
    batch.reset()
    rng = np.random.default_rng(seed)
    for _ in range(12):
        for agent in range(batch.num_agents):
            assert (batch.observations[0, agent] == expected_view(batch, agent)).all()
        batch.step(rng.integers(0, batch.num_actions, (1, batch.num_agents)))


def test_views_use_the_stated_codes_only():
    batch = Batch(build("commons_harvest"), 20, seed=3)
    batch.reset()
    rng = np.random.default_rng(3)
    codes = set()
    for _ in range(60):
        batch.step(rng.integers(0, 8, (20, 7)))
        codes |= set(np.unique(batch.observations).tolist())
    assert codes == {int(code) for code in Seen} - {Seen.WATER, Seen.WASTE, Seen.CLEAN}
    assert batch.world.observation_codes == max(Seen) + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("###\n#A#\n###", "no spawn cell; mark at least 2 cells with P"),
        ("####\n#AP#\n####", r"1 spawn cells \(P and Q\) for 2 agents"),
        ("####\n#AP#\n###", "ragged"),
        ("####\n#Az#\n####", "Unknown symbol 'z'"),
        ("", "empty"),
    ],
)
def test_maps_that_cannot_be_played_say_why(text, message):
    with pytest.raises(LayoutError, match=message):
        read_terrain(text, "#.AP", 3, 2)


def test_the_padding_is_as_wide_as_views_reach_from_where_avatars_can_stand():
    assert read_terrain("####\n#PA#\n####", "#.AP", 5, 1).margin == 4
    assert read_terrain("PA", "#.AP", 5, 1).margin == 5
    terrain = read_terrain("PA", "#.AP", 5, 1)
    assert terrain.shape == (11, 12)
    assert terrain.cells("PA").tolist() == [65, 66]
    assert (np.delete(terrain.ground.ravel(), [65, 66]) == WALL).all()
