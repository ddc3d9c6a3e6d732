"""`prosocial figures` of run folders, and the tables that it makes for itself."""

import shutil
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_commons_run,
    write_run,
)

from prosocial.agents.internal_reward.audit import audit
from prosocial.agents.partners import Population, make_partner
from prosocial.agents.scenarios import play_episodes
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.internalization import Internalization
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.run_folder import read_checkpoint, read_config
from prosocial.analysis.figures.runs import find_runs
from prosocial.envs.engine import Batch, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import cli, figures
from prosocial.runs.figure_tables import Game, _pairs, write_confusion, write_schelling


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    for condition in ("none", "isr"):
        for seed in (0, 1):
            life = Life(condition, seed, iterations=6, worlds={"x": {"layout": "x"}})
            write_run(root / condition / f"seed-{seed}", life)
    write_run(root / "isr" / "seed-2", Life("isr", 2, 6, done=2, state="failed"))
    return root


def printed_names(capsys):
    return [Path(line).name for line in capsys.readouterr().out.split()]


def test_patterns_kinds_and_groups(study, tmp_path, capsys):
    command = [f"{study}/*/seed-*", "--only", "retention,learning", "--output", str(tmp_path)]
    assert figures.main([*command, "--by", "phases.autonomy.fit_isr", "--smooth", "0.5"]) == 0
    out, err = capsys.readouterr()
    assert [Path(line).name for line in out.split()] == [
        f"{kind}{end}" for kind in ("learning", "retention")
        for end in (".pdf", ".png", "_double.pdf", "_double.png", ".caption.txt")
    ]  # fmt: skip
    assert f"not finished, drawn as far as it is: {study}/isr/seed-2" in err
    text = " ".join((tmp_path / "learning.caption.txt").read_text().split())
    assert "fit isr offline 3" in text
    assert "grouped by phases.autonomy.fit_isr" in text
    assert "seed-2 (failed)" in text


def test_a_kind_that_does_not_apply_is_left_out_with_a_line(study, capsys):
    assert (
        figures.main([str(study / "none"), "--only", "hacking,learning", "--width", "single"]) == 0
    )
    out, err = capsys.readouterr()
    assert "left out hacking: no run has earned an internal reward" in err
    assert str(study / "none" / "figures" / "learning.png") in out
    assert "_double" not in out


def test_a_folder_of_figures_lies_where_the_runs_lie(study, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(study)
    single = ["--only", "learning", "--width", "single"]
    for runs, where in (
        (["isr/seed-0"], "isr/seed-0/figures"),
        (["isr/seed-0", "isr/seed-1"], "isr/figures"),
        (["*/seed-0"], "figures"),
    ):
        figures.main([*runs, *single])
        assert capsys.readouterr().out.startswith(f"{where}/learning.pdf")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give RUN folders or patterns, or --schelling WORLD"),
        (["STUDY", "--only", "learn"], "There is no kind of figure 'learn'. Did you mean"),
        (["STUDY", "--only", ","], "--only names nothing"),
        (["STUDY", "--by", "ppo.gama"], "'ppo.gama'. Did you mean 'ppo.gamma'?"),
        (["STUDY", "--by", "world"], "two runs of seed 0"),
        (["STUDY/nix*"], "matches nothing"),
        (["STUDY", "max_steps=3"], "'max_steps=3' is an option of a world"),
        (["STUDY", "--smooth", "1.5"], "smoothing is 1.5; expected"),
        (["STUDY", "--measure", "gols_per_episode"], "Did you mean 'goals_per_episode'"),
        (["STUDY", "--tables", "x"], "--tables copies those of an experiment"),
        (["STUDY", "--cooperator", "idle"], "go with --schelling"),
        (["--schelling", "fisheri"], "Did you mean 'fishery'"),
        (["--schelling", "caregiver_grid"], "has one agent"),
        (["--schelling", "doors"], "There is no usual cooperator in 'doors'"),
        (["--schelling", "fishery", "--defector", "free_rider"], "acts in clean_up, not in"),
        (["--schelling", "fishery", "--episodes", "0"], "at least 1 episode"),
    ],
)
def test_bad_input_says_what_to_do(study, tmp_path, arguments, message):
    given = [argument.replace("STUDY", str(study)) for argument in arguments]
    with pytest.raises(ConfigError) as caught:
        figures.main([*given, "--output", str(tmp_path)])
    assert message in str(caught.value)


def test_runs_of_different_worlds_do_not_fit_together(study, tmp_path):
    run = write_commons_run(tmp_path / "commons", Life("selfish", 0, 2))
    with pytest.raises(ConfigError, match="do not fit together"):
        figures.main([str(study), str(run), "--output", str(tmp_path / "out")])


def test_help_lists_the_kinds(capsys):
    with pytest.raises(SystemExit):
        figures.main(["--help"])
    assert "hacking         internal against true return" in capsys.readouterr().out


def test_internal_rewards_are_audited_by_cell(run, tmp_path, capsys):
    command = ["figures", str(run), "--only", "confusion", "--layouts", "x", "--output"]
    assert cli.main([*command, str(tmp_path)]) == 0
    assert "confusion.png" in printed_names(capsys)
    table = pl.read_parquet(tmp_path / "tables" / "confusion.parquet")
    assert (table["row"].n_unique(), table["column"].n_unique()) == (7, 7)
    assert table.filter(pl.col("kind") == "wall").height == 24 + 5
    config = read_config(run)
    world = build("caregiver_grid", **{**config.world_config, "layout": "x", "num_walls": 0})
    internalization = Internalization(config.isr, world)
    internalization.load(read_checkpoint(run).tensors, config.seed)
    assert internalization.model is not None
    whole = audit(internalization.model, world)
    assert table["false_positives"].sum() == whole.false_positives
    assert table["false_negatives"].sum() == whole.false_negatives
    assert table["approved"].sum() == whole.true_positives + whole.false_negatives
    assert table["unapproved"].sum() == whole.true_negatives + whole.false_positives


def test_without_torch_the_other_kinds_are_drawn(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "prosocial.runs.figure_tables", None)
    command = [str(study / "isr"), "--width", "single", "--output", str(tmp_path)]
    assert figures.main(command) == 0
    out, err = capsys.readouterr()
    assert "learning.pdf" in out
    assert "not audited: internal rewards: the package" in err
    with pytest.raises(ModuleNotFoundError):
        figures.main([*command, "--only", "confusion"])


def test_runs_without_an_internal_reward_are_not_audited(study, run, tmp_path):
    reasons = write_confusion(find_runs([study / "none"]), tmp_path, None)
    assert len(reasons) == 2
    assert "checkpoint" in reasons[0]
    assert not (tmp_path / "confusion.parquet").exists()
    commons = write_commons_run(tmp_path / "commons", Life("selfish", 0, 2))
    assert "only caregiver_grid" in write_confusion(find_runs([commons]), tmp_path, None)[0]
    with pytest.raises(ConfigError, match="no layout 'y' to audit; expected some of plus"):
        write_confusion(find_runs([run]), tmp_path, ["y"])


def test_populations_are_played_once_and_drawn(tmp_path, capsys):
    command = ["--schelling", "fishery", "max_rounds=4", "--episodes", "3", "--output"]
    figures.main([*command, str(tmp_path)])
    out, err = capsys.readouterr()
    assert "schelling-fishery_double.pdf" in out
    assert "fishery: 5 of 5 cooperate, 3 episodes" in err
    path = tmp_path / "tables" / "schelling-fishery.parquet"
    table, before = pl.read_parquet(path), path.stat().st_mtime_ns
    assert table.columns == [
        "world", "cooperator", "defector", "agents", "unit",
        "episode", "role", "others", "payoff",
    ]  # fmt: skip
    counts = table.group_by("role", "others").len().sort("role", "others")
    assert counts.rows() == [(r, k, 3) for r in ("cooperator", "defector") for k in range(5)]
    # Five take a tenth of the stock of 100 each, again and again.
    together = table.filter((pl.col("role") == "cooperator") & (pl.col("others") == 4))
    assert together["payoff"].to_list() == [40.0] * 3
    figures.main([*command, str(tmp_path)])
    assert "is not played again" in capsys.readouterr().err
    assert path.stat().st_mtime_ns == before
    figures.main([*command, str(tmp_path), "--seed", "1"])
    assert "5 of 5 cooperate" in capsys.readouterr().err


def test_cooperators_take_turns_in_the_slots(tmp_path):
    options = {"max_steps": 60, "min_steps": 60, "num_agents": 2}
    game = Game("commons_harvest", "greedy_harvester", "idle", 2, 0, options)
    table = pl.read_parquet(write_schelling(game, tmp_path, lambda _: None))
    alone = table.filter((pl.col("role") == "cooperator") & (pl.col("others") == 0))
    world = build("commons_harvest", **options)
    for episode, slot in ((0, 0), (1, 1)):
        partners = [make_partner("idle"), make_partner("idle")]
        partners[slot] = make_partner("greedy_harvester")
        rows = play_episodes(Batch(world, 1, seed=0, first=episode), Population(partners), 0)
        payoff = alone.filter(pl.col("episode") == episode)["payoff"].to_list()
        assert payoff == [float(np.asarray(rows["env_return"])[slot])]
        assert payoff[0] > 0  # the other slot earns nothing


def test_trained_policies_play_in_pairs(run, tmp_path):
    with pytest.raises(ConfigError, match="The policy sees"):
        write_schelling(Game("fishery", str(run), None, 1), tmp_path, lambda _: None)
    for seed in (0, 1):
        config = TrainConfig(
            condition="mild", seed=seed, world="fishery", evaluation=EvaluationConfig(worlds={}),
            ppo=PPOConfig(num_worlds=2, rollout_steps=24, minibatch_size=24, num_epochs=1),
            policy=PolicyConfig(network="cell_embedding"), phases=(PhaseConfig("all", steps=24),),
        )  # fmt: skip
        LifeCourse(config, tmp_path / f"run-{seed}").run(lambda _: None)
    game = Game("fishery", f"{tmp_path}/run-*", "greedy_demand", 1, options={"max_rounds": 2})
    table = pl.read_parquet(write_schelling(game, tmp_path, lambda _: None))
    assert table["unit"].unique().sort().to_list() == [0, 1]
    assert table["cooperator"].unique().to_list() == ["mild"]
    for number in (2, 3, 4):
        shutil.copytree(tmp_path / "run-0", tmp_path / "more" / f"run-{number}")
    with pytest.raises(ConfigError, match="2 runs of cooperators and 3 of defectors"):
        _pairs(Game("fishery", f"{tmp_path}/run-*", str(tmp_path / "more")))
