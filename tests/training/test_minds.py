"""Learners that see what a mind infers."""

import numpy as np
import pytest
import torch

from prosocial.agents.mind.batch import Follower, MindBatch
from prosocial.agents.mind.config import MindConfig, make_mind
from prosocial.agents.mind.trace import load_trace
from prosocial.agents.partners import RandomPartner
from prosocial.agents.partners.policy import PolicyPartner
from prosocial.agents.policies import build_policy
from prosocial.agents.policies.acting import act
from prosocial.agents.policies.inputs import join, split
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.life_course import POSTERIORS, LifeCourse
from prosocial.agents.training.run_folder import read_checkpoint, read_table
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine import Batch, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social.config import CaregiverConfig
from prosocial.runs import figures

MIND = MindConfig(kind="goals", beta=2.0)
WORLD = {"max_steps": 15}


def make_config(**changes) -> TrainConfig:
    defaults = {
        "world": "helping_grid",
        "world_config": WORLD,
        "ppo": PPOConfig(num_worlds=4, rollout_steps=80, minibatch_size=40, num_epochs=2),
        "policy": PolicyConfig(network="cell_embedding"),
        "caregiver": CaregiverConfig(norms={"help": 0.4}),
        "mind": MIND,
        "phases": (PhaseConfig("socialization", steps=400, collect=True),),
        "evaluation": EvaluationConfig(episodes=4),
        "checkpoint_every": 2,
        "seed": 3,
    }
    return TrainConfig(**{**defaults, **changes})


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minds") / "life"
    LifeCourse(make_config(), folder).run()
    return folder


def test_the_features_are_those_of_a_mind_that_watches(life):
    world = build("helping_grid", **WORLD)
    batch = MindBatch(world, 3, mind=MIND, seed=5)
    mind = make_mind(world, MIND)
    batch.reset()
    mind.reset(batch.state)
    partner = RandomPartner()
    for _ in range(40):
        actions = partner.act(batch)
        before = batch.state.copy()
        batch.step(actions)
        mind.observe(before, actions, batch.after())
        if batch.done.any():
            final = np.rint(mind.features(batch.after()) * 255)[batch.done]
            assert np.array_equal(final, batch.final_features[batch.done])
        mind.reset(batch.state, batch.done)
        assert np.array_equal(np.rint(mind.features(batch.state) * 255), batch.features)
    assert batch.features.any()


def test_worlds_with_a_mind_can_be_saved_and_recalled_anywhere():
    setup = WorldSetup("helping_grid", WORLD, CaregiverConfig(), 5, mind=MIND)
    whole, again = setup.make_batch(3), setup.make_batch(3)
    partner = RandomPartner()
    whole.reset()
    again.reset()
    for step in range(40):
        if step == 22:
            again.recall(whole.memory())
        whole.step(partner.act(whole))
        if step >= 22:
            again.step(whole.last_actions)
            assert isinstance(whole, MindBatch)
            assert isinstance(again, MindBatch)
            assert np.array_equal(whole.features, again.features)


def test_an_interrupted_life_with_a_mind_ends_as_if_it_had_not_been(life, tmp_path):
    def interrupt(row):
        if row["iteration"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LifeCourse(make_config(), tmp_path / "life").run(interrupt)
    LifeCourse(make_config(), tmp_path / "life").run()
    whole, resumed = read_checkpoint(life).tensors, read_checkpoint(tmp_path / "life").tensors
    assert whole.keys() == resumed.keys()
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    for name in ("metrics", "episodes", "evaluations"):
        first, second = (read_table(f, name) for f in (life, tmp_path / "life"))
        if name == "metrics":
            first, second = first.drop("seconds"), second.drop("seconds")
        assert first.equals(second, null_equal=True), name


@pytest.mark.parametrize("network", ["grid_cnn", "cell_embedding"])
def test_the_features_matter_to_the_network_and_the_observation_too(network):
    settings = {"network": network, "observation_shape": [5, 5, 2], "num_actions": 4}
    policy = build_policy({**settings, "num_features": 6}, seed=1)
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 200, (1, 7, 5, 5, 2), dtype=np.uint8)
    features = rng.integers(0, 255, (1, 7, 6), dtype=np.uint8)
    both = torch.from_numpy(join(seen, features)[0])
    grid, inferred = split(both, (5, 5, 2), 6)
    assert np.array_equal(grid.numpy(), seen[0])
    assert inferred is not None
    assert np.allclose(inferred.numpy() * 255, features[0])
    logits = policy(both)[0]
    for column in (0, 5 * 5 * 2):  # one of the observation, one of the features
        other = both.clone()
        other[:, column] = (other[:, column] + 90) % 200
        assert not torch.equal(policy(other)[0], logits)
    plain = build_policy(settings, seed=1)
    assert "num_features" not in plain.settings
    assert build_policy(policy.settings).num_features == 6


def test_a_policy_with_a_mind_acts_in_any_batch_as_it_was_trained(life):
    partner = PolicyPartner.load(life)
    assert partner.remembers
    world = build("helping_grid", **WORLD)
    minded = MindBatch(world, 3, mind=MIND, seed=9)
    batch = Batch(world, 3, seed=9)
    minded.reset()
    batch.reset()
    for step in range(40):
        if step == 20:  # another partner takes over the memory
            state = partner.state()
            partner = PolicyPartner.load(life)
            partner.restore(state)
        actions = partner.act(batch)
        assert np.array_equal(actions, act(partner.policy, minded, greedy=True)), step
        minded.step(actions)
        batch.step(actions)


def test_a_policy_with_a_mind_needs_one(life):
    policy = PolicyPartner.load(life).policy
    with pytest.raises(ConfigError, match="features of a mind, and mind is None"):
        PolicyPartner(policy)


def test_a_follower_that_is_reset_forgets():
    world = build("helping_grid", **WORLD)
    batch = Batch(world, 3, seed=9)
    follower, partner = Follower(MIND), RandomPartner()
    batch.reset()
    first = follower.features(batch)
    for _ in range(5):
        batch.step(partner.act(batch))
        follower.features(batch)
    follower.reset()
    assert follower.state() == {}
    batch.reset(seed=9)
    assert np.array_equal(follower.features(batch), first)


def test_a_world_without_such_hypotheses_is_refused_before_training():
    with pytest.raises(ConfigError, match="tastes"):
        make_config(mind=MindConfig(kind="tastes")).check_worlds()


def test_a_mind_of_which_nobody_else_is_there_is_refused_before_training():
    alone = TrainConfig(world="caregiver_grid", mind=MindConfig(kind="goals"))
    with pytest.raises(ConfigError, match="more agents"):
        alone.check_worlds()


def test_every_evaluation_leaves_a_trace_of_what_the_mind_believed(life):
    (path,) = (life / POSTERIORS).iterdir()
    assert path.name == "0000000400-socialization-training_world.npz"
    trace = load_trace(path)
    assert trace.targets == ("learner", "caregiver")
    assert set(trace.world) == {0, 1, 2, 3}
    assert trace.t.tolist() == list(range(WORLD["max_steps"] + 1)) * 4
    np.testing.assert_allclose(trace.posterior.sum(-1), 1, atol=1e-5)


def test_the_figures_of_a_run_show_what_its_mind_believed(life, tmp_path):
    assert figures.main([str(life), "--output", str(tmp_path)]) == 0
    drawn = {path.name for path in tmp_path.iterdir()}
    assert "posteriors-0000000400-socialization-training_world.pdf" in drawn
    assert "life_course.png" in drawn
