import numpy as np
import pytest

from prosocial.agents.training.episodes import EpisodeSums, goal_event
from prosocial.envs.engine import build

NAMES = ("reward", "count")


def random_life(steps: int, worlds: int, agents: int, seed: int):
    rng = np.random.default_rng(seed)
    reward = rng.integers(-8, 8, (steps, worlds, agents)) / 8
    count = rng.integers(0, 3, (steps, worlds, agents)).astype(np.uint8)
    done = rng.random((steps, worlds)) < 0.15
    return {"reward": reward, "count": count}, done


def by_hand(quantities, done):
    rows = []
    steps, worlds = done.shape
    for world in range(worlds):
        start = episode = 0
        for t in range(steps):
            if done[t, world]:
                for agent in range(quantities["reward"].shape[2]):
                    sums = [
                        quantities[n][start : t + 1, world, agent].sum(dtype=float) for n in NAMES
                    ]
                    rows.append((world, episode, agent, t + 1 - start, *sums))
                start, episode = t + 1, episode + 1
    return rows


def rows_of(columns):
    names = ("world_index", "episode", "agent", "length", *NAMES)
    return list(zip(*(columns[n].tolist() for n in names), strict=True))


@pytest.mark.parametrize("cuts", [[], [50], [1, 2, 30, 31, 90]])
def test_episodes_are_summed_across_rollouts(cuts):
    quantities, done = random_life(100, 4, 2, seed=5)
    sums, rows = EpisodeSums(NAMES, 4, 2), []
    for first, last in zip([0, *cuts], [*cuts, 100], strict=True):
        part = {name: values[first:last] for name, values in quantities.items()}
        rows += rows_of(sums.add(part, done[first:last]))
    assert sorted(rows) == by_hand(quantities, done)


def test_open_episodes_survive_a_restart():
    quantities, done = random_life(60, 3, 1, seed=6)
    halves = [
        ({n: v[part] for n, v in quantities.items()}, done[part])
        for part in (slice(0, 31), slice(31, 60))
    ]
    whole, before, after = (EpisodeSums(NAMES, 3, 1) for _ in range(3))
    whole.add(*halves[0])
    before.add(*halves[0])
    after.restore(before.state())
    expected = rows_of(whole.add(*halves[1]))
    assert rows_of(after.add(*halves[1])) == expected
    assert expected


def test_no_ended_episode_gives_no_rows():
    quantities, done = random_life(5, 2, 1, seed=7)
    columns = EpisodeSums(NAMES, 2, 1).add(quantities, np.zeros_like(done))
    assert all(len(column) == 0 for column in columns.values())


def test_goals_are_the_learners_or_the_caregivers():
    assert goal_event(build("caregiver_grid")) == "goal"
    assert goal_event(build("helping_grid")) == "caregiver_goal"
