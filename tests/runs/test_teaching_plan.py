"""The plan of the teaching experiment: who is socialized by whom, and what waits for what."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from prosocial.agents.training.ownership import flat
from prosocial.analysis.teaching.manifest import CAREGIVERS, HACKERS, LEARNERS
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.teaching import plan as experiment
from prosocial.runs.experiments.teaching import tasks
from prosocial.runs.experiments.teaching.budgets import PRESETS, Budget, preset

ROOT = Path("/out")
SMALL = Budget(seeds=2, socialization=4096, autonomy=2048, hacking=2048, few=2048)


@pytest.fixture(scope="module")
def jobs():
    return experiment.plan(ROOT, (1, 2), SMALL)


@pytest.fixture(scope="module")
def configs(jobs):
    return {
        (job.record.caregiver, job.record.learner): job.task.config
        for job in jobs
        if job.record.kind == "train" and job.record.seed == 1
    }


def test_every_caregiver_meets_every_learner_in_every_seed(jobs):
    pairs = [(job.record.caregiver, job.record.learner, job.record.seed) for job in jobs]
    assert len(set(pairs)) == len(pairs)
    expected = {(c, n, s) for c in CAREGIVERS for n in LEARNERS for s in (1, 2)}
    expected |= {("hacking", n, s) for n in HACKERS for s in (1, 2)}
    expected |= {("constant", "social", s) for s in (1, 2)} | {("", "", s) for s in (1, 2)}
    assert set(pairs) == expected


def test_what_is_needed_comes_before(jobs):
    seen = set()
    for job in jobs:
        assert set(job.needs) <= seen
        seen.add(job.name)
    needs = {job.name: job.needs for job in jobs}
    assert needs["random/bayesian/seed-1"] == ("teaching/bayesian/seed-1",)
    assert needs["constant/none/seed-2"] == ("constant/social/seed-2",)
    assert len(needs["values/seed-1"]) == 1 + 2 * len(CAREGIVERS) + len(HACKERS)


def test_caregivers_differ_in_presence_and_nothing_else(configs):
    for learner in LEARNERS:
        taught, random = (flat(configs[c, learner].to_dict()) for c in ("teaching", "random"))
        changed = {k for k in {*taught, *random} if taught.get(k) != random.get(k)}
        assert {k.split(".caregiver")[0] for k in changed} == {"condition", "phases.socialization"}
    phases = {key: config.phases for key, config in configs.items()}
    assert phases["teaching", "none"][0].caregiver == {"teaching": {}}
    for (caregiver, learner), lived in phases.items():
        if learner != "social":
            assert lived[-1].caregiver == {"schedule": "never", "teaching": None}
            assert lived[-1].internal_reward == (learner != "none")
        if caregiver in ("teaching", "random"):
            assert lived[0].internal_reward == (learner != "none")


def test_an_internal_reward_of_little_experience_trains_on_the_first_steps_only(configs):
    assert configs["hacking", "regression"].isr.train_fraction == 0.5
    assert configs["hacking", "bayesian_blind"].isr.events == ("forward", "bump", "lava")
    assert configs["hacking", "bayesian"].world_config == {"layout": "x"}


@pytest.mark.parametrize("name", ["quick", "paper", "smoke"])
def test_every_life_can_be_built(name):
    for job in experiment.plan(ROOT, (1,), replace(preset(name), seeds=1)):
        if not isinstance(job.task, tasks.ValuesTask):
            job.task.config.check_worlds()


def test_the_control_is_present_as_often_as_its_teacher_praised(jobs, tmp_path, monkeypatch):
    table = pl.DataFrame(
        {"phase_index": [0, 0, 1], "goal": [3, 1, 9], "social_return": [0.8, 0.4, 0.0]}
    )
    monkeypatch.setattr("prosocial.agents.training.run_folder.read_table", lambda run, name: table)
    assert tasks.praised_share(tmp_path) == pytest.approx(0.75)
    task = next(j.task for j in jobs if j.name == "random/none/seed-1")
    assert isinstance(task, tasks.YokedTask)
    first, second = task.yoked().phases
    assert first.caregiver == {"schedule": "intermittent", "probability": 0.75}
    assert second == task.config.phases[1]


def test_noisy_feedback_errs_as_stated():
    true = np.zeros(200_000, np.float32)
    true[::2] = 0.4
    said = tasks.noisy(true, seed=1)
    assert np.array_equal(said, tasks.noisy(true, seed=1))
    assert not np.array_equal(said, tasks.noisy(true, seed=2))
    praised, silent = said[::2], said[1::2]
    assert np.mean(praised == 0) == pytest.approx(tasks.MISS, abs=0.01)
    assert np.mean(silent != 0) == pytest.approx(tasks.FALSE_ALARM, abs=0.002)
    assert praised[praised != 0].mean() == pytest.approx(0.4, abs=0.01)
    assert praised[praised != 0].std() == pytest.approx(tasks.NOISE_SD, abs=0.01)


@pytest.mark.parametrize(
    ("seeds", "message"), [((), "at least one"), ((1, 1), "different"), ((-1,), ">= 0")]
)
def test_wrong_seeds_are_refused(seeds, message):
    with pytest.raises(ConfigError, match=message):
        experiment.plan(ROOT, seeds, SMALL)


def test_presets():
    assert PRESETS["paper"] == Budget()
    assert not PRESETS["smoke"].claims
    assert not Budget().scaled(0.5).claims
    with pytest.raises(ConfigError, match="Did you mean 'quick'"):
        preset("quik")
    with pytest.raises(ConfigError, match="above 0"):
        Budget().scaled(0)
