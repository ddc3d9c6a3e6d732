"""What a mind refuses, and what its errors say."""

import dataclasses

import numpy as np
import pytest
from small_minds import Counting, Sighted, Tabled, Valued, draw_actions, make_batch

from prosocial.agents.mind.config import MindConfig, make_mind
from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.hypotheses import (
    AgentHypotheses,
    hypotheses,
    kinds,
    register_hypotheses,
    registry,
    worlds_with_minds,
)
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import ActionError, ConfigError, ResetNeededError, build


@pytest.fixture(scope="module")
def batch():
    batch = make_batch()
    batch.step(draw_actions(batch))
    return batch


@pytest.fixture
def mind(batch):
    mind = Mind(batch.world, hypotheses=Tabled(batch.world))
    mind.reset(batch.state)
    return mind


@pytest.fixture
def own_kind(monkeypatch):
    """A kind of hypotheses registered for the length of a test."""
    entries = {name: dict(known) for name, known in registry._entries.items()}
    monkeypatch.setattr(registry, "_entries", entries)

    def factory(world, colour, size=1):
        return Tabled(world)

    register_hypotheses("commons_harvest", "own", factory, "made up")
    return factory


class TestHypothesesByName:
    def test_a_world_without_hypotheses(self, batch):
        nowhere = dataclasses.replace(batch.world, name="nowhere")
        message = "'nowhere' has no hypotheses.*Worlds with hypotheses: .*Mind\\(world, hypotheses="
        for make in (hypotheses, Mind, make_mind):
            with pytest.raises(ConfigError, match=message):
                make(nowhere)

    def test_unknown_kind(self, batch, own_kind):
        with pytest.raises(ConfigError, match=r"no hypotheses of kind 'owm'\. Did you mean 'own'"):
            Mind(batch.world, "owm")

    def test_unknown_and_missing_options(self, batch, own_kind):
        with pytest.raises(ConfigError, match=r"no option 'color'\. Did you mean 'colour'"):
            Mind(batch.world, "own", color=2)
        with pytest.raises(ConfigError, match="missing a required argument: 'colour'"):
            Mind(batch.world, "own")
        assert Mind(batch.world, "own", colour=2).names == ("ball", "box", "key")

    def test_a_name_is_taken_once(self, own_kind):
        register_hypotheses("commons_harvest", "own", own_kind, "made up")  # the same again
        with pytest.raises(ConfigError, match="already has hypotheses of kind 'own'"):
            register_hypotheses("commons_harvest", "own", Tabled, "another")

    def test_the_first_kind_of_a_world_is_its_default(self, own_kind):
        register_hypotheses("elsewhere", "first", own_kind, "made up")
        register_hypotheses("elsewhere", "second", own_kind, "made up")
        assert kinds("elsewhere") == ["first", "second"]
        assert kinds("nowhere") == []
        assert "elsewhere" in worlds_with_minds()

    @pytest.mark.parametrize("names", [(), ("a", "a")])
    def test_names_are_given_and_differ(self, batch, names):
        with pytest.raises(ConfigError, match="names is"):
            AgentHypotheses(batch.world, names)

    def test_either_registered_or_own(self, batch):
        own = Tabled(batch.world)
        with pytest.raises(ConfigError, match="nothing is chosen among the registered ones"):
            Mind(batch.world, "norms", hypotheses=own)
        with pytest.raises(ConfigError, match="nothing is chosen among the registered ones"):
            Mind(batch.world, hypotheses=own, least=3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beta": 0}, "beta is 0"),
        ({"beta": -1.0}, "beta is -1.0"),
        ({"beta": float("inf")}, "beta is inf"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"beta": (1.0, 0.0)}, "beta is"),
        ({"beta": (2.0, 2.0)}, "all different"),
        ({"lapse": 1.0}, "lapse is 1.0"),
        ({"lapse": -0.1}, "lapse is -0.1"),
        ({"switch": 1.0}, "switch is 1.0"),
        ({"switch": float("nan")}, "switch is nan"),
        ({"prior": (0.5, 0.4, 0.05)}, "sums to 0.95"),
        ({"prior": (0.6, 0.6, -0.2)}, ">= 0"),
        ({"prior": (0.5, 0.5)}, r"expected \(3,\).*ball, box, key"),
        ({"observers": "all"}, "observers is 'all'; expected 'each' or 'shared'"),
    ],
)
def test_bad_arguments(batch, given, message):
    with pytest.raises(ConfigError, match=message):
        Mind(batch.world, hypotheses=Tabled(batch.world), **given)


class TestRecordsAndActions:
    def test_nothing_is_known_before_the_reset(self, batch):
        mind = Mind(batch.world, hypotheses=Tabled(batch.world))
        actions = draw_actions(batch)
        for ask in (
            lambda: mind.posterior,
            lambda: mind.beta_posterior,
            lambda: mind.surprises,
            mind.entropy,
            mind.explain,
            lambda: mind.predict(batch.state),
            lambda: mind.features(batch.state),
            lambda: mind.observe(batch.before, actions, batch.state),
            lambda: mind.reset(batch.state, np.ones(6, bool)),
        ):
            with pytest.raises(ResetNeededError, match=r"call reset\(states\) first"):
                ask()

    def test_records_of_another_world(self, mind):
        other = np.zeros(6, build("caregiver_grid").state_dtype)
        with pytest.raises(ConfigError, match="no records of 'commons_harvest'"):
            mind.reset(other)
        with pytest.raises(ConfigError, match="no records of 'commons_harvest'"):
            mind.predict(other)

    def test_another_number_of_worlds(self, mind, batch):
        with pytest.raises(ConfigError, match="4 records, but the mind was reset with 6"):
            mind.predict(batch.state[:4])
        with pytest.raises(ConfigError, match="4 records"):
            mind.reset(batch.state[:4], np.ones(4, bool))
        mind.reset(batch.state[:4])
        assert len(mind.posterior) == 4

    @pytest.mark.parametrize("where", [np.ones(5, bool), np.ones(6, int)])
    def test_where(self, mind, batch, where):
        with pytest.raises(ConfigError, match="where has shape"):
            mind.reset(batch.state, where)

    @pytest.mark.parametrize(
        ("actions", "message"),
        [
            (np.zeros((6, 2), int), r"shape \(6, 2\).*expected integers of shape \(6, 3\)"),
            (np.zeros((6, 3)), "dtype float64"),
            (np.full((6, 3), 8), r"8 .. 8; expected integers in \[0, 8\)"),
            (np.full((6, 3), -1), "-1 .. -1"),
        ],
    )
    def test_actions(self, mind, batch, actions, message):
        before = mind.posterior
        with pytest.raises(ActionError, match=message):
            mind.observe(batch.before, actions, batch.state)
        assert (mind.posterior == before).all()

    def test_follow_needs_the_records_before_a_step(self, mind):
        plain = make_batch(track_states=False)
        with pytest.raises(ConfigError, match="track_states=True"):
            follow(mind, plain, draw_actions(plain))

    def test_the_state_of_another_mind(self, mind, batch):
        other = Mind(batch.world, hypotheses=Tabled(batch.world), beta=(1.0, 2.0))
        other.reset(batch.state)
        with pytest.raises(ConfigError, match=r"weights of shape.*other hypotheses or options"):
            mind.restore(other.state())
        with pytest.raises(ConfigError, match="no 'prior'"):
            mind.restore({k: v for k, v in mind.state().items() if k != "prior"})


class TestAnswersOfHypotheses:
    """Each method of hypotheses in turn answers something wrong."""

    @pytest.mark.parametrize(
        ("kind", "method", "value", "message"),
        [
            (
                Valued,
                "available",
                np.ones((6, 3), bool),
                r"available\(\) .* returned shape \(6, 3\)",
            ),
            (Valued, "action_values", np.zeros((6, 3, 3, 2)), r"action_values\(\)"),
            (Valued, "action_values", np.full((6, 3, 3, 8), np.nan), "is worth nan"),
            (Valued, "actions", np.zeros((6, 2), int), r"actions\(\)"),
            (Valued, "actions", np.full((6, 3), 8), r"actions\(\) .* returned 8"),
            (Valued, "actions", np.zeros((6, 3)), "dtype float64; expected int64"),
            (Tabled, "rows", np.zeros((6, 2), int), r"rows\(\)"),
            (Tabled, "rows", np.full((6, 3), 7), "returned 7; expected numbers below 7"),
            (Tabled, "columns", np.zeros((6, 2), int), r"columns\(\)"),
            (Tabled, "columns", np.full((6, 3), 3), "returned 3; expected numbers below 3"),
            (Sighted, "visible", np.ones((6, 1, 3), bool), r"visible\(\)"),
        ],
    )
    def test_it_is_named(self, batch, kind, method, value, message):
        asked = kind(batch.world)
        mind = Mind(batch.world, hypotheses=asked)
        setattr(asked, method, lambda *arguments: value)

        def look():
            mind.reset(batch.state)
            mind.observe(batch.before, draw_actions(batch), batch.state)

        with pytest.raises(ConfigError, match=message):
            look()

    @pytest.mark.parametrize("shape", [(7, 8), (7, 5, 3), (7, 8, 4)])
    def test_the_table_has_the_right_shape(self, batch, shape):
        table = np.zeros(shape, np.float32)
        mind = Mind(batch.world, hypotheses=Tabled(batch.world, table))
        with pytest.raises(ConfigError, match="table of the hypotheses has"):
            mind._evidence.situation(batch.state)

    def test_restarts(self, batch):
        class Wrong(Counting):
            def restarts(self, before, actions, after):
                return np.zeros((2, 2), bool)

        mind = Mind(batch.world, hypotheses=Wrong(batch.world))
        mind.reset(batch.state)
        with pytest.raises(ConfigError, match=r"restarts\(\)"):
            mind.observe(batch.before, draw_actions(batch), batch.state)


class TestMindConfig:
    def test_it_makes_minds(self, batch, own_kind):
        config = MindConfig.from_mapping(
            {
                "kind": "own",
                "beta": [1, 2.5],
                "prior": [0.5, 0.25, 0.25],
                "switch": 0.1,
                "lapse": 0.05,
                "observers": "shared",
                "options": {"colour": 3},
            }
        )
        assert config.beta == (1.0, 2.5)
        for mind in (make_mind(batch.world, config), make_mind(batch.world, **vars(config))):
            assert mind.betas.tolist() == [1, 2.5]
            assert mind.num_observers == 1
            mind.reset(batch.state)
            np.testing.assert_allclose(mind.posterior[0, 0, 0], [0.5, 0.25, 0.25])
        assert make_mind(batch.world, config, observers="each").num_observers == 3

    def test_configurations_are_equal_where_they_say_the_same(self):
        assert MindConfig(beta=(1.0, 2.0)) == MindConfig.from_mapping({"beta": [1, 2]})
        assert MindConfig(beta=2).beta == 2.0

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"betta": 1}, "no option 'betta'. Did you mean 'beta'"),
            ({"kind": 1}, "MindConfig.kind is 1"),
            ({"beta": 0}, "beta is 0"),
            ({"beta": [1, float("inf")]}, "beta is"),
            ({"switch": 1}, "switch is 1"),
            ({"lapse": 2}, "lapse is 2"),
            ({"observers": "all"}, "one of each, shared"),
            ({"log_space": 1}, "True or False"),
            ({"options": None}, "a mapping of options"),
        ],
    )
    def test_faults(self, given, message):
        with pytest.raises(ConfigError, match=message):
            MindConfig.from_mapping(given)
