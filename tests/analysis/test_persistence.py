"""Retention, half-life and area after withdrawal against hand calculations."""

import math

import numpy as np
import pytest

from prosocial.analysis.persistence import area_after_withdrawal, half_life, retention


def test_retention_by_hand():
    np.testing.assert_allclose(retention([2.6, 1.4, 0.2], 2.6, 0.2), [1.0, 0.5, 0.0])


def test_retention_exceeds_one_when_the_behaviour_improves():
    assert retention(3.0, 2.0) == pytest.approx(1.5)


def test_retention_of_a_behaviour_that_socialization_did_not_change_is_undefined():
    assert np.isnan(retention([0.0, 1.0], 2.0, 2.0)).all()


def test_half_life_is_interpolated_between_two_points():
    # From 0.8 at 10 to 0.4 at 20: 0.5 is three quarters of the way.
    assert half_life([10, 20, 30, 40], [0.8, 0.4, 0.3, 0.2]) == pytest.approx(17.5)


def test_half_life_before_the_first_point_starts_from_full_retention():
    # From 1 at 0 to 0.2 at 10: 0.5 is at 10 * 0.5 / 0.8.
    assert half_life([10, 20, 30], [0.2, 0.1, 0.1]) == pytest.approx(6.25)


def test_half_life_ignores_a_dip_that_does_not_last():
    retained = [0.9, 0.4, 0.8, 0.4, 0.3, 0.2]
    assert half_life([1, 2, 3, 4, 5, 6], retained) == pytest.approx(3.75)
    assert half_life([1, 2, 3, 4, 5, 6], retained, sustained=1) == pytest.approx(1.8)


def test_half_life_of_a_behaviour_that_stays_is_infinite():
    assert half_life([1, 2, 3], [1.1, 0.9, 0.6]) == math.inf


def test_half_life_needs_a_whole_row_of_points_below():
    assert half_life([1, 2, 3], [0.9, 0.4, 0.4]) == math.inf
    assert half_life([1, 2, 3], [0.9, 0.4, 0.4], sustained=2) == pytest.approx(1.8)


def test_half_life_at_another_level():
    assert half_life([10, 20, 30], [0.9, 0.5, 0.1], level=0.3, sustained=1) == pytest.approx(25.0)


def test_half_life_of_a_curve_with_a_hole_is_undefined():
    assert math.isnan(half_life([1, 2, 3], [0.9, math.nan, 0.1]))


def test_area_by_hand():
    # Trapezoids 0..10: (1 + 0.4)/2 * 10 = 7, 10..20: (0.4 + 0.2)/2 * 10 = 3; mean 10 / 20.
    assert area_after_withdrawal([10, 20], [0.4, 0.2]) == pytest.approx(0.5)


def test_area_up_to_a_horizon_between_two_points():
    # At 15 retention is 0.3: 7 + (0.4 + 0.3)/2 * 5 = 8.75; mean 8.75 / 15.
    assert area_after_withdrawal([10, 20], [0.4, 0.2], horizon=15) == pytest.approx(8.75 / 15)


def test_area_of_a_behaviour_kept_in_full_is_one():
    assert area_after_withdrawal([1, 5, 9], [1.0, 1.0, 1.0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("times", "retained", "changes", "message"),
    [
        ([], [], {}, "T >= 1"),
        ([1, 2], [1.0], {}, "equal shapes"),
        ([0, 1], [1.0, 1.0], {}, "positive and increasing"),
        ([2, 1], [1.0, 1.0], {}, "positive and increasing"),
        ([1, 2], [1.0, 1.0], {"level": 1.0}, "level"),
        ([1, 2], [1.0, 1.0], {"sustained": 0}, "sustained"),
    ],
)
def test_half_life_refuses_bad_input(times, retained, changes, message):
    with pytest.raises(ValueError, match=message):
        half_life(times, retained, **changes)


def test_area_refuses_a_horizon_beyond_the_record():
    with pytest.raises(ValueError, match="horizon is 30"):
        area_after_withdrawal([10, 20], [0.6, 0.2], horizon=30)
