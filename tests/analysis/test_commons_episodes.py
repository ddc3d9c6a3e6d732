"""Social outcomes of tables of episodes, by hand."""

import math

import polars as pl
import pytest

from prosocial.analysis.commons.episodes import govsim_outcomes, spatial_outcomes
from prosocial.envs.engine.errors import ConfigError


def spatial_rows() -> pl.DataFrame:
    """Two episodes: three learners, then two and a partner; rows in no order."""
    first = {"world_index": 0, "episode": 0, "length": 10, "stock_final": 4, "stock_mean": 6.5}
    second = {"world_index": 1, "episode": 0, "length": 20, "stock_final": 0, "stock_mean": 1.0}
    rows = [
        {**second, "agent": 1, "env_return": 8.0, "reward_steps": 8, "reward_time": 16.0,
         "away": 0, "zap": 5, "partner": "greedy"},
        {**first, "agent": 2, "env_return": 0.0, "reward_steps": 0, "reward_time": 0.0,
         "away": 5, "zap": 0, "partner": "learner"},
        {**first, "agent": 0, "env_return": 2.0, "reward_steps": 2, "reward_time": 6.0,
         "away": 0, "zap": 1, "partner": "learner"},
        {**first, "agent": 1, "env_return": 4.0, "reward_steps": 4, "reward_time": 24.0,
         "away": 0, "zap": 2, "partner": "learner"},
        {**second, "agent": 0, "env_return": 2.0, "reward_steps": 2, "reward_time": 2.0,
         "away": 10, "zap": 0, "partner": "learner"},
    ]  # fmt: skip
    return pl.DataFrame(rows)


def test_spatial_outcomes_by_hand():
    table = spatial_outcomes(spatial_rows(), sums=("zap", "unknown"))
    first, second = table.iter_rows(named=True)
    assert first["agents"] == 3
    assert second["agents"] == 2
    assert first["utility"] == pytest.approx(0.6)
    assert first["equality"] == pytest.approx(1 - 16 / (2 * 3 * 6))  # pairs: 2, 2 and 4, each twice
    assert first["sustainability"] == pytest.approx((3 + 6) / 2)  # the third never ate
    assert first["peace"] == pytest.approx(2.5)
    assert first["stock_final"] == 4
    assert first["stock_mean"] == 6.5
    assert first["per_capita_return"] == first["focal_return"] == pytest.approx(2.0)
    assert first["zap"] == 3
    assert second["focal_return"] == 2.0  # the partner does not count
    assert second["per_capita_return"] == 5.0
    assert second["length"] == 20
    assert math.isnan(first["cleaned"])
    assert "unknown" not in table.columns


def test_order_of_rows_does_not_matter():
    rows = spatial_rows()
    assert spatial_outcomes(rows.reverse()).equals(spatial_outcomes(rows))


def test_a_world_without_time_out_has_no_peace():
    table = spatial_outcomes(spatial_rows().drop("away", "partner", "stock_final"))
    assert table["peace"].is_nan().all()
    assert table["stock_final"].is_nan().all()
    assert table["focal_return"].equals(table["per_capita_return"].alias("focal_return"))


def test_cleaning_is_summed_over_the_group():
    table = spatial_outcomes(spatial_rows().with_columns(cleaned=pl.col("agent") * 3))
    assert table["cleaned"].to_list() == [9.0, 3.0]


def govsim_rows() -> pl.DataFrame:
    """GovSim's vectors: five agents take 20 at once; one takes 14 while the others take 9."""
    short = [
        {"episode": 0, "agent": a, "length": 1, "env_return": 20.0, "obtained": 20, "over": 1}
        for a in range(5)
    ]
    long = [
        {"episode": 1, "agent": a, "length": 12, "env_return": 12.0 * (14 if a == 0 else 9),
         "obtained": 12 * (14 if a == 0 else 9), "over": 12 if a == 0 else 0}
        for a in range(5)
    ]  # fmt: skip
    return pl.DataFrame(short + long).with_columns(world_index=pl.lit(0))


def test_govsim_outcomes_are_its_vectors():
    collapsed, kept = govsim_outcomes(govsim_rows()).iter_rows(named=True)
    assert (collapsed["months"], collapsed["survived"], collapsed["gain"]) == (1, 0.0, 20.0)
    assert collapsed["efficiency"] == pytest.approx(1 / 6)
    assert (collapsed["equality"], collapsed["over_usage"]) == (1.0, 1.0)
    assert (kept["months"], kept["survived"], kept["gain"]) == (12, 1.0, 120.0)
    assert kept["efficiency"] == 1.0
    assert kept["equality"] == pytest.approx(0.92)
    assert kept["over_usage"] == pytest.approx(0.2)


def test_a_newcomer_is_counted_for_the_months_that_it_was_there():
    here = pl.col("agent") < 4
    rows = govsim_rows().with_columns(
        active_steps=pl.when(here).then(pl.col("length")).otherwise(0),
        over=pl.when(here).then(pl.col("over")).otherwise(0),
    )
    assert govsim_outcomes(rows)["over_usage"].to_list() == pytest.approx([1.0, 0.25])
    assert govsim_outcomes(rows.drop("active_steps"))["over_usage"][0] == pytest.approx(0.8)


def test_survival_depends_on_the_rounds_asked_for():
    assert govsim_outcomes(govsim_rows(), rounds=15)["survived"].to_list() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop("reward_time"), "lacks reward_time"),
        (lambda rows: pl.concat([rows, rows]), "an agent twice"),
        (
            lambda rows: rows.with_columns(length=pl.col("agent") + 1),
            "rows of different lengths",
        ),
    ],
)
def test_tables_that_name_no_episodes_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        spatial_outcomes(change(spatial_rows()))


def test_no_rows_give_no_episodes():
    assert spatial_outcomes(spatial_rows().clear()).is_empty()
