"""Lives in a commons: several learners, partners in some slots, mixed rewards, what is left."""

import numpy as np
import polars as pl
import pytest
import torch

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.rollout import collect
from prosocial.agents.training.run_folder import read_checkpoint, read_experience, read_table
from prosocial.agents.training.utility import utility
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social.config import CaregiverConfig
from prosocial.envs.social.transforms import TransformConfig, make_transform

MAP = """
########
#AAPPPA#
#AA...A#
#AAP..A#
########
"""
WORLD = {
    "layout": MAP,
    "num_agents": 3,
    "min_steps": 20,
    "max_steps": 20,
    "end_probability": 0.0,
    "view_ahead": 3,
    "view_behind": 1,
    "view_side": 2,
}
SOCIAL = PhaseConfig("socialization", steps=400, collect=True)
ALONE = PhaseConfig(
    "autonomy",
    steps=300,
    caregiver={"schedule": "never"},
    internal_reward=True,
    fit_isr="offline",
    partners={"1": "greedy_harvester"},
)


def make_config(*phases: PhaseConfig, **changes) -> TrainConfig:
    defaults = {
        "world": "commons_harvest",
        "world_config": WORLD,
        "ppo": PPOConfig(num_worlds=5, rollout_steps=100, minibatch_size=100, num_epochs=2),
        "policy": PolicyConfig(network="cell_embedding"),
        "caregiver": CaregiverConfig(norms={"restraint": {"k": 5}}),
        "isr": ISRConfig(network="cell_embedding", rule="gated", scale=2.0, max_updates=20),
        "reward_transform": TransformConfig("inequity_aversion"),
        "evaluation": EvaluationConfig(worlds={}),
        "checkpoint_every": 2,
        "phases": phases,
        "seed": 3,
    }
    return TrainConfig(**{**defaults, **changes})


def tables(folder) -> dict[str, pl.DataFrame]:
    return {
        "metrics": read_table(folder, "metrics").drop("seconds"),
        "episodes": read_table(folder, "episodes"),
    }


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commons") / "life"
    LifeCourse(make_config(SOCIAL, ALONE), folder).run()
    return folder


def test_an_interrupted_life_ends_as_if_it_had_not_been(life, tmp_path):
    for stop in (3, 6):  # in the first and in the second phase

        def interrupt(row, stop=stop):
            if row["iteration"] == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            LifeCourse(make_config(SOCIAL, ALONE), tmp_path / "life").run(interrupt)
    LifeCourse(make_config(SOCIAL, ALONE), tmp_path / "life").run()
    whole, resumed = read_checkpoint(life), read_checkpoint(tmp_path / "life")
    assert sorted(whole.tensors) == sorted(resumed.tensors)
    for name, tensor in whole.tensors.items():
        assert np.array_equal(tensor, resumed.tensors[name]), name
    for name, table in tables(life).items():
        assert table.equals(tables(tmp_path / "life")[name], null_equal=True), name


def test_every_episode_tells_who_acted_and_what_was_left(life):
    episodes = tables(life)["episodes"]
    second = episodes.filter(pl.col("phase") == "autonomy")
    assert second.filter(pl.col("agent") == 1)["partner"].unique().to_list() == ["greedy_harvester"]
    assert second.filter(pl.col("agent") != 1)["partner"].unique().to_list() == ["learner"]
    first = episodes.filter(pl.col("phase") == "socialization")
    assert first["partner"].unique().to_list() == ["learner"]
    assert episodes["length"].unique().to_list() == [20]
    by_world = episodes.group_by("phase", "world_index", "episode").agg(
        pl.col("stock_final", "stock_mean").n_unique()
    )
    assert by_world["stock_final"].max() == by_world["stock_mean"].max() == 1
    assert (episodes["stock_final"] <= 9).all()
    assert (episodes["ate"] == episodes["env_return"]).all()
    assert (episodes["reward_steps"] == episodes["ate"]).all()
    assert (episodes["reward_time"] <= 19 * episodes["reward_steps"]).all()
    assert (episodes["violations"] <= episodes["ate"]).all()
    assert "stock_final" in tables(life)["metrics"].columns


def test_all_learners_feed_one_memory_but_partners_do_not(tmp_path):
    phase = PhaseConfig("socialization", steps=200, collect=True, partners={"0": "random"})
    caregiver = CaregiverConfig(norms={"restraint": {"k": 5}}, watches=(0, 2))
    LifeCourse(make_config(phase, caregiver=caregiver), tmp_path / "life").run()
    chunks = read_experience(tmp_path / "life", read_checkpoint(tmp_path / "life"))
    assert sum(len(chunk["actions"]) for chunk in chunks) == 200  # agent 2 alone


def test_part_of_the_unrewarded_steps_is_remembered_and_all_rewarded_ones(tmp_path):
    kept = {}
    for share in (1.0, 0.25):
        isr = ISRConfig(network="cell_embedding", keep_unrewarded=share)
        LifeCourse(make_config(SOCIAL, isr=isr), tmp_path / str(share)).run()
        checkpoint = read_checkpoint(tmp_path / str(share))
        chunks = list(read_experience(tmp_path / str(share), checkpoint))
        kept[share] = np.concatenate([chunk["social_rewards"] for chunk in chunks])
    assert len(kept[1.0]) == 3 * 400
    assert (kept[0.25] != 0).sum() == (kept[1.0] != 0).sum() > 0
    unrewarded = (kept[1.0] == 0).sum()
    assert (kept[0.25] == 0).sum() == pytest.approx(unrewarded / 4, abs=4 * unrewarded**0.5)


def test_partners_act_in_their_slots_and_learners_in_theirs():
    setup = WorldSetup("commons_harvest", WORLD, CaregiverConfig(), 5, {"2": "greedy_harvester"})
    batch = setup.make_batch(4)
    batch.reset()

    def turner(observations):
        logits = torch.zeros(len(observations), 8)
        logits[:, 5] = 1e9
        return logits, torch.zeros(len(observations))

    rollout = collect(turner, batch, 1, setup.make_partners(3))
    assert (rollout.actions[0, :, :2] == 5).all()
    assert (rollout.actions[0, :, 2] != 5).any()
    assert (rollout.time == 0).all()
    assert np.array_equal(rollout.stock[0], batch.state["stock"])


def test_the_transform_is_applied_step_by_step_with_its_traces(tmp_path):
    setup = WorldSetup("commons_harvest", WORLD, CaregiverConfig(), 5)
    batch = setup.make_batch(4)
    batch.reset()
    rollout = collect(lambda seen: (torch.zeros(len(seen), 8), torch.zeros(len(seen))), batch, 30)
    transform, again = make_transform("inequity_aversion"), make_transform("inequity_aversion")
    transform.begin(4, 3)
    again.begin(4, 3)
    total = utility(rollout, None, transform).total
    by_hand = [again(r, d) for r, d in zip(rollout.env_rewards, rollout.done, strict=True)]
    assert np.array_equal(total, np.stack(by_hand) + rollout.social_rewards)
    assert not np.array_equal(total, rollout.env_rewards + rollout.social_rewards)


@pytest.mark.parametrize(
    ("partners", "message"),
    [
        ({"3": "random"}, "slot '3'; expected an agent's index, 0 .. 2"),
        ({"x": "random"}, "slot 'x'"),
        ({"0": "random", "1": "random", "2": "random"}, "leave one to a learner"),
        ({"0": "greedy"}, "no partner named 'greedy'"),
        ({"0": {"name": "random", "wings": 2}}, "no option 'wings'"),
    ],
)
def test_wrong_partners_are_refused_before_training(partners, message):
    phase = PhaseConfig("socialization", steps=100, partners=partners)
    with pytest.raises(ConfigError, match=message):
        make_config(phase).check_worlds()


def test_a_partner_with_a_memory_goes_on_after_an_interruption(tmp_path):
    partners = {"0": "sanctioning_alternator", "1": "reciprocator"}
    config = make_config(
        PhaseConfig("beside_reciprocators", steps=600, partners=partners),
        world="clean_up",
        world_config={"num_agents": 3},
        caregiver=CaregiverConfig(),
    )
    LifeCourse(config, tmp_path / "whole").run()

    for stop in (1, 3):

        def interrupt(row, stop=stop):
            if row["iteration"] == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            LifeCourse(config, tmp_path / "parts").run(interrupt)
    LifeCourse(config, tmp_path / "parts").run()
    whole, parts = (read_checkpoint(tmp_path / name).tensors for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    for name, table in tables(tmp_path / "whole").items():
        assert table.equals(tables(tmp_path / "parts")[name], null_equal=True), name


def test_rewards_are_not_mixed_with_those_of_somebody_who_is_not_there_yet():
    config = make_config(
        PhaseConfig("socialization", steps=100),
        world="fishery",
        world_config={"newcomer_round": 3},
        caregiver=CaregiverConfig(),
    )
    with pytest.raises(ConfigError, match="a newcomer who joins fishery in round 3"):
        config.check_worlds()
    config.replace(reward_transform=TransformConfig()).check_worlds()
