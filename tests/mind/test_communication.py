"""The pragmatic core: literal and pragmatic listeners, their speakers, and what they refuse."""

from itertools import pairwise

import numpy as np
import pytest

from prosocial.agents.mind.communication.rsa import (
    literal_listener,
    normalised,
    pragmatics,
    softmax,
    speaker,
)
from prosocial.analysis.imagined_we.checks import PRAGMATIC, REFERENCE_GAME
from prosocial.envs.engine import ConfigError

GREEN, PINK, SQUARE, ROUND = range(4)


@pytest.mark.parametrize(("depth", "beta", "value", "expected"), PRAGMATIC)
def test_the_meaning_of_green_is_as_worked_out(depth, beta, value, expected):
    heard = pragmatics(REFERENCE_GAME, depth, beta, value).listener
    assert np.abs(heard[:, GREEN] - expected).max() < 0.0005
    assert np.allclose(heard.sum(0), 1)


def test_the_speaker_of_a_level_speaks_to_its_listener():
    found = pragmatics(REFERENCE_GAME, 1, 2.0, "probability")
    rows = np.exp(2.0 * found.listener) * REFERENCE_GAME
    assert np.allclose(found.speaker, rows / rows.sum(1, keepdims=True))
    # The green square is best called square, the pink circle pink, and nothing false is said.
    assert found.speaker[0].argmax() == SQUARE
    assert found.speaker[2].argmax() == PINK
    assert (found.speaker[~REFERENCE_GAME] == 0).all()


def test_priors_costs_and_depth():
    sure = pragmatics(REFERENCE_GAME, 0, prior=(0.2, 0.3, 0.5)).listener
    assert np.allclose(sure[:, GREEN], (0.4, 0.6, 0))
    dear = speaker(literal_listener(REFERENCE_GAME), REFERENCE_GAME, costs=(0, 0, 50.0, 0))
    assert dear[0, GREEN] == pytest.approx(1, abs=1e-9)
    deep = [pragmatics(REFERENCE_GAME, d, 5.0, "probability").listener[1, GREEN] for d in range(4)]
    assert all(later > earlier for earlier, later in pairwise(deep))


def test_games_side_by_side_are_games_alone():
    others = np.stack([REFERENCE_GAME, REFERENCE_GAME[::-1], ~REFERENCE_GAME])
    together = pragmatics(others, 2, 3.0).listener
    for game, found in zip(others, together, strict=True):
        assert np.array_equal(pragmatics(game, 2, 3.0).listener, found)


def test_extreme_rationalities_give_numbers():
    for value in ("information", "probability"):
        for beta in (1e-6, 1e4):
            found = pragmatics(REFERENCE_GAME, 3, beta, value)
            assert np.isfinite(found.listener).all()
            assert np.allclose(found.listener.sum(0), 1)


def test_rows_without_weight():
    assert softmax(np.zeros((2, 3)), np.zeros((2, 3), bool)).sum() == 0
    assert (normalised(np.zeros((1, 2)), -1, otherwise=0.5) == 0.5).all()


@pytest.mark.parametrize("beta", [0, -1, np.inf, np.nan, "2", True])
def test_rationality_must_be_finite_and_above_0(beta):
    with pytest.raises(ConfigError, match=r"beta is .*; expected a finite number above 0"):
        pragmatics(REFERENCE_GAME, 1, beta)


@pytest.mark.parametrize("depth", [-1, 1.5, True, None])
def test_depth_must_be_a_count(depth):
    with pytest.raises(ConfigError, match=r"depth is .*; expected an integer >= 0"):
        pragmatics(REFERENCE_GAME, depth)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"value": "surprise"}, "value is 'surprise'; expected one of information, probability"),
        ({"costs": -0.1}, "expected finite numbers >= 0"),
        ({"costs": np.inf}, "expected finite numbers >= 0"),
        ({"prior": (0.5, 0.5, 0.5)}, "must be >= 0 and sum to one"),
        ({"prior": (1.5, -0.5, 0)}, "must be >= 0 and sum to one"),
        ({"prior": (0.5, 0.5)}, r"shape \(2,\); expected"),
        ({"prior": (1, 0, 0)}, "Signal 1 has an empty meaning"),
    ],
)
def test_faulty_games_say_what_is_wrong(options, message):
    with pytest.raises(ConfigError, match=message):
        pragmatics(REFERENCE_GAME, 1, **options)


def test_an_empty_meaning_and_a_wrong_type():
    nothing = REFERENCE_GAME.copy()
    nothing[:, ROUND] = False
    with pytest.raises(ConfigError, match="Signal 3 has an empty meaning"):
        pragmatics(nothing, 0)
    with pytest.raises(ConfigError, match="expected bool"):
        pragmatics(REFERENCE_GAME.astype(int), 0)
