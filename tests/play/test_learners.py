"""The live learner: it learns from a person's praise, and the log reproduces it bit for bit."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from people import SMALL_ROOM, Caregiver, be_caregiver, study

from prosocial.agents.policies import act
from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.agents.training.internalization import below
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.ownership import RunFolderError
from prosocial.agents.training.rollout import collect
from prosocial.agents.training.run_folder import (
    read_checkpoint,
    read_config,
    read_experience,
    read_table,
)
from prosocial.agents.training.trainer import DivergedError, Trainer
from prosocial.envs.engine import Batch, ConfigError
from prosocial.envs.social import make_caregiver
from prosocial.play.config import PlayConfig
from prosocial.play.learning.learners import LiveLearner, make_learner
from prosocial.play.session.game import Game
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session
from prosocial.runs.evaluate import evaluate_run

# Thirty-two steps are few, so that updates are many; they are cheap, not good.
QUICK = {"ppo": {"rollout_steps": 32, "minibatch_size": 32, "num_epochs": 2}}


def begin(config: PlayConfig) -> tuple[Game, LiveLearner]:
    game = Game(config)
    return game, make_learner(config, game.world, range(game.world.num_agents))


def live(
    game: Game, learner: LiveLearner, steps: int, *, present: bool = True, wait: bool = False
) -> list[list[int]]:
    """Steps a world without a session, each update done at once or not; returns the actions."""
    taken = []
    for _ in range(steps):
        if game.ended:
            game.begin_next()
        made = game.advance(learner.act(game.batch)[0])
        learner.take(dataclasses.replace(made, present=present))
        if wait and learner._pending is not None:
            learner._pending.result()
        taken.append(made.actions.tolist())
    return taken


def weights(learner: LiveLearner) -> dict[str, np.ndarray]:
    return {n: v.numpy().copy() for n, v in learner._policy.state_dict().items()}


@pytest.fixture
def rollouts(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What is given to RLlib's learner: (rollout, rewards, iteration, learners) of each update."""
    given: list[tuple] = []
    original = Trainer.learn

    def learn(self, rollout, rewards, iteration, learners=None):
        given.append((rollout, rewards.copy(), iteration, learners))
        return original(self, rollout, rewards, iteration, learners)

    monkeypatch.setattr(Trainer, "learn", learn)
    return given


@pytest.mark.usefixtures("unsynced")
def test_a_learner_learns_from_praise_and_from_nothing_it_does_not(tmp_path):
    praised = be_caregiver(study(), tmp_path / "praised", 1792)
    unpraised = be_caregiver(study(), tmp_path / "silent", 768, silent=True)
    first, last = np.mean(praised[:256]), np.mean(praised[-256:])
    assert last > 3 * first
    assert last > 20 * np.mean(unpraised[-256:])
    assert praised[:128] == unpraised[:128]  # until the first update both are the same
    metrics = read_table(tmp_path / "praised" / "learner", "metrics")
    assert metrics.height == 1792 // 128
    assert metrics["phase_steps"].to_list() == list(range(128, 1793, 128))
    assert metrics["social_return"][-1] > 2 * metrics["social_return"][0] > 0


@pytest.mark.slow
@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize("seed", range(3))
def test_learning_live_for_as_long_as_the_page_says(tmp_path, seed):
    praised = be_caregiver(study(seed=seed), tmp_path / "praised", 4096)
    unpraised = be_caregiver(study(seed=seed), tmp_path / "silent", 4096, silent=True)
    assert 20 * np.mean(praised[-1024:]) > 3  # goals in an episode
    assert 20 * np.mean(praised[:512]) < 1
    assert 20 * np.mean(unpraised[-1024:]) < 0.1


def test_what_is_learned_from_is_what_training_would_have_collected(rollouts):
    config = study(caregiver={"norms": {"reach_goal": 0.4}}, learner=QUICK)
    game, learner = begin(config)
    before = weights(learner)
    network = learner._policy.__class__(
        game.world.observation_shape, num_actions=game.world.num_actions
    )
    network.load_state_dict(learner._policy.state_dict())
    live(game, learner, 33)
    rollout, rewards, iteration, learners = rollouts[0]
    world = config.build()
    batch = Batch(world, 1, seed=0, caregiver=make_caregiver({"norms": {"reach_goal": 0.4}}, world))
    batch.reset()
    expected = collect(network, batch, 32)
    for field in dataclasses.fields(expected):
        ours, theirs = getattr(rollout, field.name), getattr(expected, field.name)
        if theirs is None or field.name in ("approvals", "stock"):
            continue
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), field.name
        if ours.dtype == np.float32:
            np.testing.assert_allclose(ours, theirs, atol=1e-6, err_msg=field.name)
        else:
            np.testing.assert_array_equal(ours, theirs, field.name)
    assert rollout.done.any()
    assert rollout.final_values.any()
    np.testing.assert_array_equal(rewards, rollout.env_rewards + rollout.social_rewards)
    assert (iteration, learners.tolist()) == (0, [0])
    live(game, learner, 1)
    assert learner.updates == 1
    assert any((weights(learner)[name] != value).any() for name, value in before.items())


@pytest.mark.parametrize("hand_over", [0, 2])
def test_new_weights_come_into_use_at_a_fixed_step(hand_over):
    game, learner = begin(study(learner={**QUICK, "hand_over": hand_over}))
    live(game, learner, 32)
    used = []
    for _ in range(4):
        if game.ended:
            game.begin_next()
        actions = learner.act(game.batch)[0]
        used.append(learner.updates)
        learner.take(game.advance(actions))
    assert used == [0] * hand_over + [1] * (4 - hand_over)


def test_how_long_an_update_takes_changes_nothing(monkeypatch):
    config = study(learner={**QUICK, "hand_over": 5})
    game, learner = begin(config)
    expected = live(game, learner, 100, wait=True), weights(learner)
    original = Trainer.learn

    def slowly(self, *arguments):
        time.sleep(0.05)
        return original(self, *arguments)

    monkeypatch.setattr(Trainer, "learn", slowly)
    game, learner = begin(config)
    found = live(game, learner, 100), weights(learner)
    assert found[0] == expected[0]
    for name, value in expected[1].items():
        np.testing.assert_array_equal(found[1][name], value)


@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize("crashed", [True, False])
def test_a_session_goes_on_with_the_same_learner(tmp_path, crashed):
    config = study(learner=QUICK)
    whole = be_caregiver(config, tmp_path / "whole", 150)
    session = Session(config, folder=tmp_path / "cut")
    Caregiver(session).watch(71)
    if crashed:
        session._log.close()  # all that a crash leaves
    else:
        session.close()
    session = Session.resume(tmp_path / "cut")
    assert session.state.differences == []
    Caregiver(session).watch(79)
    session.close()
    runs = [replay_log(tmp_path / name) for name in ("whole", "cut")]
    actions = [[t.actions.tolist() for t in run.transitions] for run in runs]
    assert actions[0] == actions[1]
    assert sum(whole) == sum(int(t.events["goal"][0]) for t in runs[1].transitions)
    found = [read_checkpoint(tmp_path / name / "learner") for name in ("whole", "cut")]
    for name, tensor in found[0].tensors.items():
        np.testing.assert_array_equal(tensor, found[1].tensors[name])


@pytest.mark.usefixtures("unsynced")
def test_the_run_folder_is_evaluated_and_lived_on_from(tmp_path):
    be_caregiver(study(learner=QUICK, seed=4), tmp_path, 300)
    folder = tmp_path / "learner"
    assert evaluate_run(folder, episodes=3).height == 3
    found, config = read_checkpoint(folder), read_config(folder)
    assert found.step == config.phases[0].steps == 300
    assert (config.world, config.world_config, config.seed) == ("caregiver_grid", SMALL_ROOM, 4)
    (experience,) = read_experience(folder, found)
    lived = replay_log(tmp_path).transitions
    felt = np.concatenate([t.social_rewards for t in lived])
    np.testing.assert_array_equal(experience["social_rewards"], felt)
    assert felt.max() == 1.0
    seen = np.concatenate([t.observations for t in lived])
    np.testing.assert_array_equal(experience["observations"], seen)
    assert (read_table(folder, "metrics")["seconds"] > 0).all()
    # A life without caregiver goes on from it, with an ISR of the person's praise.
    alone = PhaseConfig("autonomy", 64, caregiver={"schedule": "never"}, fit_isr="offline",
                        internal_reward=True)  # fmt: skip
    ppo = config.ppo.replace(rollout_steps=64)
    LifeCourse(
        config.replace(parent=str(folder), phases=(alone,), ppo=ppo), tmp_path / "after"
    ).run()
    assert read_checkpoint(tmp_path / "after").step == 364
    # And so does another session, beginning with the policy as it was.
    game, learner = begin(study(run=str(folder), learner=QUICK))
    held = below("policy/", found.tensors)
    for name, value in weights(learner).items():
        np.testing.assert_array_equal(value, held[name].numpy())
    live(game, learner, 33)
    learner.save(tmp_path / "second")
    assert read_checkpoint(tmp_path / "second").step == 333
    assert read_config(tmp_path / "second").parent == str(folder)
    assert read_table(tmp_path / "second", "metrics")["phase_index"].to_list() == [1]


def test_the_internal_reward_speaks_where_nobody_is_present(tmp_path, rollouts):
    social = PhaseConfig("socialization", 64, collect=True)
    alone = PhaseConfig("autonomy", 64, caregiver={"schedule": "never"}, fit_isr="offline",
                        internal_reward=True)  # fmt: skip
    ppo = study().learner.ppo.replace(rollout_steps=64, num_epochs=1)
    life = TrainConfig(world_config=SMALL_ROOM, ppo=ppo, phases=(social, alone))
    life = life.replace(isr=life.isr.replace(max_updates=20), evaluation={"worlds": {}}, seed=2)
    LifeCourse(life, tmp_path).run()
    rollouts.clear()
    for present in (True, False):
        game, learner = begin(study(run=str(tmp_path), learner=QUICK))
        live(game, learner, 33, present=present)
        learner.act(game.batch)
    (with_person, felt), (alone_there, inner) = ((r.present.all(), u - r.env_rewards)
                                                 for r, u, *_ in rollouts)  # fmt: skip
    assert with_person
    assert not alone_there
    assert not felt.any()
    assert inner.any()


def test_only_the_learner_s_own_agents_are_learned_from(rollouts):
    config = PlayConfig("kitchen", slots=(0,), learning=True, seed=1,
                        learner=study(learner=QUICK).learner)  # fmt: skip
    game = Game(config)
    learner = make_learner(config, game.world, (1,))
    for _ in range(33):
        if game.ended:
            game.begin_next()
        actions = learner.act(game.batch)[0]
        actions[0] = 0
        learner.take(game.advance(actions))
    learner.act(game.batch)
    ((rollout, _, _, learners),) = rollouts
    assert learners.tolist() == [1]
    assert (rollout.actions[:, :, 0] == 0).all()


def test_feedback_reaches_steps_of_the_rollout_before_it(rollouts):
    game, learner = begin(study(learner={**QUICK, "credit_steps": 4, "hand_over": 0}))
    for step in range(36):
        if game.ended:
            game.begin_next()
        made = game.advance(learner.act(game.batch)[0])
        praise = np.full(1, 4.0 * (step == 33), np.float32)
        learner.take(dataclasses.replace(made, social_rewards=praise))
    ((rollout, rewards, _, _),) = rollouts  # after 32 + 3 steps
    assert not rollout.social_rewards.any()
    np.testing.assert_allclose((rewards - rollout.env_rewards)[-4:, 0, 0], [0, 0, 1, 1])


def test_greedy_or_not_the_noise_is_that_of_training():
    game, learner = begin(study())
    expected = act(learner._policy, game.batch, greedy=False)
    np.testing.assert_array_equal(learner.act(game.batch), expected)


def test_status_counts_down():
    game, learner = begin(study(learner={**QUICK, "hand_over": 3}))
    live(game, learner, 2)
    assert learner.status() == "0 updates, the next in 30 steps"
    live(game, learner, 30)
    assert learner.status() == "learning (0 updates before)"
    live(game, learner, 4)
    assert learner.status() == "1 updates, the next in 28 steps"


def test_saving_again_replaces_and_what_is_not_ours_stays(tmp_path):
    game, learner = begin(study(learner=QUICK))
    learner.save(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    live(game, learner, 40)
    learner.save(tmp_path / "run")
    learner.save(tmp_path / "run")
    assert read_checkpoint(tmp_path / "run").step == 40
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years")
    with pytest.raises(RunFolderError, match=r"neither empty nor a run folder"):
        learner.save(foreign)
    assert (foreign / "thesis.txt").read_text() == "years"
    (foreign / "config.yaml").write_text(TrainConfig(name="other").to_yaml())
    with pytest.raises(RunFolderError, match="holds the run 'other'"):
        learner.save(foreign)


def test_a_policy_of_another_world_is_refused(tmp_path):
    game, learner = begin(study(learner=QUICK))
    live(game, learner, 1)
    learner.save(tmp_path)
    with pytest.raises(ConfigError, match="Give the session the world and options"):
        begin(study(run=str(tmp_path), world_config={"size": 6}))
    minded = read_config(tmp_path).replace(mind={"kind": "goals"})
    (Path(tmp_path) / "config.yaml").write_text(minded.to_yaml())
    with pytest.raises(ConfigError, match=r"trained with a mind .*learning=false"):
        begin(study(run=str(tmp_path)))


def test_calls_out_of_order_and_diverging_losses_are_errors():
    game, learner = begin(study(learner=QUICK))
    made = game.advance(np.zeros(1, np.int64))
    with pytest.raises(ConfigError, match="ask act first"):
        learner.take(made)
    ppo = {**QUICK["ppo"], "learning_rate": 1e30}
    game, learner = begin(study(learner={"ppo": ppo, "hand_over": 0}))
    with pytest.raises(DivergedError, match="not finite"):
        live(game, learner, 200)
