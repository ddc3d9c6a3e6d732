"""The plan of the commons experiment: what is trained, from whom, and where it is tested."""

from dataclasses import replace
from pathlib import Path

import pytest

from prosocial.agents.partners import make_partner
from prosocial.agents.training.ownership import flat
from prosocial.analysis.commons.manifest import CONDITIONS, FORKS
from prosocial.envs.engine import build
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.commons import plan as experiment
from prosocial.runs.experiments.commons.budgets import PRESETS, WORLDS, Budget, preset
from prosocial.runs.experiments.commons.lives import COMMONS
from prosocial.runs.experiments.commons.transfer import TESTS, TransferTask

ROOT = Path("/out")
SMALL = Budget(seeds=2, steps=1000)


@pytest.fixture(scope="module")
def jobs():
    return experiment.plan(ROOT, WORLDS, (1, 2), SMALL)


def test_every_seed_is_socialized_once_in_each_world_and_all_conditions_are_there(jobs):
    trained = [job.record for job in jobs if job.record.kind == "train"]
    assert len(trained) == len(WORLDS) * 2 * len(CONDITIONS)
    assert len({record.name for record in trained}) == len(trained)
    for record in trained:
        expected = f"{record.world}/social/seed-{record.seed}"
        assert record.parent == (expected if record.condition in FORKS else None)


def test_parents_come_before_children_and_tests_last(jobs):
    seen = set()
    for job in jobs:
        assert set(job.needs) <= seen
        seen.add(job.name)
    transfers = [job for job in jobs if job.record.kind == "transfer"]
    assert all(len(job.needs) == 4 for job in transfers)


def test_conditions_differ_in_who_rewards_and_nothing_else(jobs):
    configs = {
        job.record.condition: job.task.config
        for job in jobs
        if job.record.world == "harvest" and job.record.seed == 1 and job.record.condition
    }
    base = flat(configs["none"].to_dict())
    changed = {
        condition: {k for k, v in flat(configs[condition].to_dict()).items() if base.get(k) != v}
        for condition in ("isr", "isr_additive", "caregiver")
    }
    assert changed["isr"] == {
        "condition", "phases.autonomy.internal_reward", "phases.autonomy.fit_isr",
    }  # fmt: skip
    assert changed["isr_additive"] == {*changed["isr"], "isr.rule"}
    assert changed["caregiver"] == {"condition", "phases.autonomy.caregiver"}
    absent = {"schedule": "never"}
    assert [p.caregiver for p in configs["selfish"].phases] == [absent, absent]
    assert [p.collect for p in configs["social"].phases] == [True]
    assert sum(p.steps for p in configs["selfish"].phases) == 2000


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", ["quick", "paper", "smoke"])
def test_every_life_and_test_can_be_built(world, name):
    budget = replace(preset(name), seeds=1)
    for job in experiment.plan(ROOT, [world], (1,), budget):
        if isinstance(job.task, TransferTask):
            for test_name, test in TESTS[world].items():
                scenario = test.scenario(test_name, world, budget)
                trained = build(COMMONS[world].world, **COMMONS[world].options(budget))
                assert scenario.build().observation_shape == trained.observation_shape
                assert scenario.build().observation_codes <= trained.observation_codes
                scenario.populate(make_partner("random"))
        else:
            job.task.config.check_worlds()


def test_the_manifest_tells_the_bounds_of_the_maps(jobs):
    manifest = experiment.manifest(jobs, "small", WORLDS, SMALL, ["prosocial"])
    # Derived: four diamonds at .2 and two triangles at .055 apples per step.
    assert manifest.bounds["harvest"] == (64.0, pytest.approx(0.91, abs=0.002))
    assert set(manifest.bounds) == {"harvest", "harvest/closed", "harvest/partnership"}
    assert manifest.worlds == WORLDS


@pytest.mark.parametrize(
    ("worlds", "seeds", "message"),
    [
        (["harvests"], (1,), "Did you mean 'harvest'"),
        (["harvest"], (), "at least one"),
        (["harvest"], (1, 1), "different numbers"),
        (["harvest"], (-1,), ">= 0"),
    ],
)
def test_wrong_plans_are_refused(worlds, seeds, message):
    with pytest.raises(ConfigError, match=message):
        experiment.plan(ROOT, worlds, seeds, SMALL)


def test_without_seeds_each_world_has_those_of_the_budget():
    jobs = experiment.plan(ROOT, WORLDS, None, Budget())
    seeds = {w: {j.record.seed for j in jobs if j.record.world == w} for w in WORLDS}
    assert seeds["harvest"] == seeds["fishery"] == set(range(1234, 1244))
    assert seeds["clean_up"] == set(range(1234, 1237))
    manifest = experiment.manifest(jobs, "paper", WORLDS, Budget(), ["prosocial"])
    assert manifest.seeds == tuple(range(1234, 1244))


def test_presets():
    assert PRESETS["paper"] == Budget()
    assert not PRESETS["smoke"].claims
    with pytest.raises(ConfigError, match="Did you mean 'quick'"):
        preset("quik")
    with pytest.raises(ConfigError, match="above 0"):
        Budget().scaled(0)
