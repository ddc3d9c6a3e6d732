"""The rules of commons_harvest: maps, eating, regrowth, the end of an episode."""

import numpy as np
import pytest

from prosocial.envs.engine import Batch, ConfigError, LayoutError, build
from prosocial.envs.worlds.avatars import Action, Cell
from prosocial.envs.worlds.commons_harvest import LAYOUTS, NEIGHBOURHOODS, CommonsHarvestConfig

NOOP, FORWARD, BACKWARD, STEP_LEFT, STEP_RIGHT, TURN_LEFT, TURN_RIGHT, ZAP = Action
NORTH, EAST = 0, 1
NEVER = (0.0,)


def inside(world, plane):
    """Returns a flat plane of the padded grid as the map without its padding."""
    params = world.params[0]
    margin = slice(params["margin"], -params["margin"])
    return np.reshape(plane, (params["height"], params["width"]))[margin, margin]


def ground(batch, index=0):
    return inside(batch.world, batch.state["ground"][index])


def one(text, heading=NORTH, **config):
    """Returns a batch of one with one agent on the map's only P, looking somewhere."""
    options = {"num_agents": 1, "regrowth": NEVER, **config}
    batch = Batch(build("commons_harvest", layout=text, **options), 1, seed=1)
    batch.reset()
    batch.state["heading"] = heading
    batch.state["cells"][0, batch.state["position"][0, 0]] = 16 + heading
    return batch


def step(batch, *actions):
    """Steps one agent; returns its reward and its events that are not zero."""
    for action in actions:
        batch.step([[action]])
    counts = {name: int(batch.events[name][0, 0]) for name in batch.world.event_names}
    return float(batch.rewards[0, 0]), {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(("layout", "walls"), [("open", 80), ("closed", 148), ("partnership", 134)])
def test_layouts_have_the_geometry_of_melting_pot(layout, walls):
    world = build("commons_harvest", layout=layout)
    cells = inside(world, world.params["blank"][0])
    assert cells.shape == (18, 24)
    assert (cells == Cell.WALL).sum() == walls
    rows, columns = np.indices(cells.shape)
    apples = np.zeros(cells.shape, bool)
    for row, column in ((3, 8), (3, 15), (8, 3), (8, 20)):
        apples |= abs(rows - row) + abs(columns - column) <= 2
    for corner in (columns - 1, 22 - columns):
        apples |= (rows >= 1) & (corner >= 0) & (rows - 1 + corner <= 2)
    apples &= (rows > 0) & (columns > 0) & (columns < 23)
    assert ((cells == Cell.APPLE) == apples).all()
    assert apples.sum() == world.params["sites"][0].size == world.params["first_stock"][0] == 64
    spawns = world.params["spawns"][0, : world.params["num_spawns"][0]]
    margin, width = world.params["margin"][0], world.params["width"][0]
    places = [(int(s) // width - margin, int(s) % width - margin) for s in spawns]
    assert world.params["num_inner"][0] == 2
    assert places[:2] == [(7, 7), (7, 16)]
    outer = [(row, c) for row, lo, hi in ((14, 3, 20), (15, 2, 21), (16, 1, 22))
             for c in range(lo, hi + 1)]  # fmt: skip
    assert places[2:] == outer
    assert len(outer) == 60


def test_each_half_of_the_closed_map_has_one_narrow_entrance():
    rows = [row.strip() for row in LAYOUTS["closed"].strip().split("\n")]
    assert [c for c, s in enumerate(rows[11]) if s != "#"] == [10, 13]
    assert [c for c, s in enumerate(rows[13]) if s != "#"] == [1, 2, 21, 22]
    joined = [row.strip() for row in LAYOUTS["partnership"].strip().split("\n")]
    opened = [(r, c) for r in range(18) for c in range(24) if rows[r][c] != joined[r][c]]
    assert opened == [(r, c) for r in (1, 2, 3, 4, 5, 6, 8) for c in (11, 12)]


def test_the_first_two_agents_start_inside():
    batch = Batch(build("commons_harvest"), 50, seed=2)
    batch.reset()
    spawns = batch.world.params["spawns"][0]
    assert np.isin(batch.state["position"][:, :2], spawns[:2]).all()
    assert np.isin(batch.state["position"][:, 2:], spawns[2:62]).all()
    assert (batch.state["position"][:, 0] != batch.state["position"][:, 1]).all()


@pytest.mark.parametrize("name", NEIGHBOURHOODS)
def test_neighbourhoods(name):
    world = build("commons_harvest", neighbourhood=name)
    offsets, width = world.params["neighbours"][0], int(world.params["width"][0])
    assert len(set(offsets.tolist())) == offsets.size == int(name[-2:].strip("_"))
    rows = (offsets + 2 + 2 * width) // width - 2
    columns = offsets - rows * width
    squared = rows**2 + columns**2
    limit = {"adjacent_8": 2, "disc_12": 4, "disc_20": 5, "box_24": 8}[name]
    assert squared.max() == limit
    assert squared.min() == 1


def test_eating_pays_once_and_tells_the_live_neighbours():
    batch = one("#######\n#PAAA.#\n#.A...#\n#######", EAST)
    assert step(batch, FORWARD) == (1.0, {"ate": 1, "ate_neighbours": 3})
    assert batch.state["stock"][0] == 3
    assert batch.state["harvest"][0].tolist() == [1]
    assert ground(batch)[1, 2] == Cell.FLOOR
    assert step(batch, BACKWARD, FORWARD)[0] == 0
    assert step(batch, FORWARD) == (1.0, {"ate": 1, "ate_neighbours": 2})
    assert step(batch, FORWARD) == (1.0, {"ate": 1})
    assert batch.state["stock"][0] == 1
    batch = one("#######\n#PAAA.#\n#.A...#\n#######", EAST, apple_reward=2.5)
    assert step(batch, FORWARD)[0] == 2.5


@pytest.mark.parametrize(
    ("action", "spared"),
    [(STEP_RIGHT, 2), (BACKWARD, 2)] + [(a, 0) for a in (FORWARD, STEP_LEFT, NOOP, TURN_LEFT, ZAP)],
)
def test_spared_is_told_to_who_moves_and_passes_an_apple_by(action, spared):
    batch = one("#######\n##AA..#\n##P.AA#\n##.####\n#######", NORTH)
    happened = step(batch, action)[1]
    assert happened.get("spared", 0) == spared
    assert ("ate" in happened) == (action == FORWARD)


def test_spared_counts_the_fewest_neighbours_of_an_apple_in_reach():
    # North: an apple with one live neighbour (the one in the east); east: one with three.
    text = "########\n##A....#\n##PAAA.#\n##.....#\n########"
    batch = one(text, NORTH)
    assert step(batch, BACKWARD)[1] == {"spared": 2}
    assert step(batch, FORWARD)[1] == {}  # none was in reach before this step
    assert step(batch, FORWARD)[1] == {"ate": 1, "ate_neighbours": 1}
    assert step(batch, BACKWARD)[1] == {}  # the apple is gone ...
    assert step(batch, BACKWARD)[1] == {"spared": 3}  # ... and the eastern one has two left
    batch = one("#####\n##A##\n##P##\n##A##\n#####", NORTH)
    assert step(batch, STEP_LEFT)[1] == {"bump": 1}  # who pushes against a wall spares nothing


FIELD = "#######\n#aaaaa#\n#aaaaa#\n#aaaaa#\n#P#####\n#######"
TABLE = (0.1, 0.2, 0.4, 0.7, 1.0)


def field(count, live, **config):
    """Returns a batch of worlds on the field with the same live apples, before any step."""
    options = {"num_agents": 1, "regrowth": TABLE, **config}
    batch = Batch(build("commons_harvest", layout=FIELD, **options), count, seed=4)
    batch.reset()
    params = batch.world.params[0]
    for place in live:
        cell = params["sites"][place]
        batch.state["ground"][:, cell] = batch.state["cells"][:, cell] = Cell.APPLE
        batch.state["live_near"][:, params["place_at"][cell + params["neighbours"]]] += 1
    batch.state["stock"] = len(live)
    return batch


@pytest.mark.parametrize("lag", [False, True])
def test_every_class_regrows_with_its_probability(lag):
    live = (6, 7, 8)  # the middle of the second row
    batch = field(20000, live, regrowth_lag=lag)
    expected = {}
    for place in range(15):
        row, column = divmod(place, 5)
        near = sum((row - 1) ** 2 + (column - c) ** 2 <= 4 for c in (1, 2, 3))
        expected[place] = TABLE[min(near, 4)]
    batch.step(np.zeros((20000, 1), int))
    grown = batch.state["ground"][:, batch.world.params["sites"][0]] == Cell.APPLE
    for place in set(range(15)) - set(live):
        p = expected[place]
        assert abs(grown[:, place].mean() - p) <= 4.5 * np.sqrt(p * (1 - p) / 20000), place
    assert grown[:, live].all()
    assert set(expected.values()) >= {0.2, 0.4, 0.7}
    # Places draw independently of each other.
    pair = np.corrcoef(grown[:, 0], grown[:, 14])[0, 1]
    assert abs(pair) < 4.5 / np.sqrt(20000)
    assert (batch.state["stock"] == grown.sum(axis=1)).all()


@pytest.mark.parametrize(
    "table", [(0.0, 0.0025, 0.005, 0.025), (0.0, 0.01, 0.01, 0.05, 0.05, 0.1), (0.3, 0.6)]
)
def test_regrowth_on_the_open_map_stays_within_binomial_bounds(table):
    """Over many steps and all classes; more than 32 places need several words of random bits."""
    batch = Batch(build("commons_harvest", regrowth=table), 256, seed=9)
    batch.reset()
    rng = np.random.default_rng(1)
    sites, near = batch.world.params["sites"][0], batch.world.params["neighbours"][0]
    tried, grown = np.zeros(25), np.zeros(25)
    for _ in range(150):
        before = batch.state["ground"] == Cell.APPLE
        batch.step(rng.integers(0, 8, (256, 7)))
        after = batch.state["ground"][:, sites] == Cell.APPLE
        classes = before[:, sites[:, None] + near].sum(axis=2)
        empty = ~before[:, sites]
        tried += np.bincount(classes[empty], minlength=25)
        grown += np.bincount(classes[empty & after], minlength=25)
    for count in np.flatnonzero(tried):
        p = table[min(count, len(table) - 1)]
        deviation = abs(grown[count] - p * tried[count])
        assert deviation <= 4.5 * np.sqrt(tried[count] * p * (1 - p)) + 1e-9, count
    assert (tried > 50).sum() >= 2


@pytest.mark.parametrize("under", [False, True])
def test_regrowth_under_an_avatar(under):
    batch = one("#####\n#PA##\n#####", EAST, regrowth=(1.0,), regrow_under_agents=under)
    assert step(batch, FORWARD)[1] == {"ate": 1}
    # It was no empty place when the step began; now it is, with an avatar on it.
    assert step(batch, NOOP) == (0.0, {})
    assert (ground(batch)[1, 2] == Cell.APPLE) == under
    assert step(batch, NOOP) == (0.0, {})  # who stands on an apple does not eat it
    assert step(batch, BACKWARD)[1] == {}
    assert ground(batch)[1, 2] == Cell.APPLE or not under
    assert step(batch, NOOP, FORWARD)[1] == {"ate": 1}


def test_with_lag_a_place_emptied_or_surrounded_in_this_step_counts_as_before_it():
    for lag in (True, False):
        batch = one("#####\n#PAA#\n#####", EAST, regrowth=(0.0, 1.0), regrowth_lag=lag)
        step(batch, FORWARD)
        assert (ground(batch)[1, 2] == Cell.APPLE) == (not lag)
    # The other way round: the last neighbour is eaten in the step in which a place would grow.
    for lag in (True, False):
        batch = one("#####\n#PAa#\n#####", EAST, regrowth=(0.0, 1.0), regrowth_lag=lag)
        step(batch, FORWARD)
        assert (ground(batch)[1, 3] == Cell.APPLE) == lag


def test_a_place_without_live_neighbours_never_regrows_by_default():
    batch = field(500, (), regrowth=None)
    for _ in range(200):
        batch.step(np.zeros((500, 1), int))
    assert (batch.state["stock"] == 0).all()


def test_episodes_end_by_chance_from_the_thousandth_step_on():
    world = build("commons_harvest", layout=FIELD, num_agents=1)
    config: CommonsHarvestConfig = world.config  # type: ignore[assignment]
    assert (config.min_steps, config.max_steps) == (1000, 5000)
    batch = Batch(world, 3000, seed=5)
    batch.reset()
    batch.state["t"] = 998
    still = np.zeros((3000, 1), int)
    assert not batch.step(still)[2].any()
    for _ in range(4):
        ended = batch.step(still)[2]
        assert abs(ended.mean() - 0.15) < 4.5 * np.sqrt(0.15 * 0.85 / 3000)
        assert (batch.truncated == ended).all()
        batch.state["t"] = 1050
        assert not batch.step(still)[2].any()
        batch.state["t"] = 1099
    batch.state["t"] = 4999
    assert batch.step(still)[2].all()
    assert (batch.state["t"] == 0).all()


@pytest.mark.parametrize("zeroed", [False, True])
def test_the_reward_of_the_last_step_can_be_zeroed(zeroed):
    batch = one("#####\n#PAA#\n#####", EAST, max_steps=2, zero_last_reward=zeroed)
    assert step(batch, FORWARD)[0] == 1
    assert step(batch, FORWARD) == (0.0 if zeroed else 1.0, {"ate": 1})
    assert batch.done[0]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"preset": "meltingpt"}, "preset is 'meltingpt'; expected one of perolat, hughes, ssd"),
        ({"layout": "opn"}, "layout is 'opn'; expected one of open, closed, partnership, or an"),
        ({"layout": 3}, "layout is 3"),
        ({"num_agents": 0}, r"num_agents is 0; expected an integer in \[1, 60\]"),
        ({"num_agents": 61}, "num_agents is 61"),
        ({"regrowth": (0.0, -0.1)}, r"regrowth is \(0.0, -0.1\); expected 1 to 25 probabilities"),
        ({"regrowth": [0, 1.5]}, r"regrowth is \(0, 1.5\)"),
        ({"regrowth": ()}, r"regrowth is \(\)"),
        ({"regrowth": 0.5}, "regrowth is 0.5"),
        ({"regrowth": (0.1,) * 26}, "expected 1 to 25 probabilities"),
        ({"regrowth": (float("nan"),)}, "regrowth is"),
        ({"end_probability": 1.1}, r"end_probability is 1.1; expected a number in \[0, 1\]"),
        ({"end_probability": -0.1}, "end_probability is -0.1"),
        ({"neighbourhood": "disc"}, "expected one of adjacent_8, disc_12, disc_20, box_24"),
        ({"moves": "free"}, "moves is 'free'; expected one of relative, absolute"),
        ({"zap_shape": "cone"}, "expected one of meltingpot, parallel, socialjax"),
        ({"zap_radius": 4}, "zap_radius is 4; expected at most zap_length = 3"),
        ({"zap_length": 0}, "zap_length is 0"),
        ({"zap_cooldown": 256}, "zap_cooldown is 256"),
        ({"hit_effect": "freeze"}, "expected one of stay, remove, teleport"),
        ({"away_steps": 0}, "away_steps is 0"),
        ({"hit_fine": -1}, "hit_fine is -1"),
        ({"zap_cost": float("inf")}, "zap_cost is inf"),
        ({"view_ahead": 0}, "view_ahead is 0"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"end_interval": 0}, "end_interval is 0"),
        ({"apple_reward": "1"}, "apple_reward is '1'"),
        ({"identities": 1}, "identities is 1; expected True or False"),
        ({"regrow_under_agents": 0}, "regrow_under_agents is 0"),
        ({"regrowth_lag": "no"}, "regrowth_lag is 'no'"),
        ({"zero_last_reward": 1}, "zero_last_reward is 1"),
        ({"num_agent": 3}, "no option 'num_agent'. Did you mean 'num_agents'"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("commons_harvest", **config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "####\n#A.#\n####"}, "no spawn cell; mark at least 7 cells with P"),
        ({"layout": "#####\n#APQ#\n#####"}, r"2 spawn cells \(P and Q\) for 7 agents"),
        ({"num_agents": 60, "layout": "#####\n#APQ#\n#####"}, "for 60 agents"),
        ({"layout": "####\n#AP#\n###"}, "ragged: row 3"),
        ({"layout": "####\n#A~#\n####"}, "Unknown symbol '~' in row 2, column 3"),
        ({"layout": "\n\n"}, "The map is empty"),
        ({"layout": "###\n#P#\n###", "num_agents": 1}, "no place for apples"),
    ],
)
def test_impossible_layouts_say_why(config, message):
    with pytest.raises(LayoutError, match=message):
        build("commons_harvest", **config)
