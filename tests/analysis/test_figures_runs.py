"""Finding runs and grouping them."""

import polars as pl
import pytest
from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_commons_run,
    write_run,
    write_study,
)

from prosocial.agents.training.config import PPOConfig
from prosocial.analysis.figures.groups import KNOWN, differing, group_runs
from prosocial.analysis.figures.runs import UNSET, find_runs, flatten, lookup, read_run
from prosocial.envs.engine.errors import ConfigError

SHORT = {"iterations": 2, "worlds": {}}


def short(folder, condition="isr", seed=0, **options):
    return write_run(folder, Life(condition, seed, options=options, **SHORT))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    for condition in ("none", "isr"):
        for seed in (0, 2, 10):
            short(root / condition / f"seed-{seed}", condition, seed)
    return root


def names(runs, root):
    return [run.path.relative_to(root).as_posix() for run in runs]


def test_runs_are_found_by_folder_by_parent_and_by_pattern(study, tmp_path, monkeypatch):
    every = [f"{c}/seed-{s}" for c in ("isr", "none") for s in (0, 2, 10)]
    assert names(find_runs([study]), study) == every
    assert names(find_runs([study / "isr" / "seed-2"]), study) == ["isr/seed-2"]
    assert names(find_runs([f"{study}/*/seed-[02]"]), study) == [
        "isr/seed-0", "isr/seed-2", "none/seed-0", "none/seed-2"
    ]  # fmt: skip
    assert names(find_runs([f"{study}/n*"]), study) == every[3:]
    assert names(find_runs([f"{study}/**/seed-10"]), study) == ["isr/seed-10", "none/seed-10"]
    monkeypatch.chdir(study)
    assert len(find_runs(["isr", study / "isr", "./isr/seed-0"])) == 3  # each of them once


def test_what_is_no_run_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"does not exist, so it has no metrics\.parquet"):
        find_runs([tmp_path / "nothing"])
    with pytest.raises(ConfigError, match=r"empty has no metrics\.parquet, nor has a folder below"):
        find_runs([tmp_path / "empty"])
    with pytest.raises(ConfigError, match=r"nix\*' matches nothing; expected folders"):
        find_runs([f"{tmp_path}/nix*"])
    with pytest.raises(ConfigError, match=r"matches 1 paths, none of them with a run"):
        find_runs([f"{tmp_path}/e*"])


def test_damaged_files_are_named(tmp_path):
    run = short(tmp_path / "run")
    (run / "metrics.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ConfigError, match=r"Table .*metrics\.parquet cannot be read"):
        read_run(run).table("metrics")
    (run / "config.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read"):
        read_run(run)
    (run / "config.yaml").write_text("3")
    with pytest.raises(ConfigError, match="holds no configuration"):
        read_run(run)


def test_metrics_of_something_else_are_refused(tmp_path):
    run = short(tmp_path / "run")
    whole = pl.read_parquet(run / "metrics.parquet")
    whole.drop("phase_steps").write_parquet(run / "metrics.parquet")
    with pytest.raises(ConfigError, match="lacks the columns phase_steps; give the folder of a"):
        read_run(run).table("metrics")
    whole.clear().write_parquet(run / "metrics.parquet")
    with pytest.raises(ConfigError, match="has no rows yet"):
        read_run(run).table("metrics")
    whole.drop("episodes").write_parquet(run / "metrics.parquet")
    assert read_run(run).table("metrics")["episodes"].to_list() == [1] * whole.height


def test_a_run_without_configuration_is_told_by_its_folders(tmp_path):
    run = short(tmp_path / "mine" / "seed-7")
    (run / "config.yaml").unlink()
    (run / "status.json").unlink()
    found = read_run(run)
    assert (found.config, found.configured) == ({"condition": "mine", "seed": 7}, False)
    assert not found.unfinished
    assert found.caregiver_present("autonomy") is None


def test_states_tell_what_is_not_finished(tmp_path):
    assert not read_run(short(tmp_path / "a")).unfinished
    run = write_run(tmp_path / "b", Life(state="running", **SHORT))
    assert read_run(run).unfinished
    (run / "status.json").write_text("{")
    assert read_run(run).state == "unreadable"
    assert read_run(run).unfinished


def test_a_parent_is_found_where_the_study_was_moved(tmp_path):
    parent = short(tmp_path / "old" / "social" / "seed-0", "social")
    child = short(tmp_path / "old" / "none" / "seed-0", "none", parent=str(parent))
    assert read_run(child).parent() == parent
    (tmp_path / "old").rename(tmp_path / "new")
    moved = read_run(tmp_path / "new" / "none" / "seed-0").parent()
    assert moved is not None
    assert moved.resolve() == (tmp_path / "new" / "social" / "seed-0").resolve()
    assert read_run(tmp_path / "new" / "social" / "seed-0").parent() is None


def test_keys_are_looked_up_and_the_nearest_is_named(study):
    runs = find_runs([study])
    assert lookup(runs, "ppo.learning_rate") == [1e-4] * 6
    assert lookup(runs, "phases.autonomy.internal_reward") == [True] * 3 + [False] * 3
    assert lookup(runs, "run")[0].endswith("isr/seed-0")
    with pytest.raises(
        ConfigError, match=r"'ppo\.learning_rat'. Did you mean 'ppo\.learning_rate'"
    ):
        lookup(runs, "ppo.learning_rat")
    with pytest.raises(ConfigError, match=r"Did you mean 'ppo\.learning_rate'"):
        lookup(runs, "learning_rate")
    with pytest.raises(ConfigError, match=r"'qqq'. Keys at the top: caregiver, "):
        lookup(runs, "qqq")


def test_a_key_that_some_runs_lack_is_unset_there(tmp_path):
    one = short(tmp_path / "a", seed=1, world_config={"num_walls": 2})
    two = short(tmp_path / "b", seed=2)
    runs = find_runs([one, two])
    assert lookup(runs, "world_config.num_walls") == [2, UNSET]
    assert [g.label for g in group_runs(runs, ["world_config.num_walls"])] == [
        "num walls 2", "num walls unset"
    ]  # fmt: skip


def test_groups_hold_each_seed_once(study):
    groups = group_runs(find_runs([study]))
    assert [(g.label, [run.seed for run in g.runs]) for g in groups] == [
        ("ISR", [0, 2, 10]), ("none", [0, 2, 10])
    ]  # fmt: skip
    assert groups[0].look == KNOWN["isr"]
    with pytest.raises(ConfigError, match=r"two runs of seed 0.*they differ in phases\.autonomy"):
        group_runs(find_runs([study]), ["ppo.learning_rate"])


def test_without_keys_the_differing_ones_are_found(tmp_path):
    for rate in (1e-3, 1e-4):
        for seed in (0, 1):
            short(tmp_path / f"{rate:g}-{seed}", seed=seed, ppo=PPOConfig(learning_rate=rate))
    runs = find_runs([tmp_path])
    assert differing(runs) == ["ppo.learning_rate"]
    assert [g.label for g in group_runs(runs)] == ["learning rate 0.0001", "learning rate 0.001"]
    both = [g.label for g in group_runs(runs, ["condition", "ppo.learning_rate", "seed"])]
    assert both[0] == "learning rate 0.0001, seed 0"
    twin = short(tmp_path / "twin", seed=0)
    labels = [g.label for g in group_runs([*runs, read_run(twin)])]
    assert sorted(labels) == ["0.0001-0", "0.0001-1", "0.001-0", "0.001-1", "twin"]
    with pytest.raises(ConfigError, match="the same configuration; leave one out, or group by run"):
        group_runs([*runs, read_run(twin)], ["ppo.learning_rate"])


def test_worlds_are_not_mixed_unless_asked(tmp_path):
    runs = find_runs([
        short(tmp_path / "a", "none"), write_commons_run(tmp_path / "b", Life("selfish", 0, 2))
    ])  # fmt: skip
    with pytest.raises(ConfigError, match="worlds caregiver_grid, commons_harvest, whose measures"):
        group_runs(runs)
    assert [g.label for g in group_runs(runs, ["world"])] == ["caregiver grid", "commons harvest"]


def test_all_groups_look_different(tmp_path):
    for k in range(12):
        short(tmp_path / f"c{k:02}", f"c{k:02}")
    looks = [group.look for group in group_runs(find_runs([tmp_path]))]
    assert len({(look.color, str(look.line)) for look in looks}) == 12


def test_shared_beginnings_of_labels_are_left_out(tmp_path):
    for name in ("train3/isr", "train3/none"):
        short(tmp_path / name, name)
    assert [g.label for g in group_runs(find_runs([tmp_path]))] == ["ISR", "none"]


def test_configurations_are_flattened():
    assert flatten({"a": {"b": 1, "c": {}}, "d": [2]}) == {"a.b": 1, "a.c": {}, "d": [2]}


def test_the_builder_writes_what_training_reads(tmp_path):
    from prosocial.agents.training.run_folder import read_config, read_table

    (run,) = write_study(tmp_path, ("isr",), (3,))
    assert read_config(run).seed == 3
    assert {"phase", "env_steps", "goals_per_episode"} <= set(read_table(run, "metrics").columns)
