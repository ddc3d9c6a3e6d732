"""`prosocial reproduce imagined-we`, once, small and for real; its checks on made-up tables."""

import json

import numpy as np
import polars as pl
import pytest

from prosocial.analysis.imagined_we import checks, figures, measures, records
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures as figures_command
from prosocial.runs import reproduce
from prosocial.runs.experiments.imagined_we import budgets, plan

WORDS = ("rsa", "literal")  # models that know of information only


def run(folder, *options) -> int:
    fixed = ("--output", str(folder), "--preset", "smoke", "--jobs", "1")
    return reproduce.main(["imagined-we", *fixed, *options])


@pytest.mark.slow
def test_a_small_experiment_from_the_tasks_to_the_page(tmp_path, capsys):
    folder, kept = tmp_path / "out", tmp_path / "kept"
    assert run(folder) == 0
    printed, progress = capsys.readouterr()
    assert "8 of 8 runs" in progress
    assert "none was run: this budget is too small for any claim" in printed
    assert "| Imagined We " in printed
    assert str(folder / "report" / "README.md") in printed
    table = pl.read_parquet(
        folder / "signalling" / "ambiguity-33" / "seed-1234" / "signalling.parquet"
    )
    assert set(table["model"]) == set(measures.MODELS)
    assert run(folder) == 0
    assert "8 of them finished" in capsys.readouterr().err

    again, third = tmp_path / "again", tmp_path / "third"
    assert figures_command.main([str(folder), "--output", str(again), "--tables", str(kept)]) == 0
    assert figures_command.main([str(kept), "--output", str(third)]) == 0
    for name in ("signalling", "joint_intention", "boxes"):
        assert (again / f"{name}.csv").read_text() == (third / f"{name}.csv").read_text()
    assert {path.stem for path in third.glob("*.png")} == set(
        ("ambiguity", "depth", "agreement", "rewards")
    )
    with pytest.raises(ConfigError, match="cannot be copied onto themselves"):
        records.copy_tables(folder, folder)
    with pytest.raises(ConfigError, match="holds preset 'smoke' and this is 'quick'"):
        reproduce.main(["imagined-we", "--output", str(folder), "--preset", "quick"])


def made_up(rises: bool = True, kept: float = 0.99) -> records.Experiment:
    """Returns an experiment in which everything holds, or nothing does."""
    jobs = plan.plan(plan.Path("nowhere"), (1, 2), budgets.preset("quick"))
    manifest = plan.manifest(jobs, "quick", (1, 2), budgets.preset("quick"), ["prosocial"])
    better = 1 if rises else -1
    signalling, agreed, paid = [], [], []
    for seed in (1, 2):
        for ambiguity in plan.AMBIGUITIES:
            for model in measures.MODELS:
                for depth in range(3 if model in ("imagined_we", "individual", "rsa") else 1):
                    ours = model == "imagined_we"
                    signalling.append({
                        "seed": seed, "ambiguity": ambiguity, "model": model, "depth": depth,
                        "accuracy": 0.5 + better * (0.2 * ours * ambiguity + 0.02 * depth),
                        "utility": 5.0 + better * (ours - ambiguity * (model in WORDS)),
                        "signalled": 0.5, "best": 7.0,
                        "silent_nearer": 0.5 + 0.49 * better if ours else None,
                        "silent_farther": 0.2 if ours else None,
                    })  # fmt: skip
        for goals in (1, 2, 4, 8):
            first = float(goals) ** -2
            for step in range(30):
                value = first if step == 0 else (0.99 if step > 4 and rises else 0.5)
                row = {"seed": seed, "goals": goals, "step": step + 1, "agreement": value}
                agreed += [
                    {**row, "partner": name} for name in ("imagined_we", "imagined_we_noisy")
                ]
            for partner in measures.PARTNERS:
                share = kept if partner.startswith("imagined") else 0.6
                paid.append(
                    {"seed": seed, "goals": goals, "partner": partner,
                     "reward": 20.0 * (share if goals == 8 else 1.0)}
                )  # fmt: skip
    game = {"boxes": 3, "rewards": 2, "tokens": 1, "depth": 0, "utility": 1.0}
    boxes = [
        {**game, "model": "imagined_we", "accuracy": 0.9, "marks_rewards": 0.05 if rises else 0.5},
        {**game, "model": "rsa", "accuracy": 0.3, "marks_rewards": None},
    ]
    frames = [pl.DataFrame(rows, infer_schema_length=None)
              for rows in (signalling, boxes, agreed, paid)]  # fmt: skip
    return records.Experiment(manifest, *frames, missing=())


def test_checks_hold_where_everything_is_as_published():
    verdicts = {check.number: check.status for check in checks.run_checks(made_up())}
    assert set(verdicts.values()) == {"held"}
    assert list(verdicts) == [number for number, _ in checks.CHECKS.criteria()]


def test_checks_are_missed_where_it_is_the_other_way_round():
    verdicts = {
        check.number: check.status for check in checks.run_checks(made_up(rises=False, kept=0.5))
    }
    # The pragmatic core is computed, and agreement begins at chance in both.
    assert {number for number, status in verdicts.items() if status == "held"} == {"P", "J1"}


def test_checks_say_what_is_not_measured():
    whole = made_up()
    empty = pl.DataFrame()
    bare = records.Experiment(whole.manifest, empty, empty, empty, empty, missing=("boxes",))
    verdicts = {check.number: check for check in checks.run_checks(bare)}
    assert {number for number, check in verdicts.items() if check.status != "not run"} == {"P"}
    assert verdicts["S1"].observed == "no signalling task is finished"
    for draw in (figures.figure_ambiguity, figures.figure_agreement, figures.figure_rewards):
        assert draw(bare, plan.Path("nowhere")) == []


def test_first_steps_are_counted_from_one():
    curve = np.array([0.1, 0.9, 0.8, 1.0])
    assert measures.first_step(curve, 0.9) == 2
    assert measures.first_step(curve, 0.95) == 4
    assert measures.first_step(curve[:3], 0.95) is None


def test_the_plan_names_every_run_once_and_refuses_faulty_seeds(tmp_path):
    jobs = plan.plan(tmp_path, None, budgets.preset("quick"))
    assert len({job.name for job in jobs}) == len(jobs) == 1 + 5 * (5 + 4)
    for seeds in ((), (1, 1), (-1,)):
        with pytest.raises(ConfigError, match="expected different numbers >= 0"):
            plan.plan(tmp_path, seeds, budgets.preset("quick"))
    with pytest.raises(ConfigError, match="no preset 'papers'"):
        budgets.preset("papers")
    with pytest.raises(ConfigError, match="scale of the steps is 0"):
        budgets.preset("quick").scaled(0.0)
    assert not budgets.preset("paper").scaled(0.5).claims


def test_another_experiments_folder_is_refused(tmp_path):
    (tmp_path / "experiment.json").write_text(json.dumps({"experiment": "other"}))
    with pytest.raises(ConfigError, match="belongs to experiment 'other'"):
        run(tmp_path)
