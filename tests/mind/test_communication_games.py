"""The games: the gridworld is drawn as stated, tokens flip their meaning in the boxes."""

import numpy as np
import pytest

from prosocial.agents.mind.communication.baselines import play
from prosocial.agents.mind.communication.boxes import BoxesConfig, boxes_game, marked_rewards
from prosocial.agents.mind.communication.gridworld import (
    SignallingGridConfig,
    designs,
    signalling_grids,
)
from prosocial.agents.mind.communication.imagined_we import imagined_we
from prosocial.envs.engine import ConfigError

CONFIG = SignallingGridConfig(colours=(3, 1, 1, 1), shapes=(2, 2, 2))


def steps(walls, source, target):
    """Returns the moves of a shortest path, by relaxation."""
    far = np.where(walls, 10**6, 10**5)
    far[tuple(source)] = 0
    for _ in range(walls.size):
        near = np.pad(far, 1, constant_values=10**6)
        near = np.min([near[:-2, 1:-1], near[2:, 1:-1], near[1:-1, :-2], near[1:-1, 2:]], axis=0)
        far = np.where(walls, 10**6, np.minimum(far, near + 1))
    return far[tuple(target)]


def test_maps_and_costs_are_as_stated():
    drawn = signalling_grids(CONFIG, 12, seed=4)
    assert (drawn.walls.sum((1, 2)) == 10).all()
    for k in range(12):
        places = [*map(tuple, drawn.items[k]), tuple(drawn.signaler[k]), tuple(drawn.receiver[k])]
        assert len(set(places)) == 8
        assert not any(drawn.walls[k][place] for place in places)
        for item in range(6):
            for start, costs in (
                (drawn.signaler[k], drawn.tasks.signaler_costs[k]),
                (drawn.receiver[k], drawn.tasks.receiver_costs[k]),
            ):
                assert costs[item + 1] == steps(drawn.walls[k], start, drawn.items[k, item])


def test_features_are_shared_out_as_configured():
    drawn = signalling_grids(CONFIG, 50, seed=4)
    for k in range(50):
        assert np.bincount(drawn.colours[k]).tolist() == [3, 1, 1, 1]
        assert np.bincount(drawn.shapes[k]).tolist() == [2, 2, 2]
        fits = drawn.tasks.meanings[k, 0]
        assert fits.sum(1).tolist() == [2] * 6
        assert fits[0, drawn.colours[k, 0]]
        assert fits[0, 4 + drawn.shapes[k, 0]]
        # The mean share of items that a true signal fits is the ambiguity.
        assert (fits * fits.sum(0)).sum() / fits.sum() / 6 == pytest.approx(CONFIG.ambiguity)


def test_a_task_is_the_same_whatever_the_others_are():
    many, one = signalling_grids(CONFIG, 9, seed=7), signalling_grids(CONFIG, 1, seed=7, first=6)
    for name in ("walls", "items", "colours", "shapes", "signaler", "receiver"):
        assert np.array_equal(getattr(many, name)[6:7], getattr(one, name))
    other = signalling_grids(CONFIG, 9, seed=8)
    assert (other.items != many.items).any()


def test_designs_have_the_ambiguity_asked_for():
    assert designs(6, 1 / 3) == [
        ((3, 1, 1, 1), (3, 1, 1, 1)),
        ((3, 1, 1, 1), (2, 2, 2)),
        ((2, 2, 2), (2, 2, 2)),
    ]
    for ambiguity in (1 / 6, 1 / 2, 26 / 36, 1):
        for colours, shapes in designs(6, ambiguity):
            config = SignallingGridConfig(colours=colours, shapes=shapes)
            assert config.ambiguity == pytest.approx(ambiguity)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: designs(6, 0.4), "No 6 items have an ambiguity of 0.4; possible are 0.167, 0.222"),
        (lambda: designs(0, 1), "num_items is 0"),
        (lambda: SignallingGridConfig(colours=()), "colours is"),
        (lambda: SignallingGridConfig(colours=(2, 0, 4)), "colours is"),
        (lambda: SignallingGridConfig(colours=(6,), shapes=(5,)), "expected the sum 6"),
        (lambda: SignallingGridConfig(num_walls=41), "num_walls is 41"),
        (lambda: SignallingGridConfig(step_cost=-1.0), "step_cost is -1"),
        (lambda: SignallingGridConfig(signal_cost=-0.5), "signal_cost is -0.5"),
        (lambda: SignallingGridConfig(reward=0), "expected a number above 0"),
        (lambda: signalling_grids(CONFIG, 0), "count is 0"),
        (lambda: boxes_game(BoxesConfig(boxes=1)), "boxes is 1"),
        (lambda: boxes_game(BoxesConfig(rewards=3)), "rewards is 3"),
        (lambda: boxes_game(BoxesConfig(tokens=0)), "tokens is 0"),
        (lambda: boxes_game(BoxesConfig(harm=-1.0)), "harm is -1"),
        (lambda: boxes_game(BoxesConfig(token_cost=-1.0)), "token_cost is -1"),
    ],
)
def test_faulty_games_say_what_is_wrong(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize(
    ("boxes", "rewards", "tokens", "marks"),
    [(3, 1, 1, 1), (3, 2, 2, 1), (3, 2, 1, 0), (4, 3, 3, 1), (4, 3, 1, 0)],
)
def test_tokens_mark_rewards_if_there_are_enough_and_else_what_is_bad(
    boxes, rewards, tokens, marks
):
    game = boxes_game(BoxesConfig(boxes=boxes, rewards=rewards, tokens=tokens))
    for depth in range(3):
        assert marked_rewards(game, imagined_we(game, depth).signaler) == pytest.approx(
            marks, abs=0.02
        )
    understood = play(game, "imagined_we", 1)
    assert understood.accuracy[0] > 0.97
    if tokens < rewards:  # nothing but the joint utility tells the readings apart
        assert play(game, "rsa", 3).accuracy[0] == pytest.approx(1 / len(game.mind_names))


def test_the_literal_meaning_of_a_token_is_both():
    game = boxes_game(BoxesConfig(boxes=3, rewards=2, tokens=1))
    one = game.signal("1")
    take, avoid = game.meanings[0, :, :, one]
    assert dict(zip(game.mind_names, take, strict=True)) == {"1+2": True, "1+3": True, "2+3": False}
    assert (avoid == ~take).all()
