import numpy as np
import pytest

import prosocial.envs.worlds.caregiver_grid  # noqa: F401 - registers the world
from prosocial.agents.internal_reward.audit import audit, state_actions, tabulate
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.model import InternalReward
from prosocial.envs.engine import Batch, ConfigError, build

FORWARD, GOAL = 2, 8


class Told(InternalReward):
    """An internal reward whose predictions are given by a function of the pairs."""

    def __init__(self, rule):
        super().__init__(ISRConfig(), [])
        self.rule = rule

    def predict(self, observations, actions, events=None):
        return self.rule(observations, actions[:, 0]).astype(np.float32)


def goal_ahead(observations, actions):
    return (observations[:, 3, 4, 0] == GOAL) & (actions == FORWARD)


@pytest.mark.parametrize(
    ("config", "pairs", "approved"),
    [
        ({"num_walls": 0}, 7200, 80),  # 25 · 24 placements, 4 headings, 3 actions
        ({"layout": "plus"}, 4560, 48),
        ({"layout": "x"}, 4560, 40),
        ({"layout": "u"}, 4560, 44),
        ({"layout": "t"}, 4560, 48),
        ({"layout": "four_rooms"}, 4560, 48),
    ],
)
def test_every_state_and_action_is_enumerated(config, pairs, approved):
    table = state_actions(build("caregiver_grid", **config))
    assert len(table) == pairs
    keys = np.stack([table.goals, table.positions, table.headings, table.actions[:, 0]], 1)
    assert len(np.unique(keys, axis=0)) == pairs
    rewarded = table.social_rewards > 0
    assert rewarded.sum() == approved
    np.testing.assert_allclose(table.social_rewards[rewarded], 0.4)
    np.testing.assert_array_equal(rewarded, goal_ahead(table.observations, table.actions[:, 0]))


def test_the_observations_are_those_of_play():
    world = build("caregiver_grid", layout="u")
    table = state_actions(world)
    known = {
        (g, p, h): table.observations[i].tobytes()
        for i, (g, p, h) in enumerate(
            zip(table.goals, table.positions, table.headings, strict=True)
        )
    }
    batch = Batch(world, 20, seed=3)
    batch.reset()
    rng = np.random.default_rng(0)
    for _ in range(40):
        state = batch.state
        for w in range(20):
            key = (state["goal"][w], state["position"][w], state["heading"][w])
            assert batch.observations[w, 0].tobytes() == known[key]
        batch.step(rng.integers(0, 3, (20, 1)))


def test_goals_stay_in_their_region():
    world = build("caregiver_grid", num_walls=0, goal_region="upper")
    assert len(state_actions(world)) == 10 * 24 * 12


def test_a_perfect_and_a_flawed_model():
    world = build("caregiver_grid", layout="x")
    perfect = audit(Told(lambda o, a: 0.4 * goal_ahead(o, a)), world)
    assert (perfect.true_positives, perfect.false_positives) == (40, 0)
    assert (perfect.false_negatives, perfect.true_negatives) == (0, 4520)
    assert perfect.largest_unapproved == 0
    assert perfect.smallest_approved == pytest.approx(0.4)
    assert (perfect.false_positive_share, perfect.leaked_share) == (0, 0)

    table = state_actions(world)
    ahead = table.observations[:, 3, 4, 0] == GOAL
    turns = int((ahead & (table.actions[:, 0] != FORWARD)).sum())
    flawed = audit(Told(lambda o, a: 0.3 * (o[:, 3, 4, 0] == GOAL)), world)
    assert (flawed.true_positives, flawed.false_positives) == (40, turns)
    assert flawed.false_positive_share == pytest.approx(turns / (turns + 40))
    assert flawed.largest_unapproved == pytest.approx(0.3)

    blind = audit(Told(lambda o, a: np.zeros(len(a))), world)
    assert (blind.false_negatives, blind.true_negatives) == (40, 4520)
    assert blind.false_positive_share == 0


def test_shares_by_hand():
    predictions = np.array([[0.4, 0.3, 0.1], [-0.5, 0.2, 0.1]], np.float32)
    approved = np.array([[True, False, False], [False, False, True]])
    table = tabulate(predictions, approved, 0.2)
    assert (table.true_positives, table.false_positives) == (1, 1)
    assert (table.false_negatives, table.true_negatives) == (1, 3)
    assert table.false_positive_share == pytest.approx(0.3 / 0.7)
    assert table.leaked_share == pytest.approx(0.6 / 1.1)
    assert table.largest_unapproved == pytest.approx(0.3)
    assert table.smallest_approved == pytest.approx(0.1)
    empty = tabulate(np.zeros(0), np.zeros(0, bool), 0.2)
    assert (empty.largest_unapproved, empty.smallest_approved) == (-np.inf, np.inf)


def test_an_isr_fitted_to_a_layout_passes_its_audit():
    world = build("caregiver_grid", layout="x")
    table = state_actions(world)
    experience = SocialExperience(world.observation_shape)
    experience.append(table.observations, table.actions, table.social_rewards)
    config = ISRConfig(
        train_fraction=1.0, batch_size=4, learning_rate=2e-3, epochs=3, max_updates=3000
    )
    model = fit(config, experience, seed=0).model
    result = audit(model, world)
    assert (result.true_positives, result.false_positives) == (40, 0)
    untrained = audit(InternalReward.create(ISRConfig(), (9, 9, 4), 1, seed=0), world)
    assert untrained.false_positives > 100


def test_what_cannot_be_enumerated_is_refused():
    with pytest.raises(ConfigError, match="draws 3 walls"):
        state_actions(build("caregiver_grid"))
    with pytest.raises(ConfigError, match="expected bool"):
        tabulate(np.zeros(3), np.zeros(3), 0.2)
    small = InternalReward.create(ISRConfig(), (5, 5, 3), 1, seed=0)
    with pytest.raises(ExperienceError, match="observations are"):
        audit(small, build("caregiver_grid", layout="x"))
