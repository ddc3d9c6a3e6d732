"""The rules of clean_up that avatars act by, clause by clause, on small maps."""

import numpy as np
import pytest

from prosocial.envs.engine import Batch
from prosocial.envs.worlds.avatars.codes import BODY
from prosocial.envs.worlds.clean_up import AbsoluteAction, Action, CleanUpConfig, build

NOOP, FORWARD, BACKWARD, STEP_LEFT, STEP_RIGHT, TURN_LEFT, TURN_RIGHT, ZAP, CLEAN = Action
NORTH, EAST, SOUTH, WEST = range(4)
AGENTS = "^>v<"  # an avatar by its heading; they are numbered in reading order
SYMBOLS = "#.A~Wzc"  # by code of a cell: z and c are beams
SIZE, COLUMNS = 12, 9  # sites of apples and of dirt, and columns, of every map: compiled once
STILL = {"dirt_probability": 0.0, "apple_probability": 0.0}  # nothing happens by itself
PARALLEL = {"clean_shape": "parallel", "clean_length": 5, "clean_cooldown": 0}
SOCIALJAX = {"clean_shape": "socialjax", "clean_length": 2, "clean_through_waste": True}


def filled(text):
    """Returns the map in a frame of one size, with the sites that it lacks behind a wall."""
    rows = [row.strip().ljust(COLUMNS, "#") for row in text.strip().split("\n")]
    shown = "".join(rows)
    spare = "PPP" + "a" * (SIZE - shown.count("A") - shown.count("a"))
    spare += "w" * (SIZE - shown.count("W") - shown.count("w"))
    spare = spare.ljust(3 * COLUMNS, "#")
    rows += ["#" * COLUMNS] * (6 - len(rows))
    rows += [spare[k : k + COLUMNS] for k in range(0, 3 * COLUMNS, COLUMNS)]
    return "\n".join(rows)


def start(text, under=None, **config):
    """Returns a batch of one on a map; avatars that the map does not show are out of the world.

    Args:
        text: At most five rows; avatars stand on floor.
        under: By number of an avatar, the symbol of the ground that it stands on instead.
        **config: Of the world; nothing happens by itself unless it says so.
    """
    rows = [row.strip() for row in text.strip().split("\n")]
    poses = []
    for r, row in enumerate(rows):
        for c, symbol in enumerate(row):
            if symbol in AGENTS:
                ground = (under or {}).get(len(poses), ".")
                poses.append((r, c, AGENTS.index(symbol)))
                rows[r] = rows[r][:c] + ground + rows[r][c + 1 :]
    text = filled("\n".join(rows))
    world = build(CleanUpConfig(layout=text, num_agents=3, **{**STILL, **config}))
    batch = Batch(world, 1, seed=7)
    batch.reset()
    state, params = batch.state[0], world.params[0]
    state["cells"][:] = state["ground"]
    state["away"][:] = 30000
    for agent, (r, c, heading) in enumerate(poses):
        cell = (r + params["margin"]) * params["width"] + c + params["margin"]
        state["position"][agent], state["heading"][agent], state["away"][agent] = cell, heading, 0
        state["cells"][cell] = BODY + 4 * agent + heading
    return batch


def act(batch, *actions):
    """Steps, one action (or one for each avatar) a step; returns avatar 0's last events, map."""
    for action in actions:
        given = np.full(3, NOOP)
        given[: np.size(action)] = action
        batch.step(given[None])
    return events(batch), picture(batch)


def events(batch, agent=0):
    """Returns the names of an avatar's events, with the number where it is not 1."""
    found = {name: int(batch.events[name][0, agent]) for name in batch.world.event_names}
    return {n if k == 1 else f"{n} {k}" for n, k in found.items() if k and n != "away"}


def picture(batch):
    """Returns the rows of the map down to the first row of walls."""
    scene = batch.world.scene(batch.state[0])
    rows = [[SYMBOLS[code] for code in row] for row in scene.cells]
    for agent in scene.agents:
        rows[agent.row][agent.column] = AGENTS[agent.heading]
    texts = ["".join(row) for row in rows]
    return [row.rstrip("#") for row in texts[: texts.index("#" * COLUMNS)]]


@pytest.mark.parametrize("ground", ["~", "w", "W"])
def test_avatars_enter_water_and_waste(ground):
    code = "W" if ground == "W" else "~"
    batch = start(f".>{ground}..")
    assert act(batch, FORWARD) == (set(), ["..>.."])
    assert act(batch, FORWARD) == (set(), [f"..{code}>."])  # what they stood in is still there
    batch = start(f".>{ground}..", enter_water=False)
    assert act(batch, FORWARD) == ({"bump"}, [f".>{code}.."])


def test_walls_and_avatars_block():
    assert act(start("#.>#"), FORWARD) == ({"bump"}, ["#.>"])
    assert act(start("#>>#"), (FORWARD, NOOP)) == ({"bump"}, ["#>>"])


def test_moves_by_heading_and_absolute():
    moves = {FORWARD: (1, 3), BACKWARD: (1, 1), STEP_LEFT: (0, 2), STEP_RIGHT: (2, 2)}
    absolute = dict(zip(list(AbsoluteAction)[1:5], ((0, 2), (2, 2), (1, 1), (1, 3)), strict=True))
    for kind, cells in (("relative", moves), ("absolute", absolute)):
        for action, (row, column) in cells.items():
            batch = start(".....\n..>..\n.....", moves=kind)
            act(batch, action)
            scene = batch.world.scene(batch.state[0])
            assert (scene.agents[0].row, scene.agents[0].column) == (row, column)
            assert scene.agents[0].heading == EAST


def test_entering_eats_the_apple():
    batch = start(".>A..")
    assert batch.state["stock"][0] == 1
    assert act(batch, FORWARD) == ({"ate"}, ["..>.."])
    assert batch.rewards[0].tolist() == [1, 0, 0]
    assert batch.state["harvest"][0].tolist() == [1, 0, 0]
    assert batch.state["stock"][0] == 0
    assert act(batch, FORWARD, BACKWARD) == (set(), ["..>.."])  # it is gone
    assert batch.rewards[0, 0] == 0
    assert batch.state["harvest"][0, 0] == 1


def test_the_reward_of_an_apple_is_an_option():
    batch = start(".>A..", apple_reward=2.5)
    act(batch, FORWARD)
    assert batch.rewards[0].tolist() == [2.5, 0, 0]


def test_the_last_step_may_give_no_reward():
    batch = start(".>A..", zero_last_reward=True, max_steps=1, min_steps=1)
    batch.step(np.array([[FORWARD, NOOP, NOOP]]))
    assert batch.done[0]
    assert events(batch) == {"ate"}
    assert not batch.rewards.any()


def test_growth_under_an_avatar_is_eaten_by_coming_back_or_does_not_happen():
    sure = {"apple_probability": 1.0, "depletion": 1.0}  # of 12 clean sites: growth for sure
    batch = start("#.>#", under={0: "a"}, **sure)
    assert act(batch, NOOP) == (set(), ["#.>"])
    assert batch.state["stock"][0] == SIZE
    assert batch.rewards[0, 0] == 0
    assert act(batch, BACKWARD) == (set(), ["#>A"])
    assert act(batch, FORWARD)[0] == {"ate"}
    batch = start("#.>#", under={0: "a"}, grow_under_bodies=False, **sure)
    act(batch, NOOP)
    assert batch.state["stock"][0] == SIZE - 1
    assert act(batch, BACKWARD)[1] == ["#>A"]  # it grew when the avatar had left


def test_the_beam_removes_the_first_waste_of_each_ray():
    batch = start("WWWW..\n>WWW..\nWWWW..")
    assert batch.state["waste"][0] == 11
    assert act(batch, CLEAN) == ({"clean", "cleaned 3"}, ["~WWW..", ">~WW..", "~WWW.."])
    assert batch.state["waste"][0] == 8
    assert batch.rewards[0, 0] == 0


def test_the_beam_shows_for_one_step_where_it_passed():
    batch = start(".....\n>.W..\n#....")
    assert act(batch, CLEAN) == ({"clean", "cleaned"}, ["ccc..", ">c~..", "#...."])
    assert act(batch, NOOP)[1] == [".....", ">.~..", "#...."]


FOOTPRINTS = {  # cells ahead and to the right of the avatar
    "meltingpot": {(1, 0), (2, 0), (3, 0)} | {(k, s) for k in range(3) for s in (-1, 1)},
    "parallel": {(k, 0) for k in range(1, 6)} | {(k, s) for k in range(5) for s in (-1, 1)},
    "socialjax": {(1, 0), (2, 0), (1, -1), (1, 1)},
}


@pytest.mark.parametrize(
    ("shape", "config"), [("meltingpot", {}), ("parallel", PARALLEL), ("socialjax", SOCIALJAX)]
)
def test_footprint(shape, config):
    reached = set()
    for row in range(5):
        for column in range(9):
            rows = [list("." * 9) for _ in range(5)]
            rows[2][1], rows[row][column] = ">", "W"
            if (row, column) != (2, 1):
                batch = start("\n".join(map("".join, rows)), **config)
                if act(batch, CLEAN)[0] == {"clean", "cleaned"}:
                    reached.add((column - 1, row - 2))
    assert reached == FOOTPRINTS[shape]
    # All of it at once, where nothing stands in the way.
    open_field = "\n".join([".........", ".........", ".>.......", ".........", "........."])
    assert "".join(act(start(open_field, **config), CLEAN)[1]).count("c") == len(reached)


@pytest.mark.parametrize("heading", range(4))
def test_the_beam_turns_with_the_avatar(heading):
    batch = start(f"..W..\n.....\nW.{AGENTS[heading]}.W\n.....\n..W..")
    assert act(batch, CLEAN)[0] == {"clean", "cleaned"}
    rows = "".join(row.ljust(5) for row in picture(batch))
    cleaned = [k for k, place in enumerate((2, 14, 22, 10)) if rows[place] == "~"]
    assert cleaned == [heading]


def test_a_wall_ends_a_ray():
    assert act(start("....\n>#W.\n...."), CLEAN) == ({"clean"}, ["ccc.", ">#W.", "ccc."])
    assert act(start("#.W.\n>...\n...."), CLEAN)[0] == {"clean"}  # its first cell is a wall


def test_avatars_do_not_end_a_ray_unless_configured():
    assert act(start(">>W.."), CLEAN) == ({"clean", "cleaned"}, [">>~.."])
    assert act(start(">>W..", clean_through_bodies=False), CLEAN) == ({"clean"}, [">>W.."])


@pytest.mark.parametrize("through", [True, False])
def test_waste_under_an_avatar_is_removed_and_ends_the_ray(through):
    batch = start(">>W..", under={1: "W"}, clean_through_bodies=through)
    assert act(batch, CLEAN) == ({"clean", "cleaned"}, [">>W.."])
    assert batch.state["waste"][0] == 1
    assert act(batch, (NOOP, FORWARD))[1] == [">~>.."]


def test_a_ray_may_pierce_waste():
    batch = start("#WW\n>WWW\n#WW", **SOCIALJAX)
    assert act(batch, CLEAN) == ({"clean", "cleaned 4"}, ["#cW", ">ccW", "#cW"])
    assert act(batch, NOOP)[1] == ["#~W", ">~~W", "#~W"]


def test_cleaning_cools_down_for_two_steps():
    batch = start(">WWWWW")
    found = []
    for _ in range(7):
        found.append(act(batch, CLEAN)[0])
    assert found == [{"clean", "cleaned"}, set(), set()] * 2 + [{"clean", "cleaned"}]
    batch = start(">WWWWW", clean_cooldown=0)
    assert [act(batch, CLEAN)[0] for _ in range(3)] == [{"clean", "cleaned"}] * 3
    assert act(batch, CLEAN)[0] == {"clean"}  # nothing left within three cells


def test_cooling_needs_no_cleaning_and_leaves_zapping_alone():
    batch = start(">......")
    assert act(batch, CLEAN)[0] == {"clean"}
    assert batch.state["clean_cooldown"][0].tolist() == [2, 0, 0]
    assert act(batch, ZAP)[0] == {"zap"}
    assert batch.state["clean_cooldown"][0, 0] == 1
    assert batch.state["cooldown"][0, 0] == 10
    assert act(batch, NOOP, CLEAN)[0] == {"clean"}


def test_two_beams_on_one_waste():
    counts = np.zeros(2)
    for step in range(40):
        batch = start(">W<")
        batch.state["step"] = step  # another order
        act(batch, (CLEAN, CLEAN))
        assert batch.state["waste"][0] == 0
        counts += batch.events["cleaned"][0, :2]
    assert counts.sum() == 40  # one of the two has cleaned it
    assert counts.min() > 5
    # The beam of who comes second goes on to the next waste.
    batch = start(">...\n>WW.")
    act(batch, (CLEAN, CLEAN))
    assert batch.state["waste"][0] == 0
    assert batch.events["cleaned"][0, :2].tolist() == [1, 1]


def test_others_who_cleaned_are_counted_and_shown():
    batch = start(">W.\n###\n>W.\n###\n>..")
    act(batch, (CLEAN, CLEAN, CLEAN))
    assert batch.events["clean"][0].tolist() == [1, 1, 1]
    assert batch.state["others_cleaned"][0].tolist() == [1, 1, 2]  # the third one cleaned nothing
    shown = batch.observations[0, :, :, :, 1]
    assert shown[:, 9, 5].tolist() == [1, 1, 2]
    assert shown.sum() == 4
    act(batch, NOOP)
    assert not batch.state["others_cleaned"].any()
    assert not batch.observations[..., 1].any()


def test_the_channel_of_others_is_an_option_and_the_last_one():
    for identities in (False, True):
        for shown in (False, True):
            batch = start(">WW\n>..", show_others_cleaned=shown, identities=identities)
            act(batch, (CLEAN, NOOP))
            seen = batch.observations[0, 1]
            assert seen.shape == (11, 11, 1 + identities + shown)
            assert seen[9, 5, 0] == 11
            assert seen[9, 4, 0] == 7  # the other stands to its left and looks the same way
            if identities:
                assert seen[9, 4, 1] == 3  # 1 + (0 - 1) mod 3
                assert seen[9, 5, 1] == 1
                assert seen[..., 1].sum() == 4
            if shown:
                assert seen[9, 5, -1] == 1
                assert seen[..., -1].sum() == 1


def test_a_zap_removes_for_fifty_steps_and_costs_nothing():
    batch = start(">.<....")
    act(batch, (ZAP, NOOP))
    assert events(batch, 0) == {"zap", "hit"}
    assert events(batch, 1) == {"zapped"}
    assert picture(batch) == [">z....."]
    assert not batch.rewards.any()
    for _ in range(50):
        assert batch.state["away"][0, 1] > 0
        assert not batch.observations[0, 1].any()
        act(batch, (NOOP, CLEAN))
        assert batch.events["away"][0, 1] == 1
        assert batch.events["clean"][0, 1] == 0
    assert batch.state["away"][0, 1] == 0
    assert batch.state["ground"][0, batch.state["position"][0, 1]] == 1  # on a spawn cell
    act(batch, NOOP)
    assert batch.events["away"][0, 1] == 0


def test_waste_does_not_end_a_zap():
    batch = start(">WW<")
    act(batch, (ZAP, NOOP))
    assert events(batch, 1) == {"zapped"}
    assert batch.state["waste"][0] == 2


def test_the_hit_still_cleans_in_that_step():
    batch = start(">.>W")
    act(batch, (ZAP, CLEAN))
    assert events(batch, 1) == {"zapped", "clean", "cleaned"}
    assert picture(batch) == [">z.~"]
