"""By which rule somebody demands units of a common stock."""

from __future__ import annotations

import numpy as np
import pytest
from following import at, before, infer

from prosocial.agents.mind.hypotheses import hypotheses
from prosocial.agents.mind.hypotheses.govsim import DemandNorms
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import make_partner
from prosocial.envs.engine import Batch, ConfigError, build


def begun(world: str = "fishery", num_worlds: int = 4, **config) -> Batch:
    batch = Batch(build(world, **config), num_worlds, seed=0, track_states=True)
    batch.reset()
    return batch


def test_values_are_the_distance_from_what_the_partners_would_demand():
    batch = begun(initial_stock=60, newcomer_round=3)
    told = hypotheses(batch.world, "norms", fractions=(0.29,), fixed=(7,), spread=2.0)
    assert told.names == (
        "sustainable", "greedy", "conditional", "fraction(0.29)", "fixed(7)", "random"
    )  # fmt: skip
    partners = {
        "sustainable": make_partner("sustainable_demand"),
        "greedy": make_partner("greedy_demand"),
        "conditional": make_partner("conditional_cooperator"),
        "fraction(0.29)": make_partner("fraction_demand", share=0.29),
        "fixed(7)": make_partner("fixed_demand", amount=7),
    }
    rng, differ = np.random.default_rng(0), 0
    for _ in range(8):
        values = told.action_values(batch.state)
        active = batch.state["active"] > 0
        for name, partner in partners.items():
            demands = partner.act(batch)
            row = values[:, :, told.names.index(name)]
            assert (row.argmax(-1) == demands)[active].all(), name
            x = 11
            np.testing.assert_allclose(row[..., x][active], -abs(x - demands)[active] / 2.0)
        differ += (values[:, :, 0] != values[:, :, 2]).any()
        assert not values[~active].any()
        assert not values[:, :, -1].any()
        actions = rng.integers(0, 12, (4, 5))
        batch.step(actions)
        did = told.actions(before(batch), actions, batch.after())
        np.testing.assert_array_equal(did, np.where(active, actions, -1))
    assert differ > 0  # somebody was provoked


@pytest.mark.parametrize("world", ["fishery", "pasture", "pollution"])
def test_every_rule_is_found_out(world):
    slots = ["sustainable_demand", "greedy_demand", "random", "conditional_cooperator"]
    # What is left grows back even where the third one takes a lot.
    mind, trace = infer(
        world, ["sustainable_demand", "sustainable_demand", "random"], 10, 32,
        num_agents=3, collapse_below=0, growth=2.5, max_rounds=12,
    )  # fmt: skip
    sustainable, conditional, rand = at(mind, "sustainable", "conditional", "random")
    assert trace[-1, :, 0, 2, rand].mean() > 0.95
    # Where nobody ever took too much, who would have answered cannot be told from who would not.
    assert trace[-1, :, 0, 0, [sustainable, conditional]].sum(0).mean() > 0.97
    assert trace[-1, :, 0, 0, sustainable].mean() > 0.6
    assert trace[-1, :, 0, 0, sustainable].mean() > trace[0, :, 0, 0, sustainable].mean()
    mind, trace = infer(world, slots, 1, 16, num_agents=4)
    assert trace[-1, :, 0, 1, at(mind, "greedy")[0]].mean() > 0.6


def test_a_provoked_cooperator_is_told_from_who_never_changes():
    batch = begun(num_worlds=8, num_agents=3, collapse_below=0)
    mind = Mind(batch.world, "norms", observers="shared")
    mind.reset(batch.state)
    conditional, sustainable = (
        make_partner("conditional_cooperator"),
        make_partner("sustainable_demand"),
    )
    for step in range(3):
        actions = sustainable.act(batch)
        actions[:, 0] = conditional.act(batch)[:, 0]
        if step == 1:
            actions[:, 2] += 6  # the third takes too much once
        batch.step(actions)
        mind.observe(before(batch), actions, batch.after())
    shown = mind.posterior[:, 0].mean(0)
    first, second = at(mind, "conditional", "sustainable")
    assert shown[0, first] > 0.4  # or greedy, which takes the same now
    assert shown[0, second] < 0.01
    assert shown[1, second] > 0.95
    assert shown[1, first] < 0.01


def test_renaming_agents_renames_posteriors():
    slots = ["sustainable_demand", "random", "greedy_demand", "fixed_demand", "fraction_demand"]
    del slots[3:]
    _, trace = infer("fishery", slots, 2, 8, num_agents=3, collapse_below=0)
    again, moved = infer(
        "fishery", [slots[k] for k in (2, 0, 1)], 2, 8, num_agents=3, collapse_below=0
    )
    # The random one draws other numbers, the other two do not; a first step is the same for them.
    np.testing.assert_allclose(moved[0][:, :, [1, 0]], trace[0][:, :, [0, 2]], rtol=1e-5)
    assert again.targets == ("agent_0", "agent_1", "agent_2")


def test_auto_reset_begins_with_the_prior():
    mind, trace = infer("fishery", ["greedy_demand"] * 2, 3, 4, num_agents=2)
    # Everything is gone in the first round; each episode is one step long.
    np.testing.assert_allclose(trace[0], trace[1], rtol=1e-6)
    assert mind.posterior == pytest.approx(1 / len(mind.names))


def test_sight_follows_what_the_world_shows():
    hidden = begun(catches="none", num_agents=3)
    told = hypotheses(hidden.world, "norms", sight="view")
    np.testing.assert_array_equal(told.visible(hidden.state)[0], np.eye(3, dtype=bool))  # type: ignore[attr-defined]
    shown = begun(catches="summary", num_agents=3, newcomer_round=2)
    told = hypotheses(shown.world, "norms", sight="view")
    seen = told.visible(shown.state)[0]  # type: ignore[attr-defined]
    assert seen.tolist() == [[True] * 3, [True] * 3, [False] * 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fractions": (0.5, 0.5)}, "fractions is"),
        ({"fractions": (1.5,)}, "fractions is"),
        ({"fixed": (1, 1)}, "fixed is"),
        ({"fixed": (-1,)}, "fixed is"),
        ({"fixed": (1.5,)}, "fixed is"),
        ({"spread": 0.0}, "spread is 0.0"),
        ({"sight": "dim"}, "sight is 'dim'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message):
        hypotheses(build("fishery"), "norms", **options)


def test_other_worlds_are_refused():
    with pytest.raises(ConfigError, match="not about 'clean_up'"):
        DemandNorms(build("clean_up"))
