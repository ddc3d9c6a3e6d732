"""The mind: what it infers in a batch of worlds, what it shows, saves and refuses."""

import numpy as np
import pytest
from small_minds import (
    NAMES,
    ROWS,
    Counting,
    Sighted,
    Tabled,
    Valued,
    brute_force,
    draw_actions,
    make_batch,
    make_table,
    places,
    play,
    softmax,
    watched,
)

from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import ConfigError


@pytest.mark.parametrize("kind", [Tabled, Valued])
@pytest.mark.parametrize("log_space", [False, True])
@pytest.mark.parametrize("observers", ["each", "shared"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"switch": 0.1, "lapse": 0.2, "prior": (0.5, 0.3, 0.2)},
        {"beta": (0.5, 1, 3), "switch": 0.1},
    ],
)
def test_the_posterior_equals_brute_force(kind, log_space, observers, options):
    batch = make_batch()
    options = {"beta": 1.5, **options}
    hypotheses = kind(batch.world)
    mind = Mind(
        batch.world, hypotheses=hypotheses, observers=observers, log_space=log_space, **options
    )
    mind.reset(batch.state)
    table = make_table(batch.world)
    betas = np.atleast_1d(options.pop("beta"))
    prior = options.pop("prior", np.ones(3) / 3)
    expected = brute_force(table, watched(batch, mind), betas, prior, **options)
    size = 1 if observers == "shared" else 3
    assert mind.posterior.shape == (6, size, 3, 3)
    assert mind.posterior.dtype == np.float32
    for observer in range(size):
        np.testing.assert_allclose(mind.posterior[:, observer], expected.sum(2), atol=1e-6)
        np.testing.assert_allclose(mind.beta_posterior[:, observer], expected.sum(3), atol=1e-6)
    assert not mind.surprises.any()


def test_nobody_learns_from_what_he_does_not_see():
    batch = make_batch()
    hypotheses = Sighted(batch.world)
    mind = Mind(batch.world, hypotheses=hypotheses, beta=2.0)
    shared = Mind(batch.world, hypotheses=hypotheses, beta=2.0, observers="shared")
    for one in (mind, shared):
        one.reset(batch.state)
    seen, history = [], []
    for _ in range(6):
        actions = draw_actions(batch)
        seen.append(hypotheses.visible(batch.state))
        history.append((places(batch.state, 3), actions))
        batch.step(actions)
        follow(mind, batch, actions)
        follow(shared, batch, actions)
    table, prior = make_table(batch.world), np.ones(3) / 3
    for observer in range(3):
        own = [each[:, observer] for each in seen]
        expected = brute_force(table, history, [2.0], prior, visible=own)[:, :, 0]
        np.testing.assert_allclose(mind.posterior[:, observer], expected, atol=1e-6)
    expected = brute_force(table, history, [2.0], prior)[:, :, 0]
    np.testing.assert_allclose(shared.posterior[:, 0], expected, atol=1e-6)
    assert not np.allclose(mind.posterior[:, 0], mind.posterior[:, 2])


@pytest.mark.parametrize("kind", [Tabled, Valued, Sighted])
@pytest.mark.parametrize("switch", [0.0, 0.3])
def test_predictions_are_the_posterior_predictive(kind, switch):
    batch = make_batch()
    mind = Mind(
        batch.world, hypotheses=kind(batch.world), beta=(1.0, 2.0), switch=switch, lapse=0.1
    )
    mind.reset(batch.state)
    play(mind, batch)
    values = np.swapaxes(make_table(batch.world)[places(batch.state, 3)], 2, 3)
    joint = mind.state()["weights"]
    drawn = joint.sum(axis=4, keepdims=True) / 3  # all hypotheses alike a priori
    joint = (1 - switch) * joint + switch * drawn
    chances = np.stack(
        [softmax(values, beta, 0.1) for beta in (1.0, 2.0)], axis=2
    )  # (B, T, K, H, A)
    expected = (joint[..., None] * chances[:, None]).sum(axis=(3, 4))
    found = mind.predict(batch.state)
    assert found.shape == (6, 3, 3, batch.num_actions)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=3), 1, atol=1e-5)


def test_values_and_their_table_are_the_same_mind():
    batches = [make_batch(), make_batch()]
    minds = [
        Mind(b.world, hypotheses=kind(b.world))
        for b, kind in zip(batches, (Tabled, Valued), strict=True)
    ]
    for mind, batch in zip(minds, batches, strict=True):
        mind.reset(batch.state)
        play(mind, batch, 30)  # over the end of an episode
    assert minds[0].posterior.tobytes() == minds[1].posterior.tobytes()
    values = [mind.hypotheses.action_values(batches[0].state) for mind in minds]
    np.testing.assert_array_equal(values[0], values[1])


def test_columns_say_where_a_hypothesis_is_in_the_table():
    class Shuffled(Tabled):
        """World w has its hypotheses in an order of its own; a fifth column belongs to nobody."""

        def columns(self, states):
            return orders[: len(states)]

    batch = make_batch(4)
    wide = make_table(batch.world, names=5)
    orders = np.array([[0, 1, 2], [4, 0, 3], [2, 1, 0], [1, 3, -1]])
    mind = Mind(batch.world, hypotheses=Shuffled(batch.world, wide), prior=(0.2, 0.3, 0.5))
    mind.reset(batch.state)
    history = watched(batch, mind)
    for world, order in enumerate(orders[:3]):
        own = [(rows[[world]], actions[[world]]) for rows, actions in history]
        expected = brute_force(wide[:, :, order], own, [1.0], (0.2, 0.3, 0.5))
        np.testing.assert_allclose(mind.posterior[world, 0], expected[0, :, 0], atol=1e-6)
    assert (mind.posterior[3, :, :, 2] == 0).all()
    assert mind.predict(batch.state).shape == (4, 3, 3, batch.num_actions)
    values = mind.hypotheses.action_values(batch.state)
    assert (values[3, :, 2] == -np.inf).all()
    assert (mind.hypotheses.available(batch.state) == np.isfinite(values).any(axis=3)).all()
    where = places(batch.state, 3)[1, 0]
    np.testing.assert_array_equal(values[1, 0], wide[where][:, orders[1]].T)


def test_the_table_may_grow_while_episodes_begin():
    class Growing(Tabled):
        def begin(self, states, where):
            if len(self.table) < ROWS:
                self.table = full.copy()

    batch = make_batch()
    full = make_table(batch.world)
    growing = Growing(batch.world, full[:3])
    minds = [Mind(batch.world, hypotheses=h) for h in (growing, Tabled(batch.world))]
    small = Mind(batch.world, hypotheses=Tabled(batch.world, full[:3]))
    small.reset(batch.state)
    with pytest.raises(ConfigError, match=r"rows\(\) of the hypotheses returned .* below 3"):
        play(small, make_batch(), 5)
    minds[0]._evidence.situation(batch.state[:0])  # sees the small table first
    for mind in minds:
        mind.reset(batch.state)
    for _ in range(8):
        actions = draw_actions(batch)
        batch.step(actions)
        for mind in minds:
            follow(mind, batch, actions)
    assert minds[0].posterior.tobytes() == minds[1].posterior.tobytes()


@pytest.mark.parametrize("kind", [Tabled, Valued, Sighted])
def test_bytes_do_not_depend_on_batch_size_or_threads(kind):
    def infer(**options):
        batch = make_batch(**options)
        mind = Mind(batch.world, hypotheses=kind(batch.world), beta=(1.0, 3.0), switch=0.05)
        mind.reset(batch.state)
        play(mind, batch, 30)
        return mind.posterior, mind.features(batch.state)

    whole = infer(num_worlds=9)
    threaded = infer(num_worlds=9, threads=2)
    alone = infer(num_worlds=2, first=4)
    for index in range(2):
        assert whole[index].tobytes() == threaded[index].tobytes()
        assert whole[index][4:6].tobytes() == alone[index].tobytes()


def test_an_episode_begins_with_the_prior_in_its_world_alone():
    batch = make_batch()
    mind = Mind(batch.world, hypotheses=Tabled(batch.world), prior=(0.5, 0.3, 0.2))
    mind.reset(batch.state)
    prior = mind.posterior.copy()
    np.testing.assert_allclose(prior, np.broadcast_to([0.5, 0.3, 0.2], prior.shape), atol=1e-7)
    play(mind, batch, 5)
    before = mind.posterior
    where = np.array([True, False] * 3)
    mind.reset(batch.state, where)
    assert (mind.posterior[where] == prior[where]).all()
    assert (mind.posterior[~where] == before[~where]).all()


def test_what_was_shown_stays():
    batch = make_batch()
    mind = Mind(batch.world, hypotheses=Tabled(batch.world))
    mind.reset(batch.state)
    shown, copy = mind.posterior, mind.posterior.copy()
    surprises = mind.surprises
    play(mind, batch, 3)
    assert (shown == copy).all()
    assert not (mind.posterior == copy).all()
    assert not shown.flags.writeable
    assert not surprises.flags.writeable


class TestOddCases:
    def test_a_hypothesis_with_prior_zero_stays_at_zero_and_surprises_tell(self):
        batch = make_batch()
        table = make_table(batch.world)
        table[:, :, 1:] = -np.inf
        table[:, 0, 1:] = 0  # "box" and "key" explain action 0 alone; "ball" explains all
        for prior, counted in (((0, 0.5, 0.5), True), ((0.001, 0.4, 0.599), False)):
            mind = Mind(batch.world, hypotheses=Tabled(batch.world, table), prior=prior)
            batch.reset(seed=3)
            mind.reset(batch.state)
            play(mind, batch, 5)
            assert mind.surprises.any() == counted
            if counted:
                np.testing.assert_array_equal(mind.posterior[..., 0], 0)
                np.testing.assert_allclose(mind.posterior[..., 1:], 0.5)
            else:
                assert (mind.posterior[..., 0] > 0.999).any()

    def test_what_is_not_available_has_probability_zero(self):
        class Partly(Valued):
            def available(self, states):
                found = np.ones((len(states), 3, 3), bool)
                found[0, :, 1] = False
                found[1] = False
                found[2, :, 1:] = False
                return found

        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Partly(batch.world), prior=(0, 0.25, 0.75), switch=0.1)
        mind.reset(batch.state)
        assert mind.posterior[0, 0, 0].tolist() == [0, 0, 1]
        # Nothing, or nothing with a prior, is available: the prior is kept, and it is counted.
        for world in (1, 2):
            assert mind.posterior[world, 0, 0].tolist() == [0, 0.25, 0.75]
        assert mind.surprises[:, 0, 0].tolist() == [0, 1, 1, 0, 0, 0]
        history = watched(batch, mind, 4)
        assert mind.posterior[0, 0, 0].tolist() == [0, 0, 1]
        assert (mind.posterior[..., 0] == 0).all()
        expected = brute_force(make_table(batch.world), history, [1.0], (0, 0.25, 0.75), switch=0.1)
        np.testing.assert_allclose(mind.posterior[3:, 0], expected[3:, :, 0], atol=1e-6)

    def test_unknown_actions_and_places_change_nothing(self):
        class Hidden(Tabled):
            def actions(self, before, actions, after):
                return np.where(np.arange(3) == 0, -1, actions)

            def rows(self, states):
                return np.where(np.arange(3) == 1, -1, super().rows(states))

        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Hidden(batch.world))
        mind.reset(batch.state)
        before = mind.posterior
        play(mind, batch, 4)
        assert (mind.posterior[:, :, :2] == before[:, :, :2]).all()
        assert not np.allclose(mind.posterior[:, :, 2], before[:, :, 2])
        assert not mind.surprises.any()
        predicted = mind.predict(batch.state)
        np.testing.assert_allclose(predicted[:, :, 1], 1 / batch.num_actions)
        assert not np.allclose(predicted[:, :, 0], 1 / batch.num_actions)

    def test_predictions_are_uniform_where_the_hypotheses_say_nothing(self):
        batch = make_batch()
        table = np.full_like(make_table(batch.world), -np.inf)
        mind = Mind(batch.world, hypotheses=Valued(batch.world, table))
        mind.reset(batch.state)
        np.testing.assert_allclose(mind.predict(batch.state), 1 / batch.num_actions)

    def test_what_a_step_begins_anew_is_learnt_from_first(self):
        class Restarting(Counting):
            def restarts(self, before, actions, after):
                return np.arange(len(before)) == 1

        batch = make_batch()
        hypotheses = Restarting(batch.world)
        mind = Mind(batch.world, hypotheses=hypotheses)
        mind.reset(batch.state)
        play(mind, batch, 3)
        np.testing.assert_allclose(mind.posterior[1], 1 / 3, atol=1e-7)
        assert not np.allclose(mind.posterior[0], 1 / 3)
        assert hypotheses.seen.tolist() == [3, 0, 3, 3, 3, 3]


class TestShown:
    def test_entropy_in_nats(self):
        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Tabled(batch.world), prior=(0.5, 0.5, 0))
        mind.reset(batch.state)
        np.testing.assert_allclose(mind.entropy(), np.log(2), atol=1e-6)
        play(mind, batch, 4)
        p = mind.posterior[..., :2].astype(np.float64)
        np.testing.assert_allclose(mind.entropy(), -(p * np.log(p)).sum(axis=3), atol=1e-5)

    def test_names_of_the_likeliest(self):
        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Tabled(batch.world))
        mind.reset(batch.state)
        play(mind, batch, 8)
        told = mind.explain()
        assert told.shape == (6, 3, 3)
        assert told[2, 1, 0] == NAMES[mind.posterior[2, 1, 0].argmax()]

    def test_features_are_about_the_others(self):
        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Sighted(batch.world))
        mind.reset(batch.state)
        play(mind, batch, 8)
        found, actions = mind.features(batch.state), batch.num_actions
        length = 3 + 1 + actions
        assert found.shape == (6, 3, mind.num_features) == (6, 3, 2 * length)
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 1
        predicted, entropy = mind.predict(batch.state), mind.entropy() / np.log(3)
        for observer, others in enumerate(([1, 2], [0, 2], [0, 1])):
            for place, target in enumerate(others):
                part = found[:, observer, place * length : (place + 1) * length]
                np.testing.assert_array_equal(part[:, :3], mind.posterior[:, observer, target])
                np.testing.assert_allclose(part[:, 3], entropy[:, observer, target], atol=1e-6)
                np.testing.assert_allclose(part[:, 4:], predicted[:, observer, target], atol=1e-6)

    def test_a_shared_mind_tells_of_all(self):
        batch = make_batch()
        mind = Mind(batch.world, hypotheses=Tabled(batch.world), observers="shared")
        mind.reset(batch.state)
        assert mind.features(batch.state).shape == (6, 1, 3 * (3 + 1 + batch.num_actions))


@pytest.mark.parametrize("kind", [Tabled, Sighted, Counting])
@pytest.mark.parametrize("log_space", [False, True])
def test_a_restored_mind_goes_on_with_the_same_bytes(kind, log_space):
    batch = make_batch()
    options = {"beta": (1.0, 2.0), "log_space": log_space, "switch": 0.1}
    mind = Mind(batch.world, hypotheses=kind(batch.world), **options)
    mind.reset(batch.state)
    play(mind, batch, 7)
    saved, world = mind.state(), batch.get_state()
    play(mind, batch, 12)
    again = Mind(batch.world, hypotheses=kind(batch.world), **options)
    again.restore(saved)
    batch.set_state(world)
    play(again, batch, 12)
    assert again.posterior.tobytes() == mind.posterior.tobytes()
    assert again.features(batch.state).tobytes() == mind.features(batch.state).tobytes()


def test_predictions_follow_what_the_hypotheses_remember():
    """The same records are worth something else when the memory has moved on."""
    batch = make_batch()
    mind = Mind(batch.world, hypotheses=Counting(batch.world))
    mind.reset(batch.state)
    states = batch.state.copy()
    actions = draw_actions(batch)
    batch.step(actions)
    mind.predict(states)
    mind.observe(states, actions, batch.state)
    fresh = Mind(batch.world, hypotheses=Counting(batch.world))
    fresh.restore(mind.state())
    assert mind.predict(states).tobytes() == fresh.predict(states).tobytes()


def test_values_are_asked_for_once_a_step():
    class Asked(Valued):
        calls = 0

        def action_values(self, states):
            self.calls += 1
            return super().action_values(states)

    batch = make_batch()
    hypotheses = Asked(batch.world)
    mind = Mind(batch.world, hypotheses=hypotheses)
    mind.reset(batch.state)
    for _ in range(4):
        mind.features(batch.state)  # the same records come back as those before the step
        play(mind, batch, 1)
    assert hypotheses.calls == 4


def test_follow_forgets_ended_episodes_after_recording_them():
    batch = make_batch()
    mind = Mind(batch.world, hypotheses=Tabled(batch.world))
    mind.reset(batch.state)
    recorded = []
    play(mind, batch, 25, lambda: recorded.append(mind.posterior))
    assert batch.done.all()
    assert not np.allclose(recorded[-1], 1 / 3, atol=1e-3)
    np.testing.assert_allclose(mind.posterior, 1 / 3, atol=1e-7)
    assert len(recorded) == 25
