"""Generalization ratio: formula and guard cases."""

import math

import pytest

from prosocial.analysis.generalization import generalization_ratio, transfer_gap


def test_ratio_of_the_published_means_on_layout_x():
    assert generalization_ratio(0.433, 0.077, 0.432) == pytest.approx(0.356 / 0.355)


@pytest.mark.parametrize(("value", "ratio"), [(0.2, 0.0), (0.5, 0.5), (0.8, 1.0), (-0.1, -0.5)])
def test_ratio_by_hand(value, ratio):
    assert generalization_ratio(value, 0.2, 0.8) == pytest.approx(ratio)


def test_nothing_to_recover_where_the_frozen_policy_transfers():
    assert math.isnan(generalization_ratio(0.753, 0.815, 0.841, minimum_gap=0.05))
    assert math.isnan(generalization_ratio(0.5, 0.8, 0.8))
    assert math.isnan(generalization_ratio(0.5, 0.8, 0.7))


def test_a_missing_score_gives_no_ratio():
    assert math.isnan(generalization_ratio(0.5, math.nan, 0.8))
    assert math.isnan(generalization_ratio(math.nan, 0.2, 0.8))


def test_a_negative_gap_is_refused():
    with pytest.raises(ValueError, match="minimum_gap"):
        generalization_ratio(0.5, 0.2, 0.8, minimum_gap=-0.1)


def test_transfer_gap():
    assert transfer_gap(0.433, 0.077) == pytest.approx(0.356)
