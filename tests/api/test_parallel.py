"""The PettingZoo interface: conformance, determinism over whole episodes, infos, errors."""

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test
from pettingzoo.test.state_test import test_parallel_env as state_test

import prosocial
from prosocial.envs.engine import ActionError, ConfigError, ResetNeededError


def play(env, steps, seed, action_seed=0):
    """Returns everything an environment gives in some steps, resetting at the ends of episodes."""
    rng = np.random.default_rng(action_seed)
    told = [env.reset(seed=seed)]
    for _ in range(steps):
        if not env.agents:
            told.append(env.reset())
        actions = {agent: int(rng.integers(env.action_space(agent).n)) for agent in env.agents}
        told.append(env.step(actions))
    return told


def test_it_conforms(case):
    name, options = case
    parallel_api_test(prosocial.make(name, **options), num_cycles=250)
    parallel_seed_test(lambda: prosocial.make(name, **options), num_cycles=20)


def test_the_state_conforms(case):
    name, options = case
    env = prosocial.make(name, **options)
    state_test(env)
    env.reset(seed=1)
    scene = env.world.scene(env._single.batch.state[0])
    state = env.state()
    assert (state[:, :, 0] == scene.cells).all()
    shown = {(a.row, a.column): [number + 1, a.heading or 0] for number, a in scene.numbered()}
    for place, told in shown.items():  # of agents who share a cell the last
        assert state[place][1:3].tolist() == told
    assert (state[:, :, 1] > 0).sum() == len(shown)


def test_agents_keep_their_numbers_while_another_is_out_of_the_world():
    env = prosocial.make("commons_harvest", render_mode="rgb_array")
    env.reset(seed=1)
    everybody = env.state()
    env._single.batch.state["away"][0, 2] = 3
    row, column = np.argwhere(everybody[:, :, 1] == 3)[0]
    without = env.state()
    assert without[row, column, 1] == 0
    without[row, column] = everybody[row, column]
    assert (without == everybody).all()


def test_whole_episodes_are_the_same_for_the_same_seed(case, canonical):
    name, options = case
    first, second = (play(prosocial.make(name, **options), 230, seed=7) for _ in range(2))
    assert canonical(first) == canonical(second)
    other = play(prosocial.make(name, **options), 230, seed=8)
    chance = name != "kitchen"  # whose rules draw nothing
    assert (canonical(first) != canonical(other)) == chance


def test_a_reset_with_a_seed_forgets_the_past(case, canonical):
    name, options = case
    env = prosocial.make(name, **options)
    first = play(env, 130, seed=3)
    assert canonical(first) == canonical(play(env, 130, seed=3))


def test_it_equals_the_first_world_of_a_batch(case):
    name, options = case
    env = prosocial.make(name, **options)
    batch = prosocial.make_batch(name, 5, seed=11, **options)
    observations, _ = env.reset(seed=11)
    batch.reset()
    rng = np.random.default_rng(1)
    for _ in range(230):
        if not env.agents:
            observations, _ = env.reset()
        seen = np.stack([observations[agent] for agent in env.possible_agents])
        assert seen.tobytes() == batch.observations[0].tobytes()
        actions = rng.integers(0, batch.num_actions, (5, batch.num_agents))
        named = zip(env.possible_agents, actions[0].tolist(), strict=True)
        observations, rewards, terminations, truncations, infos = env.step(dict(named))
        batch.step(actions)
        for number, agent in enumerate(env.possible_agents):
            info = infos[agent]
            assert info["env_reward"] == batch.rewards[0, number]
            assert info["social_reward"] == batch.social_rewards[0, number]
            assert rewards[agent] == batch.rewards[0, number] + batch.social_rewards[0, number]
            assert info["caregiver_present"] == batch.caregiver_present[0]
            assert all(info[e] == batch.events[e][0, number] for e in batch.world.event_names)
            assert terminations[agent] == batch.terminated[0]
            assert truncations[agent] == batch.truncated[0]


def test_all_agents_stay_to_the_end_and_leave_together(case):
    name, options = case
    env = prosocial.make(name, **options)
    env.reset(seed=0)
    for step in range(1, env.world.max_steps + 1):
        assert env.agents == env.possible_agents
        result = env.step(dict.fromkeys(env.agents, 0))
        assert all(set(part) == set(env.possible_agents) for part in result)
        ended = [result[2][a] or result[3][a] for a in env.possible_agents]
        assert ended == [step == env.world.max_steps] * len(ended)
    assert env.agents == []


def test_spaces_are_cached(case):
    name, options = case
    env = prosocial.make(name, **options)
    for agent in env.possible_agents:
        assert env.observation_space(agent) is env.observation_space(agent)
        assert env.action_space(agent) is env.action_space(agent)


def test_unseeded_environments_differ():
    first, second = (prosocial.make("caregiver_grid") for _ in range(2))
    ones = [env.reset()[0]["learner"].tobytes() for env in (first, second) for _ in range(3)]
    assert len(set(ones)) > 1


def test_the_reward_can_be_the_material_one_alone():
    layout = "####\n#>G#\n####"
    social = prosocial.make("caregiver_grid", layout=layout, caregiver="reach_goal")
    material = prosocial.make("caregiver_grid", layout=layout, caregiver="reach_goal", reward="env")
    social.reset(seed=0)
    material.reset(seed=0)
    _, rewards, _, _, infos = social.step({"learner": 2})
    assert rewards["learner"] == pytest.approx(0.4)
    assert infos["learner"]["social_rewards"] == {"reach_goal": pytest.approx(0.4)}
    assert infos["learner"]["goal"] == 1
    _, rewards, _, _, infos = material.step({"learner": 2})
    assert rewards["learner"] == 0
    assert infos["learner"]["social_reward"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({}, r"none for \['learner'\]"),
        ({"learner": 0, "lerner": 0}, r"\['lerner'\], who are no agents"),
        ({"learner": 3}, "is 3; expected one of: 0 TURN_LEFT"),
        ({"learner": -1}, "is -1"),
        ({"learner": 0.5}, "is 0.5; expected an integer"),
        ({"learner": None}, "is None; expected an integer"),
        ({"learner": np.array([0, 1])}, "expected an integer"),
    ],
)
def test_wrong_actions_are_named(actions, message):
    env = prosocial.make("caregiver_grid")
    env.reset(seed=0)
    with pytest.raises(ActionError, match=message):
        env.step(actions)


def test_stepping_outside_of_an_episode_is_refused():
    env = prosocial.make("caregiver_grid", max_steps=1)
    with pytest.raises(ResetNeededError, match="call reset"):
        env.step({"learner": 0})
    env.reset(seed=0)
    env.step({"learner": 0})
    with pytest.raises(ResetNeededError, match="call reset"):
        env.step({"learner": 0})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("caregiver_grd", {}, "Did you mean 'caregiver_grid'"),
        ("caregiver_grid", {"num_wals": 1}, "Did you mean 'num_walls'"),
        ("caregiver_grid", {"render_mode": "rgb"}, "render_mode is 'rgb'; expected None or one"),
        ("caregiver_grid", {"reward": "both"}, "reward is 'both'"),
        ("caregiver_grid", {"caregiver": "help"}, "helped"),
    ],
)
def test_wrong_options_are_named(name, options, message):
    with pytest.raises(ConfigError, match=message):
        prosocial.make(name, **options)


def test_an_unknown_agent_has_no_space():
    with pytest.raises(ConfigError, match="no agent 'teacher'"):
        prosocial.make("caregiver_grid").observation_space("teacher")


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="seed is -1"):
        prosocial.make("caregiver_grid").reset(seed=-1)
