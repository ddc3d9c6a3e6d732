import math

import numpy as np
import polars as pl
import pytest
import ray

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.policies import build_policy, evaluate
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.internalization import below
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.losses import STATISTICS
from prosocial.agents.training.run_folder import read_checkpoint, read_experience, read_table
from prosocial.agents.training.world_setup import WorldSetup, derived_seed
from prosocial.envs.engine.errors import ConfigError

AWAY = {"schedule": "never"}
SOCIAL = PhaseConfig(name="socialization", steps=500, collect=True)
NONE = PhaseConfig(name="none", steps=300, caregiver=AWAY)
ISR = PhaseConfig(
    name="isr", steps=300, caregiver=AWAY, internal_reward=True, fit_isr="offline", learn=True
)


def make_config(*phases: PhaseConfig, **changes) -> TrainConfig:
    defaults = {
        "seed": 2,
        "ppo": PPOConfig(num_worlds=5, rollout_steps=150, minibatch_size=50, num_epochs=2),
        "isr": ISRConfig(max_updates=20),
        "evaluation": EvaluationConfig(episodes=6),
        "checkpoint_every": 2,
        "phases": phases,
    }
    return TrainConfig(**{**defaults, **changes})


def live(config: TrainConfig, folder, on_iteration=None):
    LifeCourse(config, folder).run(on_iteration)
    return read_checkpoint(folder)


def tables(folder) -> dict[str, pl.DataFrame]:
    names = ("metrics", "episodes", "evaluations")
    found = {name: read_table(folder, name) for name in names}
    found["metrics"] = found["metrics"].drop("seconds")
    return found


def assert_equal_lives(first, second):
    a, b = read_checkpoint(first), read_checkpoint(second)
    assert sorted(a.tensors) == sorted(b.tensors)
    assert [n for n, tensor in a.tensors.items() if not np.array_equal(tensor, b.tensors[n])] == []
    for name, table in tables(first).items():
        assert table.equals(tables(second)[name]), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A life of three phases in one piece."""
    folder = tmp_path_factory.mktemp("whole")
    config = make_config(SOCIAL, NONE, ISR)
    live(config, folder)
    return config, folder


def test_phases_are_lived_in_order_and_recorded(whole):
    folder = whole[1]
    metrics = read_table(folder, "metrics")
    assert metrics["phase"].to_list() == ["socialization"] * 4 + ["none"] * 2 + ["isr"] * 2
    assert metrics["phase_index"].to_list() == [0] * 4 + [1] * 2 + [2] * 2
    assert metrics["iteration"].to_list() == list(range(8))
    assert metrics["env_steps"].to_list() == list(range(150, 1201, 150))
    assert metrics["phase_steps"].to_list() == [150, 300, 450, 600, 150, 300, 150, 300]
    assert metrics.filter(pl.col("phase") == "none")["social_return"].to_list() == [0, 0]
    assert (metrics["internal_return"] != 0).to_list() == [False] * 6 + [True] * 2
    assert metrics["event_goal_per_episode"].equals(metrics["goals_per_episode"])
    assert not metrics.select(STATISTICS).sum_horizontal().is_nan().any()


def test_rows_of_episodes_and_metrics_agree(whole):
    folder = whole[1]
    episodes, metrics = read_table(folder, "episodes"), read_table(folder, "metrics")
    assert set(episodes["length"]) == {20}
    means = episodes.group_by("iteration", maintain_order=True).agg(
        pl.len(), pl.col("env_return", "social_return", "utility_return", "goal").mean()
    )
    assert means["len"].to_list() == metrics["episodes"].to_list()
    for ours, theirs in {"goal": "goals_per_episode", "env_return": "env_return"}.items():
        np.testing.assert_allclose(means[ours], metrics[theirs], rtol=1e-12)
    terms = ("env_return", "social_return", "internal_return")
    total = episodes.select(terms).sum_horizontal()
    np.testing.assert_allclose(episodes["utility_return"], total, atol=1e-5)
    social = episodes.filter(pl.col("phase") == "socialization")
    np.testing.assert_allclose(social["social_return"], 0.4 * social["goal"], rtol=1e-6)
    assert social["goal"].sum() > 0


def test_the_policy_is_evaluated_under_the_true_reward_at_the_end_of_each_phase(whole):
    folder = whole[1]
    rows = read_table(folder, "evaluations")
    assert rows.group_by("phase", maintain_order=True).len()["len"].to_list() == [6, 6, 6]
    assert rows["env_steps"].unique(maintain_order=True).to_list() == [600, 900, 1200]
    np.testing.assert_allclose(rows["social_return"], 0.4 * rows["goals"], rtol=1e-6)
    np.testing.assert_allclose(rows["return"], rows["env_return"] + rows["social_return"])


def test_the_final_weights_are_those_that_were_evaluated(whole):
    config, folder = whole
    found = read_checkpoint(folder)
    policy = build_policy(found.state["policy"])
    policy.load_state_dict(below("policy/", found.tensors))
    setup = WorldSetup("caregiver_grid", seed=derived_seed(config.seed, 5, 0))
    rows = evaluate(policy, setup.make_batch(6), 6)
    recorded = read_table(folder, "evaluations").filter(pl.col("phase") == "isr")
    for name in ("episode", "env_return", "social_return", "return", "goal"):
        column = recorded["goals" if name == "goal" else name]
        assert [row[name] for row in rows] == column.to_list()


def test_no_ray_cluster_is_started(whole):
    assert not ray.is_initialized()


def test_the_same_configuration_gives_the_same_bits(whole, tmp_path):
    config, folder = whole
    live(config, tmp_path)
    assert_equal_lives(folder, tmp_path)


def test_another_seed_gives_another_life(whole, tmp_path):
    config, folder = whole
    live(config.replace(seed=3, phases=(SOCIAL,)), tmp_path)
    ours = read_table(folder, "episodes").head(20)
    assert not ours.equals(read_table(tmp_path, "episodes").head(20))


@pytest.mark.parametrize(("stop", "resumed"), [(0, 0), (2, 2), (3, 2), (5, 4), (7, 6)])
def test_an_interrupted_life_goes_on_bit_for_bit(whole, tmp_path, stop, resumed):
    config, folder = whole

    def interrupt(row):
        if row["iteration"] == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(config, tmp_path, interrupt)
    iterations = []
    live(config, tmp_path, lambda row: iterations.append(row["iteration"]))
    assert iterations == list(range(resumed, 8))
    assert_equal_lives(folder, tmp_path)


def test_how_often_checkpoints_are_written_changes_nothing(whole, tmp_path):
    config, folder = whole
    live(config.replace(checkpoint_every=3), tmp_path)
    assert_equal_lives(folder, tmp_path)


def test_a_finished_life_is_left_alone(whole):
    config, folder = whole
    rows = []
    live(config, folder, rows.append)
    assert rows == []


def test_lives_that_fork_from_a_parent_equal_lives_in_one_piece(whole, tmp_path):
    config, folder = whole
    parent, child, grandchild = (tmp_path / name for name in ("social", "none", "isr"))
    live(config.replace(phases=(SOCIAL,)), parent)
    live(config.replace(phases=(NONE,), parent=str(parent)), child)
    live(config.replace(phases=(ISR,), parent=str(child)), grandchild)
    ours, theirs = read_checkpoint(grandchild), read_checkpoint(folder)
    for name, tensor in theirs.tensors.items():
        assert np.array_equal(ours.tensors[name], tensor), name
    parts = [tables(run) for run in (parent, child, grandchild)]
    for name, expected in tables(folder).items():
        assert pl.concat([part[name] for part in parts]).equals(expected), name


def test_an_unfinished_parent_is_refused(whole, tmp_path):
    config = whole[0].replace(phases=(SOCIAL,))

    def interrupt(row):
        if row["iteration"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(config, tmp_path / "parent", interrupt)
    child = config.replace(phases=(NONE,), parent=str(tmp_path / "parent"))
    with pytest.raises(ConfigError, match="in phase 1 of 1; finish it first"):
        live(child, tmp_path / "child")


def test_a_parent_with_another_policy_is_refused(whole, tmp_path):
    config, folder = whole
    other = PolicyConfig(scale_observations=False)
    child = config.replace(phases=(NONE,), parent=str(folder), policy=other)
    with pytest.raises(ConfigError, match="has a policy with"):
        live(child, tmp_path)


def test_experience_is_what_was_lived_under_the_caregiver(whole):
    folder = whole[1]
    chunks = list(read_experience(folder, read_checkpoint(folder)))
    rewards = np.concatenate([chunk["social_rewards"] for chunk in chunks])
    episodes = read_table(folder, "episodes").filter(pl.col("phase") == "socialization")
    assert len(rewards) == 600
    goals = np.count_nonzero(rewards)
    assert episodes["goal"].sum() <= goals  # the last episodes did not end
    assert goals <= episodes["goal"].sum() + 5
    assert all(chunk["observations"].shape[1:] == (9, 9, 4) for chunk in chunks)


def test_a_phase_without_learning_keeps_the_weights(tmp_path):
    config = make_config(SOCIAL, PhaseConfig(name="fixed", steps=300, learn=False))
    before = live(config.replace(phases=(SOCIAL,)), tmp_path / "a")
    after = live(config, tmp_path / "b")
    for name, tensor in before.tensors.items():
        if name.startswith(("policy/", "adam/")):
            assert np.array_equal(after.tensors[name], tensor), name
    fixed = read_table(tmp_path / "b", "metrics").filter(pl.col("phase") == "fixed")
    assert all(map(math.isnan, fixed["loss_policy"]))


def test_a_continual_internal_reward_is_fitted_on_the_way_and_survives_interruption(tmp_path):
    social = PhaseConfig(name="social", steps=600, collect=True, fit_isr="continual")
    alone = PhaseConfig(name="alone", steps=300, caregiver=AWAY, internal_reward=True)
    config = make_config(social, alone, isr=ISRConfig(updates_per_iteration=5))
    live(config, tmp_path / "whole")
    live(config.replace(phases=(social,)), tmp_path / "half")
    names = [n for n in read_checkpoint(tmp_path / "half").tensors if n.startswith("continual")]
    assert names

    def interrupt(row):
        if row["iteration"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(config, tmp_path / "parts", interrupt)
    live(config, tmp_path / "parts")
    assert_equal_lives(tmp_path / "whole", tmp_path / "parts")
    internal = read_table(tmp_path / "whole", "metrics")["internal_return"].to_list()
    assert [value != 0 for value in internal] == [False] * 4 + [True] * 2


def test_evaluations_during_a_phase(tmp_path):
    options = EvaluationConfig(
        episodes=2, every_steps=300, worlds={"plus": {"layout": "plus"}, "same": {}}
    )
    live(make_config(SOCIAL, evaluation=options), tmp_path)
    rows = read_table(tmp_path, "evaluations")
    expected = [(300, "plus"), (300, "same"), (600, "plus"), (600, "same")]
    assert (
        list(rows.select("env_steps", "world").unique(maintain_order=True).iter_rows()) == expected
    )


def test_the_helping_grid_is_lived_in_too(tmp_path):
    phases = (
        PhaseConfig(name="social", steps=300, collect=True),
        PhaseConfig(name="alone", steps=150, caregiver=AWAY),
    )
    config = make_config(*phases, world="helping_grid", world_config={"max_steps": 12})
    live(config, tmp_path)
    metrics = read_table(tmp_path, "metrics")
    assert metrics["goals_per_episode"].equals(metrics["event_caregiver_goal_per_episode"])
    found = read_checkpoint(tmp_path)
    actions = np.concatenate([chunk["actions"] for chunk in read_experience(tmp_path, found)])
    assert actions.shape == (300, 2)


def test_a_world_that_cannot_be_built_is_found_before_anything_is_written(tmp_path):
    bad = PhaseConfig(name="bad", steps=300, world={"layout": "spiral"})
    with pytest.raises(ConfigError, match="spiral"):
        LifeCourse(make_config(SOCIAL, bad), tmp_path / "run")
    assert not (tmp_path / "run").exists()
