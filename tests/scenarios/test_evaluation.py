"""What focal agents earn in a scenario, and the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from prosocial import make_batch
from prosocial.agents.partners import make_partner
from prosocial.agents.policies import build_policy
from prosocial.agents.scenarios import (
    evaluate_scenario,
    get_scenario,
    normalised_scores,
    per_capita,
    play_episodes,
    scenarios,
)
from prosocial.agents.training import checkpoint
from prosocial.envs.engine import Batch, ConfigError
from prosocial.runs import cli

SHORT = {"min_steps": 40, "max_steps": 80, "end_interval": 10, "end_probability": 0.3}
NAME = "commons_harvest_open_0"


def rows(**options):
    partner = make_partner("restrained_harvester")
    settings = {"episodes": 6, "seed": 3, "overrides": SHORT, **options}
    return evaluate_scenario(
        get_scenario(NAME), partner, **{"focal_name": "restrained", **settings}
    )


def test_one_row_for_each_episode_and_agent():
    table = rows()
    assert {len(column) for column in table.values()} == {6 * 7}
    np.testing.assert_array_equal(table["episode"], np.repeat(np.arange(6), 7))
    np.testing.assert_array_equal(table["agent"], np.tile(np.arange(7), 6))
    np.testing.assert_array_equal(table["focal"], np.tile([1, 1, 1, 1, 1, 0, 0], 6))
    assert set(table["partner"][table["focal"]]) == {"restrained"}
    assert set(table["partner"][~table["focal"]]) == {"zapping_harvester"}
    assert set(table["length"]) <= {40, 50, 60, 70, 80}
    assert len(set(table["length"])) > 1  # each row has the length of its own episode
    assert not table["zap"][table["focal"]].any()
    assert table["zap"][~table["focal"]].any()


def test_the_columns_are_those_of_a_replay():
    scenario = get_scenario(NAME)
    table = rows(episodes=1)
    batch = Batch(scenario.build(**SHORT), 1, seed=3)
    population = scenario.populate(make_partner("restrained_harvester"))
    batch.reset()
    population.reset(3)
    rewards, stock, done = [], [], False
    while not done:
        batch.step(population.act(batch))
        rewards.append(batch.rewards[0].copy())
        stock.append(int(batch.after()["stock"][0]))
        done = batch.done[0]
    paid = np.array(rewards)
    assert set(table["length"]) == {len(paid)}
    np.testing.assert_allclose(table["env_return"], paid.sum(0))
    np.testing.assert_array_equal(table["ate"], paid.sum(0))
    np.testing.assert_array_equal(table["reward_steps"], (paid > 0).sum(0))
    steps = np.arange(len(paid))[:, None]
    np.testing.assert_array_equal(table["reward_time"], ((paid > 0) * steps).sum(0))
    assert set(table["stock_final"]) == {stock[-1]}
    np.testing.assert_allclose(table["stock_mean"], np.mean(stock))
    np.testing.assert_array_equal(table["utility_return"], table["env_return"])
    assert not table["social_return"].any()


def test_neither_the_batch_nor_the_number_of_episodes_matters():
    whole = rows()
    for other in (rows(num_worlds=1), rows(num_worlds=4)):
        for name, column in whole.items():
            np.testing.assert_array_equal(column, other[name])
    for name, column in rows(episodes=2).items():
        np.testing.assert_array_equal(column, whole[name][:14])
    assert not np.array_equal(whole["env_return"], rows(seed=4)["env_return"])


def test_worlds_without_a_stock():
    scenario_free = Batch(get_scenario(NAME).build(**SHORT), 1, auto_reset=False)
    with pytest.raises(ConfigError, match="automatic reset"):
        play_episodes(scenario_free, make_partner("idle"))
    table = play_episodes(make_batch("caregiver_grid", 2), make_partner("random"))
    assert "stock_final" not in table
    assert set(table["length"]) == {20}


def test_social_reward_is_recorded():
    batch = make_batch("caregiver_grid", 50, caregiver="reach_goal")
    table = play_episodes(batch, make_partner("shortest_path"))
    each = table["social_return"].sum() / table["goal"].sum()
    np.testing.assert_allclose(table["social_return"], table["goal"] * each, rtol=1e-5)
    np.testing.assert_allclose(
        table["utility_return"], table["env_return"] + table["social_return"]
    )
    assert table["social_return"].max() > 0


@pytest.mark.parametrize(("number", "rounds"), [(0, 4), (1, 15)])
def test_the_greedy_newcomer_empties_the_lake(number, rounds):
    scenario = get_scenario(f"fishery_newcomer_{number}")
    table = evaluate_scenario(scenario, make_partner("sustainable_demand"), episodes=3)
    assert set(table["length"]) == {rounds}  # the newcomer joins after three of them
    assert (table["stock_final"] == 0).all() == (number == 0)
    assert (table["demand"][~table["focal"]] > 0).all()


def test_per_capita_by_hand():
    table = {
        "episode": np.array([0, 0, 0, 1, 1, 1]),
        "focal": np.array([True, True, False] * 2),
        "env_return": np.array([1.0, 3.0, 10.0, 0.0, 1.0, 7.0]),
    }
    np.testing.assert_array_equal(per_capita(table, True), [2.0, 0.5])
    np.testing.assert_array_equal(per_capita(table, False), [10.0, 7.0])
    table["focal"][:] = True
    assert np.isnan(per_capita(table, False)).all()


def test_normalised_scores_by_hand():
    np.testing.assert_allclose(normalised_scores(np.array([2.0, 4.0, 3.0])), [0, 1, 0.5], atol=1e-8)
    two = normalised_scores(np.array([[1.0, 5.0], [3.0, 5.0]]))
    np.testing.assert_allclose(two, [[0, 1], [1, 1]], atol=1e-8)
    np.testing.assert_array_equal(normalised_scores(np.array([0.3])), [1.0])
    # Melting Pot lowers the smallest by 1e-8: the worst gets a little more than 0.
    assert normalised_scores(np.array([0.0, 1e-8]))[0] == pytest.approx(0.5)
    with pytest.raises(ConfigError, match="at least one agent"):
        normalised_scores(np.zeros((0, 3)))


@pytest.mark.parametrize("options", [{"episodes": 0}, {"num_worlds": 0}])
def test_numbers_out_of_range(options):
    with pytest.raises(ConfigError, match="at least 1 of each"):
        rows(**options)


SETTINGS = {"network": "grid_cnn", "observation_shape": [11, 11, 1], "num_actions": 8}
OVERRIDES = [f"{key}={value}" for key, value in SHORT.items()]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with the checkpoint of an untrained policy."""
    policy = build_policy(SETTINGS, seed=1)
    tensors = {f"policy/{name}": t for name, t in policy.state_dict().items()}
    checkpoint.save(tmp_path / "run/checkpoints", 5, tensors, {"policy": policy.settings})
    return tmp_path / "run"


def test_the_command_writes_the_rows_and_prints_a_table(run, capsys):
    arguments = ["evaluate", "--scenario", NAME, "--episodes", "3", "--seed", "4"]
    assert cli.main([*arguments, str(run), *OVERRIDES]) == 0
    text = capsys.readouterr().out
    assert f"{NAME}, per agent, 3 episodes" in text
    assert any(line.startswith("focal env_return") for line in text.splitlines())
    assert "internal_return" not in text
    assert any(line.startswith("background env_return") for line in text.splitlines())
    written = pl.read_parquet(run / "scenarios" / f"{NAME}.parquet")
    assert written.height == 21
    assert set(written.filter("focal")["partner"]) == {"learner"}
    assert not list(run.rglob(".tmp-*"))
    assert cli.main([*arguments, str(run), *OVERRIDES, "--out", str(run / "again.parquet")]) == 0
    assert written.equals(pl.read_parquet(run / "again.parquet"))
    assert cli.main([*arguments, str(run), *OVERRIDES, "--sampled"]) == 0
    assert not written.equals(pl.read_parquet(run / "scenarios" / f"{NAME}.parquet"))


def test_a_scripted_partner_can_be_focal(tmp_path, capsys):
    out = tmp_path / "rows.parquet"
    arguments = ["--focal", "restrained_harvester", *OVERRIDES, "--episodes", "6", "--seed", "3"]
    assert cli.main(["evaluate", "--scenario", NAME, *arguments, "--out", str(out)]) == 0
    written, expected = pl.read_parquet(out), pl.DataFrame(rows(focal_name="restrained_harvester"))
    assert written.equals(expected)
    assert "one row per episode and agent" in capsys.readouterr().out


def test_the_list(capsys):
    assert cli.main(["evaluate", "--scenario", "list"]) == 0
    text = capsys.readouterr().out
    for name in scenarios():
        assert f"{name} " in text
    assert "5 focal, 2 zapping_harvester" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenario", "commons_harvest_open", "nowhere"], "no scenario named 'commons_harvest_o"),
        (["--scenario", NAME, "nowhere"], "nowhere holds no policy"),
        (["--scenario", NAME], "give one"),
        (["--scenario", NAME, "RUN", "--focal", "random"], "give one"),
        (["--scenario", NAME, "RUN", "--world", "clean_up"], "leave --world out"),
        (["--scenario", "clean_up_0", "RUN"], "sees (11, 11, 1) and has 8 actions; clean_up"),
        (["--scenario", NAME, "--focal", "altruist"], "Did you mean 'altruist_cleaner'"),
        (["--scenario", NAME, "--focal", "random", "steps=3"], "no option 'steps'"),
    ],
)
def test_errors(run, arguments, message, capsys):
    given = [str(run) if argument == "RUN" else argument for argument in arguments]
    assert cli.main(["evaluate", *given]) == 1
    assert message in capsys.readouterr().err


def test_without_a_run_folder_it_says_so(capsys):
    for arguments in ([], ["somewhere", "--focal", "random"]):
        with pytest.raises(SystemExit):
            cli.main(["evaluate", *arguments])
        assert "a run folder is needed" in capsys.readouterr().err
