"""Norms and patches in commons_harvest and clean_up: rows by brute force, partners found out."""

from __future__ import annotations

import numpy as np
import pytest
from following import at, before, infer

from prosocial.agents.mind.hypotheses import clean_up, commons_harvest, hypotheses
from prosocial.agents.mind.hypotheses.commons import STEPS
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.engine.grid import distances
from prosocial.envs.worlds.avatars.codes import APPLE, BODY, WASTE

ZAP, CLEAN = 7, 8
TYPES = {
    "greedy_harvester": "greedy",
    "restrained_harvester": "restrained",
    "zapping_harvester": "zapper",
    "distrustful_fighter": "guard",
    "random": "wander",
    "idle": "idle",
}
CLEANERS = {
    "altruist_cleaner": "cleaner",
    "free_rider": "free_rider",
    "clean_eat_alternator": "clean_eat_alternator",
    "eat_clean_alternator": "eat_clean_alternator",
    "zapping_harvester": "zapper",
    "random": "wander",
    "idle": "idle",
}


def begun(world: str, num_worlds: int = 4, steps: int = 0, seed: int = 0, **config) -> Batch:
    """Returns worlds after some steps of agents that act at random."""
    batch = Batch(build(world, **config), num_worlds, seed=seed, track_states=True)
    batch.reset()
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        batch.step(rng.integers(0, batch.num_actions, (num_worlds, batch.num_agents)))
    return batch


def moves_to(batch: Batch, world: int, targets: np.ndarray, open_codes: np.ndarray) -> np.ndarray:
    """Returns the moves from every cell to the nearest of some cells, by the engine's search."""
    params = batch.world.params[0]
    ground = np.ascontiguousarray(batch.state["ground"][world])
    best = np.full(ground.size, 10**6)
    out, queue = np.empty((2, ground.size), np.int32)
    blocking = (open_codes == 0).astype(np.uint8)
    for cell in targets:
        distances(ground, int(params["width"]), int(cell), blocking, out, queue)
        best = np.where(out >= 0, np.minimum(best, out), best)
    return best


def steps_by_distance(batch: Batch, world: int, agent: int, left: np.ndarray) -> set[int]:
    """Returns the actions that bring an agent nearer, onto cells without bodies."""
    params, state = batch.world.params[0], batch.state[world]
    here, heading = int(state["position"][agent]), int(state["heading"][agent])
    found = set()
    for way, action in enumerate(STEPS):
        turn = 0 if params["absolute"] else heading
        there = here + int(params["offsets"][(way + turn) % 4])
        # Beams that still show are gone before anybody moves.
        free = params["enterable"][state["ground"][there]] and state["cells"][there] < BODY
        if free and left[there] == left[here] - 1:
            found.add(int(action))
    return found


@pytest.mark.parametrize("moves", ["relative", "absolute"])
def test_rows_of_harvest_norms_agree_with_a_search_from_every_apple(moves):
    batch = begun("commons_harvest", 12, steps=25, moves=moves)
    told = hypotheses(batch.world, "norms", least=2)
    values = told.action_values(batch.state)
    params, checked = batch.world.params[0], 0
    near = batch.state["live_near"]
    for world in range(12):
        state = batch.state[world]
        live = np.flatnonzero(state["ground"] == APPLE)
        plenty = live[near[world][params["place_at"][live]] >= 2]
        for agent in range(batch.num_agents):
            here = int(state["position"][agent])
            if state["away"][agent] or here in live:
                continue
            around = [here + int(o) for o in params["offsets"]]
            spared = set(live) - set(plenty)
            for norm, targets in (("greedy", live), ("restrained", plenty)):
                left = moves_to(batch, world, targets, params["enterable"])
                wanted = steps_by_distance(batch, world, agent, left)
                if norm == "restrained" and spared.intersection(around):
                    continue  # the next test
                row = values[world, agent, told.names.index(norm)]
                best = set(np.flatnonzero(row == 0).tolist())
                assert best == (wanted or {0, *STEPS.tolist()}), (world, agent, norm)
                checked += 1
    assert checked > 60


def test_the_restrained_spare_what_the_greedy_take():
    """An apple with no live neighbour beside the avatar, a heap of apples further on."""
    layout = """
        ###########
        #..A..AAA.#
        #.....AAA.#
        #.........#
        #.........#
        #PPP......#
        ###########
    """
    batch = begun("commons_harvest", 1, layout=layout, num_agents=3)
    params, state = batch.world.params[0], batch.state
    told = hypotheses(batch.world, "norms", least=1)
    width, margin = int(params["width"]), int(params["margin"])

    def cell(row: int, column: int) -> int:
        return (row + margin) * width + column + margin

    state["cells"] = state["ground"]
    for agent, place in enumerate([(1, 2), (5, 1), (5, 2)]):
        state["position"][0, agent], state["heading"][0, agent] = cell(*place), 1  # east
        state["cells"][0, cell(*place)] = BODY + 4 * agent + 1
    forward = 1
    greedy, restrained = told.action_values(state)[0, 0, :2]
    assert greedy[forward] == 0
    assert greedy.argmax() == forward
    # The restrained would go round it, north or south: forward is what it does least of all.
    assert restrained.argmin() == forward
    # Their beams reach nobody here; then somebody steps in front of them.
    zapper = told.action_values(state)[0, 0, 2]
    assert zapper[ZAP] == -4
    state["position"][0, 1] = cell(3, 2)  # two cells to the right of the first, who looks east
    turned = told.action_values(state)[0, 0, 2]
    assert turned.argmax() == 6  # turns right
    assert turned[ZAP] < -4
    state["heading"][0, 0] = 2  # looks south
    aimed = told.action_values(state)[0, 0, 2]
    assert aimed.argmax() == ZAP
    state["cooldown"][0, 0] = 1
    assert told.action_values(state)[0, 0, 2].argmax() != ZAP
    # Who is out of the world has no row, and whatever its action is tells nothing.
    state["away"][0, 0] = 3
    assert told.rows(state)[0].tolist()[0] == -1  # type: ignore[attr-defined]
    assert told.actions(state, np.zeros((1, 3), int), state)[0, 0] == -1
    assert not told.action_values(state)[0, 0].any()


def test_every_harvester_is_found_out():
    slots = [*TYPES, "greedy_harvester"]
    mind, trace = infer("commons_harvest", slots, 100, 8)
    right = [at(mind, TYPES[slot])[0] for slot in slots]
    for agent, norm in enumerate(right):
        certain = trace[:, :, 0, agent, norm].mean(1)
        assert certain[-1] > 0.95, slots[agent]
        assert certain[0] < certain[10] < certain[-1] + 1e-3, slots[agent]
    assert np.allclose(trace.sum(-1), 1, atol=1e-4)


def test_exchanged_partners_exchange_posteriors():
    """Agents are exchangeable: relabelled records and actions give relabelled posteriors."""
    batch = begun("commons_harvest", 6, steps=5)
    shuffled = [3, 0, 6, 1, 2, 5, 4]
    minds = [Mind(batch.world, "norms", observers="shared") for _ in range(2)]
    renamed = relabel(batch.state, shuffled)
    for mind, states in zip(minds, (batch.state, renamed), strict=True):
        mind.reset(states)
    rng = np.random.default_rng(1)
    for _ in range(30):
        actions = rng.integers(0, 8, (6, 7))
        batch.step(actions)
        minds[0].observe(before(batch), actions, batch.after())
        minds[1].observe(
            relabel(before(batch), shuffled), actions[:, shuffled], relabel(batch.after(), shuffled)
        )
    plain, moved = (mind.posterior[:, 0] for mind in minds)
    np.testing.assert_allclose(moved, plain[:, shuffled], rtol=1e-4, atol=1e-6)
    assert not np.allclose(moved, plain)


def relabel(states: np.ndarray, order: list[int]) -> np.ndarray:
    """Returns records in which agent k is the one that was agent ``order[k]``."""
    out = states.copy()
    for name in ("position", "heading", "cooldown", "away", "harvest"):
        out[name] = states[name][:, order]
    number = np.argsort(order)
    bodies = states["cells"].astype(int) - BODY
    renamed = BODY + 4 * number[np.maximum(bodies, 0) // 4] + bodies % 4
    out["cells"] = np.where(bodies >= 0, renamed, states["cells"])
    return out


def test_patches_are_the_six_of_melting_pot_and_steps_lead_to_them():
    batch = begun("commons_harvest", 8)
    told = hypotheses(batch.world, "goals")
    assert told.names == (
        "patch(2,2)", "patch(3,8)", "patch(3,15)", "patch(2,21)", "patch(8,3)", "patch(8,20)",
        "wander", "idle",
    )  # fmt: skip
    patches, sites = told.patches, batch.world.params[0]["sites"]  # type: ignore[attr-defined]
    assert np.bincount(patches).tolist() == [6, 13, 13, 6, 13, 13]
    values = told.action_values(batch.state)
    for patch in range(6):
        own = sites[patches == patch]
        left = moves_to(batch, 0, own, batch.world.params[0]["enterable"])
        for agent in range(7):
            here = int(batch.state["position"][0, agent])
            row = values[0, agent, patch]
            assert row[0] == -1 - left[here]
            assert row[STEPS].max() == (-left[here] if left[here] else -1)
            assert row[ZAP] == row[0] - 2


def test_who_walks_to_a_patch_is_expected_there_and_walled_patches_are_not_available():
    batch = begun("commons_harvest", 16, num_agents=2)
    mind = Mind(batch.world, "goals", observers="each", beta=2.0)
    mind.reset(batch.state)
    told = mind.hypotheses
    sites, patches = batch.world.params[0]["sites"], told.patches  # type: ignore[attr-defined]
    left = moves_to(batch, 0, sites[patches == 4], batch.world.params[0]["enterable"])
    for _ in range(12):
        actions = np.zeros((16, 2), np.int64)
        for world in range(16):
            ways = steps_by_distance(batch, world, 0, left)
            actions[world, 0] = min(ways) if ways else 0
        batch.step(actions)
        mind.observe(before(batch), actions, batch.after())
    target = mind.posterior[:, 1, 0]  # what the second agent thinks of the first
    assert target[:, 4].mean() > 0.6
    assert (target.argmax(-1) == 4).mean() > 0.8
    assert (mind.posterior[:, 0, 1].argmax(-1) == at(mind, "idle")[0]).all()
    walled = """
        #########
        #A..#..A#
        #P..#...#
        #P..#...#
        #########
    """
    island = begun("commons_harvest", 2, layout=walled, num_agents=2)
    available = hypotheses(island.world, "goals").available(island.state)
    assert available.tolist() == [[[True, False, True, True]] * 2] * 2


def test_every_member_of_clean_up_is_found_out():
    mind, trace = infer("clean_up", list(CLEANERS), 260, 6, seed=1)
    for agent, (slot, norm) in enumerate(CLEANERS.items()):
        certain = trace[:, :, 0, agent, at(mind, norm)[0]].mean(1)
        assert certain[-1] > 0.85, slot
        assert certain[-1] > certain[0], slot
    # Before the turn at step 200 an alternator and who does the same all the time are alike.
    cleaner, alternator = at(mind, "cleaner", "clean_eat_alternator")
    altruist = trace[150, :, 0, 0]
    np.testing.assert_allclose(altruist[:, cleaner], altruist[:, alternator], rtol=1e-3)


def test_rows_of_clean_up_agree_with_a_search():
    batch = begun("clean_up", 8, steps=40)
    told = hypotheses(batch.world, "norms")
    rows = told.rows(batch.state)  # type: ignore[attr-defined]
    values = told.action_values(batch.state)
    params = batch.world.params[0]
    across = params["enterable"].copy()
    across[[3, 4]] = 1  # water and waste
    checked = 0
    for world in range(8):
        dirty = np.flatnonzero(batch.state["ground"][world] == WASTE)
        left = moves_to(batch, world, dirty, across)
        for agent in range(batch.num_agents):
            if batch.state["away"][world, agent]:
                assert rows[world, agent] == -1
                continue
            aim = rows[world, agent] // 10 % 6
            row = values[world, agent, told.names.index("cleaner")]
            if aim == 0:
                wanted = steps_by_distance(batch, world, agent, left)
                assert set(np.flatnonzero(row == 0)) == (wanted or {0, *STEPS.tolist()})
                checked += 1
            else:  # something to clean: CLEAN, a turn towards it or the pause until it can
                best = {1: {CLEAN}, 2: {6}, 3: {5}, 4: {5, 6}, 5: {0}}[int(aim)]
                assert set(np.flatnonzero(row == row.max())) == best
    assert checked > 20
    assert len(dirty) > 0


def test_who_sees_whom():
    batch = begun("commons_harvest", 16, steps=20)
    seen = hypotheses(batch.world, "norms", sight="view").visible(batch.state)  # type: ignore[attr-defined]
    away = batch.state["away"] > 0
    np.testing.assert_array_equal(np.einsum("bii->bi", seen), ~away)
    params = batch.world.params[0]
    width, config = int(params["width"]), batch.world.config
    for world in range(16):
        for viewer in range(7):
            if away[world, viewer]:
                continue
            codes = batch.observations[world, viewer, :, :, 0]
            others = ((codes >= 7) & (codes <= 10)).sum()
            # Bodies in the window are what the observation shows of the others.
            assert seen[world, viewer].sum() - 1 == others
    assert width > 0
    assert config.view_ahead == 9  # type: ignore[attr-defined]
    assert not hasattr(hypotheses(batch.world, "norms"), "visible")


@pytest.mark.parametrize(
    ("world", "kind", "options", "message"),
    [
        ("commons_harvest", "norms", {"least": 0}, "least is 0"),
        ("commons_harvest", "norms", {"least": True}, "least is True"),
        ("commons_harvest", "norms", {"sight": "near"}, "sight is 'near'"),
        ("commons_harvest", "goals", {"sight": "near"}, "sight is 'near'"),
        ("clean_up", "norms", {"block": 0}, "block is 0"),
    ],
)
def test_bad_options(world, kind, options, message):
    with pytest.raises(ConfigError, match=message):
        hypotheses(build(world), kind, **options)


def test_other_worlds_are_refused():
    fishery = build("fishery")
    for factory in (commons_harvest.HarvestNorms, commons_harvest.Patches):
        with pytest.raises(ConfigError, match="about commons_harvest, not about 'fishery'"):
            factory(fishery)
    with pytest.raises(ConfigError, match="about clean_up, not about 'fishery'"):
        clean_up.CleaningNorms(fishery)
