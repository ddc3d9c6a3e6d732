"""commons_harvest as a whole: invariants, symmetry, bytes, presets, documents."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, build
from prosocial.envs.worlds.avatars import AvatarConfig, Cell
from prosocial.envs.worlds.avatars.codes import BODY
from prosocial.envs.worlds.commons_harvest import LAYOUTS, PRESETS, CommonsHarvestConfig, rules
from prosocial.envs.worlds.commons_harvest.layouts import SYMBOLS

CROWDED = """
    ########
    #PAAaPP#
    #PAPPaP#
    #PAQaPP#
    #PPPPPP#
    ########
"""


def check(batch):
    """Asserts what holds after every step of every world."""
    state, params = batch.state, batch.world.params[0]
    sites, neighbours = params["sites"], params["neighbours"]
    for world in state:
        present = world["away"] == 0
        here = world["position"][present]
        assert len(set(here.tolist())) == here.size  # agents never share a cell
        assert (world["ground"][here] != Cell.WALL).all()
        codes = BODY + 4 * np.flatnonzero(present) + world["heading"][present]
        assert (world["cells"][here] == codes).all()
        assert (world["cells"] >= BODY).sum() == here.size
        live = world["ground"] == Cell.APPLE
        assert live.sum() == world["stock"]
        assert np.isin(np.flatnonzero(live), sites).all()
        near = live[sites[:, None] + neighbours].sum(axis=1)
        assert (world["live_near"][:-1] == near).all()
        free = (world["cells"] < BODY) & (world["cells"] != Cell.ZAP)
        assert (world["cells"][free] == world["ground"][free]).all()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**63),
    p=st.floats(0, 1),
    away=st.integers(1, 6),
    effect=st.sampled_from(["stay", "remove", "teleport"]),
    under=st.booleans(),
    lag=st.booleans(),
)
def test_agents_never_share_a_cell_and_apples_are_conserved(seed, p, away, effect, under, lag):
    world = build(
        "commons_harvest", layout=CROWDED, num_agents=12, regrowth=(p / 2, p), away_steps=away,
        hit_effect=effect, regrow_under_agents=under, regrowth_lag=lag,
    )  # fmt: skip
    batch = Batch(world, 2, seed=seed)
    batch.reset()
    check(batch)
    rng = np.random.default_rng(seed)
    for _ in range(25):
        before = batch.state.copy()
        batch.step(rng.integers(0, 8, (2, 12)))
        check(batch)
        ate = batch.events["ate"]
        assert (batch.rewards == ate).all()
        grown = batch.state["stock"] - before["stock"] + ate.sum(axis=1)
        assert (grown >= 0).all()
        assert (batch.state["harvest"] - before["harvest"] == ate).all()
        gone = before["away"] > 0
        assert (batch.events["away"] == gone).all()
        assert not (batch.events["zap"] | batch.events["bump"] | ate | batch.events["zapped"])[
            gone
        ].any()
        assert (batch.events["hit"].sum(axis=1) == batch.events["zapped"].sum(axis=1)).all()


def test_no_agent_has_an_advantage_by_its_index():
    """With all agents alike and spawn cells alike, harvests and hits do not depend on the index."""
    layout = CROWDED.replace("Q", "P")
    batch = Batch(build("commons_harvest", layout=layout, num_agents=12, regrowth=(0.1,)), 400)
    batch.reset()
    rng = np.random.default_rng(0)
    totals = {name: np.zeros((400, 12)) for name in ("ate", "zapped", "hit", "bump", "spared")}
    for _ in range(100):
        batch.step(rng.integers(0, 8, (400, 12)))
        for name, total in totals.items():
            total += batch.events[name]
    for name, total in totals.items():
        mean, error = total.mean(axis=0), total.std(axis=0, ddof=1) / np.sqrt(400)
        others = (mean.sum() - mean) / 11
        assert (np.abs(mean - others) < 4.5 * error * np.sqrt(12 / 11)).all(), name


def test_golden_trajectory(replay):
    """Recorded by tests/golden/record.py; a difference means that VERSION must go up."""
    seen = replay(build("commons_harvest"))
    for name in ("ate", "spared", "zap", "hit", "bump", "away"):
        assert seen.events[name].any(), name


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_run_and_agents_do_what_the_source_says(preset):
    batch = Batch(build("commons_harvest", preset=preset), 4, seed=6)
    batch.reset()
    rng = np.random.default_rng(2)
    shape = (4, batch.num_agents)
    least = 0.0
    for _ in range(120):
        batch.step(rng.integers(0, 8, shape))
        least = min(least, float(batch.rewards.min()))
    check(batch)
    assert (least < -40) == (preset in ("hughes", "ssd"))
    ended = batch.state["t"] == 120
    assert ended.all()
    batch.state["t"] = 999
    batch.step(np.zeros(shape, int))
    assert batch.done.all() == (preset != "meltingpot")


def test_a_preset_gives_way_to_what_is_set_and_depends_on_melting_pots_layouts():
    config = CommonsHarvestConfig(preset="ssd", num_agents=3, hit_fine=0)
    assert (config.num_agents, config.hit_fine, config.zap_cost) == (3, 0, 1.0)
    walled = CommonsHarvestConfig(layout="partnership")
    assert (walled.away_steps, walled.zap_length, walled.zap_cooldown) == (100, 4, 1)
    assert walled.regrowth == (0.0, 0.001, 0.005, 0.025)
    assert CommonsHarvestConfig(preset="ssd", layout="closed").away_steps == 4
    assert CommonsHarvestConfig.from_mapping({"regrowth": [0, 0.5]}).regrowth == (0, 0.5)
    assert config.replace(zap_cost=2.0) == CommonsHarvestConfig(
        preset="ssd", num_agents=3, hit_fine=0, zap_cost=2.0
    )


README = Path(rules.__file__).with_name("README.md").read_text()


def test_readme_and_docstring_state_the_defaults():
    defaults = CommonsHarvestConfig()
    stated = dict(re.findall(r'`(\w+)` = "?([\w.]*\w)', README))
    assert len(stated) > 12
    for field, value in stated.items():
        default = getattr(defaults, field)
        assert (float(value) if isinstance(default, float) else value) in (default, str(default))
    documented = re.findall(r"^        (\w+): ", CommonsHarvestConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(CommonsHarvestConfig.__dataclass_fields__)
    shared = re.findall(r"^        (\w+): ", AvatarConfig.__doc__ or "", re.MULTILINE)
    assert shared == list(AvatarConfig.__dataclass_fields__)
    assert set(re.findall(r"`(\S)` \w", README)) >= set(SYMBOLS)
    assert set(LAYOUTS) <= set(re.findall(r'`"?(\w+)"?`', README))
    world = build("commons_harvest")
    section = README.split("## Events")[1].split("##")[0]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))
    for action in world.actions:
        assert f"{action.value} `{action.name}`" in README
    assert f"uint8 {world.observation_shape}" in README


def test_readme_states_the_presets():
    lines = README.split("## Presets")[1].split("##")[0].strip().split("\n")
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    rows = [[cell.strip(" *") for cell in row] for row in table]
    names = [name.strip('`"') for name in rows[0][1:]]
    assert names == list(PRESETS)
    fields = set()
    for field, *cells in rows[2:]:
        fields.add(field.strip("`"))
        for preset, cell in zip(names, cells, strict=True):
            for part, layout in zip(cell.split("; walled: "), ("open", "closed"), strict=False):
                value = getattr(
                    CommonsHarvestConfig(preset=preset, layout=layout), field.strip("`")
                )
                if isinstance(value, tuple):
                    assert tuple(float(p) for p in part.split(",")) == value
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    assert float(part) == value
                else:
                    assert part == str(value)
    assert fields == {field for values in PRESETS.values() for field in values} - {"end_interval"}
