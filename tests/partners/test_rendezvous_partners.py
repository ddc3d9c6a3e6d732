"""The partners of rendezvous: what they do, remember, and gain as goals multiply."""

import numpy as np
import pytest

from prosocial.agents.partners import RememberingPartner, make_partner, partners
from prosocial.agents.partners.rendezvous import ImaginedWe, IndividualPlanner, SharedRewardPlanner
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.rendezvous import Action

NAMES = ("imagined_we", "individual_planner", "shared_reward_planner")


def play(name, num_goals, worlds=60, steps=60, **options):
    """Returns the mean reward of an agent in an episode."""
    world = build("rendezvous", num_goals=num_goals, max_steps=steps)
    batch, partner = Batch(world, worlds, seed=5), make_partner(name, **options)
    batch.reset()
    partner.reset(1)
    total = 0.0
    for _ in range(steps):
        batch.step(partner.act(batch))
        total += batch.rewards[:, 0].mean()
    return total


def test_they_are_registered():
    assert set(NAMES) <= set(partners("rendezvous"))
    assert not set(NAMES) & set(partners("clean_up"))


def test_reward_lasts_as_goals_multiply_with_a_joint_intention_alone():
    kept = {name: play(name, 8) / play(name, 1) for name in NAMES}
    assert kept["imagined_we"] > 0.93
    assert kept["shared_reward_planner"] < kept["imagined_we"] - 0.02
    assert kept["individual_planner"] < 0.3


def test_with_one_goal_all_do_as_well():
    best = [play(name, 1, steps=30) for name in NAMES]
    assert max(best) - min(best) < 0.1 * max(best)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_actions_whatever_the_batch(name):
    world = build("rendezvous", max_steps=15)
    batches = [Batch(world, count, seed=3) for count in (4, 2)]
    made = [make_partner(name) for _ in batches]
    for batch, partner in zip(batches, made, strict=True):
        batch.reset()
        partner.reset(7)
    for _ in range(40):  # over the ends of episodes
        first, second = (p.act(b) for p, b in zip(made, batches, strict=True))
        assert np.array_equal(first[:2], second)
        batches[0].step(first)
        batches[1].step(second)
    made[1].reset(8)
    changed = [not np.array_equal(made[0].act(batches[0])[:2], made[1].act(batches[1]))]
    for _ in range(5):
        batches[1].step(made[1].act(batches[1]))
        batches[0].step(made[0].act(batches[0]))
        changed.append(not np.array_equal(batches[0].last_actions[:2], batches[1].last_actions))
    assert any(changed)


def test_asking_twice_in_a_step_changes_nothing():
    batch, partner = Batch(build("rendezvous"), 3, seed=3), ImaginedWe()
    batch.reset()
    for _ in range(6):
        goals = partner.goals(batch)
        actions = partner.act(batch)
        assert np.array_equal(partner.act(batch), actions)
        assert np.array_equal(partner.goals(batch), goals)
        batch.step(actions)


def test_intentions_are_forgotten_with_the_episode_and_on_demand_with_the_round():
    for forget in (False, True):
        world = build("rendezvous", distance=1, num_goals=2, max_steps=30)
        batch, partner = Batch(world, 8, seed=3), ImaginedWe(forget=forget)
        batch.reset()
        kept = []
        for _ in range(31):
            before = batch.state["rounds"].copy()
            batch.step(partner.act(batch))
            posterior = partner.follow(batch).posterior
            begun = batch.state["t"] == 0
            assert (posterior[begun] == 1 / posterior[0, 0].size).all()
            restarted = (batch.state["rounds"] > before) & ~begun
            kept += (posterior[restarted].max((1, 2, 3)) > 0.5).tolist()
        assert kept
        assert not any(kept) if forget else np.mean(kept) > 0.9


def test_what_is_remembered_can_be_saved():
    world = build("rendezvous", max_steps=20)
    batch, partner = Batch(world, 3, seed=3), ImaginedWe()
    assert isinstance(partner, RememberingPartner)
    assert partner.state() == {}
    batch.reset()
    for _ in range(9):
        batch.step(partner.act(batch))
    partner.act(batch)
    saved, worlds = partner.state(), batch.memory()
    other, again = Batch(world, 3, seed=3), ImaginedWe()
    other.reset()
    other.recall(worlds)
    again.reset(0)
    again.restore(saved)
    for _ in range(25):
        expected = partner.act(batch)
        assert np.array_equal(again.act(other), expected)
        batch.step(expected)
        other.step(expected)


def test_an_individual_goes_to_the_nearest_goal_and_waits():
    batch = Batch(build("rendezvous", layout="#########\n#G.A...G#\n#########", num_agents=2), 1)
    batch.reset()
    partner = IndividualPlanner(beta=50.0)
    for _ in range(2):
        assert (partner.act(batch) == Action.WEST).all()
        batch.step(np.array([[Action.WEST, Action.EAST]]))
    arrived = batch.state["goals"][0]
    assert batch.state["position"][0, 0] == arrived[0]
    for _ in range(3):
        batch.step(partner.act(batch))  # some moves into the wall are as good as staying
    assert batch.state["position"][0].tolist() == arrived.tolist()


def test_a_shared_planner_goes_where_all_are_nearest():
    batch = Batch(build("rendezvous", layout="G..A...G\n........", num_agents=2), 1)
    batch.reset()
    for _ in range(2):
        assert np.isin(
            SharedRewardPlanner(beta=50.0).act(batch), (Action.WEST, Action.SOUTH_WEST)
        ).all()
        batch.step(np.array([[Action.EAST, Action.WEST]]))


@pytest.mark.parametrize("name", NAMES)
def test_other_worlds_and_rationalities_are_refused(name):
    batch = Batch(build("clean_up"), 1)
    batch.reset()
    with pytest.raises(ConfigError, match="acts in world 'rendezvous'"):
        make_partner(name).act(batch)
    for beta in (0, np.inf):
        with pytest.raises(ConfigError, match="beta is"):
            make_partner(name, beta=beta)
