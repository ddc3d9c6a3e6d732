"""Beliefs and desires read off paths past food trucks: published patterns, exactness, swaps."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from prosocial.agents.mind.beliefs import BeliefSpace, belief_values, exact_beliefs, grid_beliefs
from prosocial.agents.mind.food_trucks import SCENARIOS, follow_path, food_trucks_table, main
from prosocial.agents.mind.hypotheses.food_trucks import BeliefsDesires
from prosocial.agents.mind.hypotheses.streets import Streets
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.food_trucks.staging import park

CHECK = "WWWNN"
MOVES = {".": (0, 0), "N": (-1, 0), "S": (1, 0), "W": (0, -1), "E": (0, 1)}


@pytest.fixture(scope="module")
def world():
    return build("food_trucks")


def watched(world, path, placement="LK", beta=1.0, **options):
    """Returns the hypotheses, the posterior (H,) and the mind after a path."""
    mind = Mind(world, "beliefs_desires", beta=beta, **options)
    follow_path(mind, placement, path)
    return asked_by(mind), mind.posterior[0, 0, 0], mind


def asked_by(mind):
    """Returns the hypotheses of a mind."""
    assert isinstance(mind.hypotheses, BeliefsDesires)
    return mind.hypotheses


def step(mind, batch, actions):
    """Steps a batch and lets the mind watch."""
    batch.step(actions)
    assert batch.before is not None
    mind.observe(batch.before, actions, batch.after())


def plain_posterior(path, beta, sees_l=True):
    """Returns the posterior (64, 11) on the default map, in plain NumPy and by hand.

    Cells of a 5 x 10 grid, beliefs P(L behind the wall) = 0, .1, ..., 1, a hundred sweeps.
    """
    wall = np.zeros((5, 10), bool)
    wall[2, 1:] = True
    cells = np.arange(50).reshape(5, 10)
    moves = np.zeros((50, 5), int)
    for (row, column), (a, (down, right)) in product(np.ndindex(5, 10), enumerate(MOVES.values())):
        to = min(max(row + down, 0), 4), min(max(column + right, 0), 9)
        moves[cells[row, column], a] = cells[row, column] if wall[to] else cells[to]
    spot_1, spot_2 = 9, 40
    seen = np.arange(50) < 20
    utilities = np.array(list(product([-20, 0, 50, 100], repeat=3)), float)
    belief = np.linspace(0, 1, 11)
    meal, goes_on = np.zeros((64, 50, 11)), np.ones((1, 50, 1))
    meal[:, spot_2] = utilities[:, :1]
    meal[:, spot_1] = utilities[:, 1:2] * belief + utilities[:, 2:] * (1 - belief)
    goes_on[0, [spot_1, spot_2]] = 0
    best = np.zeros((64, 50, 11))
    for _ in range(400):
        mean = best.copy()
        mean[:, seen] = best[:, seen, -1:] * belief + best[:, seen, :1] * (1 - belief)
        q = (meal + 0.99 * goes_on * mean)[:, moves] - 1  # (64, 50, 5, 11)
        best = q.max(axis=2)
    scaled = beta * (q - best[:, :, None])
    policy = scaled - np.log(np.exp(scaled).sum(axis=2, keepdims=True))
    place, log, now = 33, np.zeros((64, 11)), np.arange(11)
    for letter in path:
        action = list(MOVES).index(letter)
        log += policy[:, place, action][:, now]
        place = moves[place, action]
        if seen[place]:
            now = np.where(now == (0 if sees_l else 10), now, 10 if sees_l else 0)
    joint = np.exp(log - log.max())
    return joint / joint.sum()


@pytest.mark.parametrize(
    ("path", "beta", "expected", "order", "favourite"),
    [
        (f"{CHECK}SSS", 0.5, (34.4, 4.0, 82.3), 0.477, ("M", 0.869)),
        (f"{CHECK}SSS", 1.0, (33.2, 3.2, 93.8), 0.577, ("M", 0.996)),
        ("WWWS", 1.0, (77.5, 25.1, 25.1), 0.016, ("K", 0.478)),
    ],
)
def test_the_published_figures(world, path, beta, expected, order, favourite):
    """Re-implementation of memo's demonstration with exact updates, to the digits printed."""
    asked, found, _ = watched(world, path, beta=beta)
    assert asked.expected_utilities(found).round(1).tolist() == list(expected)
    assert asked.order_probability(found, "MKL") == pytest.approx(order, abs=5e-4)
    name, probability = favourite
    assert asked.favourite(found)["KLM".index(name)] == pytest.approx(probability, abs=5e-4)
    if path == "WWWS":
        assert asked.favourite(found)[2] == pytest.approx(0.031, abs=5e-4)


@pytest.mark.parametrize(("path", "placement"), [(f"{CHECK}SSS", "LK"), ("WWWNN.EEW", "MK")])
def test_the_posterior_equals_brute_force(world, path, placement):
    expected = plain_posterior(path, 0.7, placement == "LK")
    for options in ({}, {"log_space": True}):
        asked, found, _ = watched(world, path, placement, beta=0.7, **options)
        assert np.abs(asked.joint(found) - expected).max() < 1e-6


def test_a_leaky_update_breaks_the_classic_pattern(world):
    """Weights exp(-10 |difference|) over the grid, as in memo's demonstration, lose certainty."""
    streets = Streets(world)
    views, view_of = np.unique(streets.percepts, axis=0, return_inverse=True)
    likelihood = np.eye(2)[views]
    utilities = np.array(list(product([-20, 0, 50, 100], repeat=3)), float)
    problem = streets.problem(utilities, view_of.ravel())
    grid = grid_beliefs(likelihood, 10)
    points = grid.points[:, 0]
    target = (grid.weights * points[grid.following]).sum(axis=3)  # (V, P, O): the exact update
    near = np.exp(-10 * np.abs(points - target[..., None]))
    leaky = BeliefSpace(
        grid.points,
        likelihood,
        grid.chance,
        np.broadcast_to(np.arange(11), near.shape).copy(),
        near / near.sum(axis=3, keepdims=True),
    )
    order = {}
    for name, space in (("leaky", leaky), ("kept", grid)):
        values = belief_values(space, problem)  # (G, L, P, A)
        policy = np.exp(values - values.max(axis=3, keepdims=True))
        policy /= policy.sum(axis=3, keepdims=True)
        joint = np.full((64, 11), 1 / 704)
        place = int(streets.place[world.params[0]["starts"][0]])
        for letter in f"{CHECK}SSS":
            action = list(MOVES).index(letter)
            joint *= policy[:, place, :, action]
            place = int(streets.moves[place, action])
            joint = space.spread(joint, problem.views[place], streets.percepts[place, 0])
            joint /= joint.sum()
        desires = joint.sum(axis=1)
        order[name] = desires @ (
            (utilities[:, 2] > utilities[:, 0]) & (utilities[:, 0] > utilities[:, 1])
        )
    assert order["kept"] == pytest.approx(0.577, abs=5e-4)
    assert order["leaky"] < 0.001


def test_the_same_steps_with_another_percept_show_another_desire(world):
    """Baker et al.: who looks and turns back did not find what it wanted."""
    asked, saw_l, _ = watched(world, f"{CHECK}SSS", "LK")
    _, saw_m, _ = watched(world, f"{CHECK}SSS", "MK")
    assert asked.favourite(saw_l)[2] > 0.99
    assert asked.favourite(saw_m)[1] > 0.99
    swapped = asked.expected_utilities(saw_l)[[0, 2, 1]]
    assert asked.expected_utilities(saw_m) == pytest.approx(swapped, abs=1e-3)
    assert asked.order_probability(saw_l, "MKL") > 0.5 > asked.order_probability(saw_l, "LKM")
    # It went to look because it held possible that M is there.
    assert asked.first_belief(saw_l)[1] > 0.55


def test_false_beliefs_are_read_off_the_search(world):
    """Before the corner, believing M and liking M explain each other; then sight corrects."""
    asked, before, mind = watched(world, "WWWN", "LK")
    joint = asked.joint(before)
    likes_m = (asked.utilities == [0, -20, 100]).all(axis=1)
    believes = joint[likes_m][0] / joint[likes_m].sum()
    assert believes @ asked.beliefs[:, 1] > 0.55  # M is likely to be there
    assert (asked.present_belief(mind.posterior)[0, 0, 0] == asked.first_belief(before)).all()
    asked, after, mind = watched(world, CHECK, "LK")
    assert asked.present_belief(mind.posterior)[0, 0, 0, 0] > 0.9
    assert asked.first_belief(after)[0] < 0.55


def test_straight_to_k_says_little_of_beliefs_and_much_of_k(world):
    asked, found, _ = watched(world, "WWWS")
    assert asked.favourite(found)[0] > 10 * asked.favourite(found)[1]
    assert asked.first_belief(found) == pytest.approx([0.5, 0.5], abs=1e-4)


def test_lesions_cannot_explain_why_somebody_looks_and_returns(world):
    whole, found, _ = watched(world, f"{CHECK}SSS")
    for lesion in ("true_belief", "no_observation"):
        asked, blind, _ = watched(world, f"{CHECK}SSS", lesion=lesion)
        assert whole.favourite(found)[2] > 0.99 > 0.5 > asked.favourite(blind)[2]
    with pytest.raises(ConfigError, match="nothing is inferred about beliefs"):
        watched(world, "W", lesion="true_belief")[0].first_belief(np.ones(64) / 64)


def divergence(p, q):
    """Returns the Jensen-Shannon divergence in nats."""
    middle = (p + q) / 2
    return 0.5 * sum((d * np.log(np.maximum(d, 1e-30) / middle)).sum() for d in (p, q))


def predicted_after_swap(world, path, then, swap):
    """Returns the predicted action probabilities (5,) after the truck changed, or did not."""
    likes_l = (50, 100, -20), (0, 100, 0)
    mind = Mind(world, "beliefs_desires", beta=1.0, utilities=likes_l)
    batch = follow_path(mind, "LK", path)
    if swap:
        park(world, batch.state, "MK")
    for letter in then:
        actions = np.array([[list(MOVES).index(letter)]])
        step(mind, batch, actions)
    return mind.predict(batch.state)[0, 0, 0].astype(float)


def test_a_swap_out_of_sight_changes_nothing_and_one_in_sight_does(world):
    """The swap test of Rabinowitz et al. (2018) for false beliefs."""
    hidden = [predicted_after_swap(world, f"{CHECK}SS", ".", swap) for swap in (False, True)]
    assert divergence(*hidden) == 0
    assert hidden[1].argmax() == 1  # north: it goes and looks for L where M is by now
    shown = [predicted_after_swap(world, f"{CHECK}NEE", ".", swap) for swap in (False, True)]
    assert divergence(*shown) > 0.2  # it turns round


def test_stated_probabilities_match_frequencies(world):
    """Agents drawn from the prior: among those said to like M best with p, a share p does."""
    count, beta = 3000, 0.2
    mind = Mind(world, "beliefs_desires", beta=beta)
    batch = Batch(world, count, seed=4, track_states=True)
    batch.reset()
    mind.reset(batch.state)
    rng = np.random.default_rng(5)
    asked = asked_by(mind)
    who = rng.integers(0, len(mind.names), count)
    alive = np.ones(count, bool)
    stated = mind.posterior[:, 0, 0].copy()
    for _ in range(7):
        values = asked.action_values(batch.state)[np.arange(count), 0, who].astype(float)
        share = np.exp(beta * (values - values.max(axis=1, keepdims=True)))
        actions = (share.cumsum(1) / share.sum(1)[:, None] < rng.random((count, 1))).sum(1)[:, None]
        step(mind, batch, actions)
        stated[alive] = mind.posterior[alive, 0, 0]
        alive &= ~batch.done
        mind.reset(batch.state, batch.done)
    claimed = asked.favourite(stated)[:, 2]
    true = asked.favourite(np.eye(len(mind.names))[who])[:, 2]
    bins = np.digitize(claimed, np.linspace(0.1, 0.9, 9))
    error = sum(abs(claimed[bins == k].sum() - true[bins == k].sum()) for k in range(10)) / count
    assert error < 0.04, error
    assert claimed.std() > 0.05  # it says something


def test_all_arrangements_of_the_small_map():
    """Stacy et al.: six worlds; from ignorance thirteen beliefs can be reached."""
    world = build(
        "food_trucks", layout="small", desires="permutation", utility_values=(50, 75, 100),
        stay_cost=0.1,
    )  # fmt: skip
    ignorance = np.full((1, 6), 1 / 6)
    streets = Streets(world)
    space = exact_beliefs(ignorance, np.eye(6)[np.unique(streets.percepts, axis=0)])
    assert len(space.points) == 13
    mind = Mind(world, "beliefs_desires", beta=0.8)
    assert len(mind.names) == 6 * 7
    assert mind.names[1].startswith("K50 L75 M100; KL 0.58333 KM 0.083333")
    follow_path(mind, "KL", "SEE")  # away from K, which it saw
    asked = asked_by(mind)
    likes = asked.expected_utilities(mind.posterior)[0, 0, 0]
    assert likes[1] > likes[0] + 25


def test_an_empty_spot_and_eating_as_an_action():
    world = build("food_trucks", placements=("LK", "-K"), eating="action")
    asked, found, _ = watched(world, f"{CHECK}SSS!", "-K")
    assert asked.expected_utilities(found)[1] > 60  # it looked for L
    assert asked.expected_utilities(found)[0] > 20  # K will do
    _, by_arrival, _ = watched(build("food_trucks", placements=("LK", "-K")), f"{CHECK}SSS", "-K")
    assert asked.expected_utilities(found) == pytest.approx(
        asked.expected_utilities(by_arrival), abs=12
    )


def test_memory_survives_a_checkpoint(world):
    mind = Mind(world, "beliefs_desires")
    batch = follow_path(mind, "LK", f"{CHECK}S")
    other = Mind(world, "beliefs_desires")
    other.reset(batch.state)
    fresh = other.predict(batch.state).copy()
    other.restore(mind.state())
    assert (other.predict(batch.state) == mind.predict(batch.state)).all()
    assert np.abs(fresh - other.predict(batch.state)).max() > 0.05


def test_options_and_names(world):
    asked = BeliefsDesires(world, utilities=[(100, 0, 50), (0, 0, 0)], beliefs=[(0.25, 0.75)])
    assert asked.names == ("K100 L0 M50; LK 0.25 MK 0.75", "K0 L0 M0; LK 0.25 MK 0.75")
    planned = BeliefsDesires(world, planning_beta=1.0)
    assert planned.table.shape == BeliefsDesires(world).table.shape
    assert (planned.table != BeliefsDesires(world).table).any()
    fixed = BeliefsDesires(build("food_trucks", desires="fixed", utilities=(50, 0, 100)))
    assert len(fixed.utilities) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lesion": "blind"}, "lesion is 'blind'; expected one of none, true_belief"),
        ({"utilities": [(1, 2)]}, r"utilities has shape \(1, 2\)"),
        ({"utilities": [(1, 2, np.inf)]}, "expected finite numbers"),
        ({"beliefs": [(0.5, 0.6)]}, "rows of initial sum to"),
        ({"beliefs": [(1.0, 0.0, 0.0)]}, r"beliefs has shape \(1, 3\)"),
        ({"beliefs": 0}, "resolution 0; expected both >= 1"),
        ({"beliefs": 5000}, "action values; expected at most"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"planning_beta": -1.0}, "beta is -1.0"),
        ({"belief": 3}, "no option 'belief'. Did you mean 'beliefs'"),
    ],
)
def test_wrong_options_are_named(world, options, message):
    with pytest.raises(ConfigError, match=message):
        Mind(world, "beliefs_desires", **options)


def test_wrong_questions_are_named(world):
    with pytest.raises(ConfigError, match="not about 'caregiver_grid'"):
        BeliefsDesires(build("caregiver_grid"))
    asked, found, mind = watched(world, "W")
    with pytest.raises(ConfigError, match="order is 'XK'; expected letters of KLM"):
        asked.order_probability(found, "XK")
    with pytest.raises(ConfigError, match="'!' is no step of the path"):
        follow_path(mind, "LK", "W!")
    with pytest.raises(ConfigError, match="ends after 'WWWS'"):
        follow_path(mind, "LK", "WWWSS")


def test_the_table_shows_every_scenario(capsys):
    rows = food_trucks_table(beta=1.0)
    assert [row["story"] for row in rows] == [scenario.story for scenario in SCENARIOS]
    assert rows[1]["M>K>L"] == pytest.approx(0.577, abs=5e-4)
    main()
    printed = capsys.readouterr().out
    assert printed.count("\n| ") == 2 * (len(SCENARIOS) + 1)
    assert "| `WWWNNSSS` | 34.4, 4.0, 82.3 |" in printed
