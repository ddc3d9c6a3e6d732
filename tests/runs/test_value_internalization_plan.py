"""The plan of the experiment: sharing, budgets and faithful configurations."""

from dataclasses import replace
from pathlib import Path

import pytest

from prosocial.analysis.value_internalization.published import LAYOUTS
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.budgets import PRESETS, ROLLOUT_STEPS, Budget, preset
from prosocial.runs.experiments.tasks import FitTask, TrainTask
from prosocial.runs.experiments.value_internalization import (
    FIGURES,
    default_seeds,
    manifest,
    plan,
)

ROOT = Path("somewhere")


def jobs_of(*figures, seeds=(1,), budget=None):
    return {job.name: job for job in plan(ROOT, figures, seeds, budget or Budget())}


def config_of(job):
    assert isinstance(job.task, TrainTask)
    return job.task.config


def test_headline_shares_the_socialization_of_each_seed():
    jobs = jobs_of("4a", seeds=(1, 2))
    conditions = ("social", "none", "isr", "oracle", "frozen")
    assert set(jobs) == {
        *(f"train3/{condition}/seed-{seed}" for condition in conditions for seed in (1, 2)),
        "levels",
    }
    for condition in conditions[1:]:
        job = jobs[f"train3/{condition}/seed-2"]
        assert job.needs == ("train3/social/seed-2",)
        assert config_of(job).parent == str(ROOT.resolve() / "train3/social/seed-2")


def test_a_run_that_several_figures_need_is_planned_once():
    jobs = jobs_of(*FIGURES)
    assert jobs["train3/none/seed-1"].record.figures == ("1b", "4a")
    assert jobs["train3/social/seed-1"].record.figures == ("1b", "3a", "3b", "4a")
    assert jobs["train1/social/seed-1"].record.figures == ("4b", "5", "6")
    assert jobs["x/isr/seed-1"].record.figures == ("5", "6")
    assert jobs["levels"].record.figures == ("1b", "4a", "7")


def test_parents_come_before_their_children():
    seen = set()
    for name, job in jobs_of(*FIGURES, seeds=(1, 2)).items():
        assert set(job.needs) <= seen
        seen.add(name)


def test_conditions_differ_in_phase_two_as_in_the_paper():
    jobs = jobs_of("4a")
    phase = {
        name: config_of(jobs[f"train3/{name}/seed-1"]).phases[0]
        for name in ("none", "isr", "oracle", "frozen")
    }
    assert phase["none"].caregiver == phase["isr"].caregiver == {"schedule": "never"}
    assert phase["oracle"].caregiver == {}
    assert (phase["isr"].internal_reward, phase["isr"].fit_isr) == (True, "offline")
    assert not phase["none"].internal_reward
    assert [phase[name].learn for name in ("none", "isr", "oracle", "frozen")] == [True] * 3 + [
        False
    ]


def test_the_papers_numbers():
    budget = preset("paper")
    assert budget == Budget()
    jobs = jobs_of(*FIGURES, budget=budget)
    isr = config_of(jobs["train3/isr/seed-1"])
    assert isr.ppo.learning_rate == 1e-4
    assert (isr.ppo.num_epochs, isr.ppo.minibatch_size, isr.ppo.rollout_steps) == (10, 64, 2048)
    assert (isr.isr.batch_size, isr.isr.learning_rate, isr.isr.rule) == (1, 3e-4, "additive")
    assert isr.isr.train_fraction == 0.9
    layout = config_of(jobs["x/isr/seed-1"])
    assert (layout.isr.rule, layout.phases[0].steps) == ("threshold", 240_000)
    helping = config_of(jobs["helping/isr/seed-1"])
    assert (helping.isr.rule, helping.isr.train_fraction) == ("only", 1.0)
    assert (helping.isr.batch_size, helping.isr.epochs) == (10, 10)
    assert not helping.policy.scale_observations
    fits = jobs["train3/fits/seed-1"].task
    assert isinstance(fits, FitTask)
    # 90 % of the steps rounded up to whole rollouts, as published.
    samples = [int(0.9 * fit.transitions) for fit in fits.fits]
    assert samples[:6] == [9216, 18432, 27648, 36864, 73728, 108748]
    assert fits.fits[0].config.learning_rate == 3e-5


def test_generalization_runs_live_and_are_evaluated_in_held_out_worlds():
    jobs = jobs_of("4b", "5")
    for world in ("ood5", *LAYOUTS):
        for condition in ("isr", "oracle"):
            config = config_of(jobs[f"{world}/{condition}/seed-1"])
            assert list(config.evaluation.worlds) == [world]
            assert config.evaluation_world(world)["layout"] == config.world_config.get(
                "layout", "random"
            )
    frozen = config_of(jobs["train1/frozen-240k/seed-1"])
    assert frozen.world_config == {"num_walls": 1}
    assert frozen.phases[0].caregiver == {}  # it goes on with its caregiver, as in the paper
    assert frozen.evaluation_world("u")["layout"] == "u"
    assert frozen.evaluation_world("ood5")["num_walls"] == 5


def test_frozen_is_shared_when_phases_are_equally_long():
    jobs = jobs_of("4b", "5", budget=replace(Budget(), layouts=120_000))
    assert jobs["train1/frozen-120k/seed-1"].record.figures == ("4b", "5")


def test_hacking_runs_remember_the_beginning_only():
    jobs = jobs_of("6")
    parent = config_of(jobs["train1/social-10k/seed-1"])
    assert [(p.steps, p.collect) for p in parent.phases] == [(10_000, True), (110_000, False)]
    for rule in ("threshold", "additive"):
        record = jobs[f"x/isr-10k-{rule}/seed-1"].record
        assert (record.isr_steps, record.rule, record.parent) == (
            10_000, rule, "train1/social-10k/seed-1",
        )  # fmt: skip
    assert "x/isr-40k-additive/seed-1" not in jobs


def test_the_goal_step_is_charged_on_demand_and_in_the_isr_condition_only():
    jobs = jobs_of("4a", "4b", "5", budget=replace(Budget(), goal_step_cost=True))
    charged = {
        name
        for name, job in jobs.items()
        if isinstance(job.task, TrainTask) and job.task.config.phases[0].world
    }
    assert charged == {"train3/isr/seed-1", "ood5/isr/seed-1"}


def test_every_configuration_builds_its_worlds():
    for job in jobs_of(*FIGURES).values():
        if isinstance(job.task, TrainTask):
            job.task.config.check_worlds()


def test_scaled_budgets_keep_whole_iterations_and_claim_nothing():
    small = Budget().scaled(0.02)
    assert small.socialization == 2400
    assert small.autonomy == 2400
    assert min(small.fit_steps) == ROLLOUT_STEPS
    assert not small.claims
    assert Budget().scaled(2.0).claims
    assert PRESETS["smoke"].claims is False


def test_departures_name_every_number_that_differs():
    assert Budget().departures() == ()
    quick = PRESETS["quick"].departures()
    assert "autonomy: 60,000 instead of 120,000" in quick
    made = manifest((), "quick", ("4a", "1b"), (1,), PRESETS["quick"], ["prosocial", "a b"])
    assert set(quick) < set(made.departures)
    assert made.figures == ("1b", "4a")
    assert made.command == "prosocial 'a b'"


def test_default_seeds_are_the_papers():
    assert default_seeds(3) == (1234, 1235, 1236)


@pytest.mark.parametrize(
    ("figures", "seeds", "message"),
    [
        (("4c",), (1,), "There is no figure '4c'"),
        (("4a",), (), "at least one"),
        (("4a",), (1, 1), "different numbers"),
        (("4a",), (-1,), ">= 0"),
    ],
)
def test_impossible_plans_are_refused(figures, seeds, message):
    with pytest.raises(ConfigError, match=message):
        plan(ROOT, figures, seeds, Budget())


def test_unknown_presets_and_scales_are_refused():
    with pytest.raises(ConfigError, match="Did you mean 'quick'"):
        preset("qick")
    with pytest.raises(ConfigError, match="above 0"):
        Budget().scaled(0.0)
