"""The configuration of a life: round trips, and errors that say what was wrong and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.envs.engine.errors import ConfigError

WITHOUT_DEFAULTS: dict[str, Any] = {
    "name": "a",
    "seed": 3,
    "world_config": {"num_walls": 5, "layout": "random"},
    "ppo": {"learning_rate": 1, "num_worlds": 4, "normalize_advantages": "batch"},
    "caregiver": {"norms": {"reach_goal": 0.5}, "schedule": "intermittent", "probability": 0.5},
    "isr": {"rule": "threshold", "max_updates": 10},
    "phases": {
        "b": {"steps": 10, "collect": True},
        "a": {"fit_isr": "offline", "internal_reward": True, "caregiver": {"schedule": "never"}},
    },
    "parent": "elsewhere",
    "evaluation": {"worlds": {"x": {"layout": "x"}, "base": {}}},
}


def test_round_trip_through_mapping_and_yaml(tmp_path: Path) -> None:
    for config in (TrainConfig(), TrainConfig.from_mapping(WITHOUT_DEFAULTS)):
        assert TrainConfig.from_mapping(config.to_dict()) == config
        (tmp_path / "config.yaml").write_text(config.to_yaml())
        assert TrainConfig.load(tmp_path / "config.yaml") == config
        assert yaml.safe_load(config.to_yaml()) == config.to_dict()


def test_values_arrive_with_their_types_and_phases_in_order() -> None:
    config = TrainConfig.from_mapping(WITHOUT_DEFAULTS)
    assert [phase.name for phase in config.phases] == ["b", "a"]
    assert isinstance(config.ppo.learning_rate, float)
    assert config.phases[0].steps == 10
    assert config.caregiver.norms == {"reach_goal": 0.5}
    assert config.isr.max_updates == 10
    assert TrainConfig.from_mapping({"phases": [{"name": "b", "steps": 1.2e5}]}).phases == (
        PhaseConfig("b", steps=120_000),
    )


def test_defaults_are_those_of_the_paper() -> None:
    config = TrainConfig()
    assert config.ppo == PPOConfig(
        learning_rate=1e-4, rollout_steps=2048, minibatch_size=64, num_epochs=10, gae_lambda=0.95
    )
    assert config.isr.learning_rate == 3e-4
    assert config.evaluation.episodes == 100


def test_overrides_of_phases_and_evaluations_are_merged() -> None:
    config = TrainConfig.from_mapping(WITHOUT_DEFAULTS)
    first, second = config.phases
    assert config.phase_caregiver(first) == config.caregiver
    assert config.phase_caregiver(second) == config.caregiver.replace(schedule="never")
    phase = PhaseConfig("z", world={"num_walls": 1})
    assert config.phase_world(phase) == {"num_walls": 1, "layout": "random"}
    assert config.evaluation_world("x") == {"num_walls": 5, "layout": "x"}


def test_replace_checks_again() -> None:
    assert TrainConfig().replace(seed=5).seed == 5
    with pytest.raises(ConfigError, match=r"seed is -1; expected an integer"):
        TrainConfig().replace(seed=-1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sed": 1}, "no key 'sed'. Did you mean 'seed'"),
        ({"ppo": {"learning_rat": 1}}, "no key 'ppo.learning_rat'. Did you mean 'learning_rate'"),
        ({"isr": {"epoch": 1}}, "no key 'isr.epoch'. Did you mean 'epochs'"),
        ({"phases": {"a": {"step": 1}}}, "no key 'phases.a.step'. Did you mean 'steps'"),
        ({"phases": [{"steps": 1}]}, r"phases\[0\] lacks the key 'name'"),
        ({"phases": {"a": 3}}, "phases.a is 3; expected a mapping"),
        ({"phases": 3}, "phases is 3; expected a list"),
        ({"ppo": 3}, "ppo is 3; expected a mapping with keys of PPOConfig"),
        ({"ppo": {"gamma": "high"}}, "ppo.gamma is 'high'; expected a number"),
        ({"seed": 1.5}, "seed is 1.5; expected a whole number"),
        ({"seed": True}, "seed is True; expected a whole number"),
        ({"policy": {"scale_observations": 1}}, "scale_observations is 1; expected true or false"),
        ({"device": "tpu"}, "device is 'tpu'; expected one of cpu, cuda"),
        ({"parent": 3}, "parent is 3; expected a string"),
        ({"world_config": 3}, "world_config is 3; expected a mapping"),
        ({"caregiver": {"norms": {"reach_goal": "x"}}}, "Norm 'reach_goal': the amount is 'x'"),
        ({"caregiver": {"schedule": "often"}}, "schedule is 'often'; expected one of always"),
        ({"ppo": {"num_worlds": 0}}, "num_worlds is 0; expected an integer >= 1"),
        ({"phases": {"a": {"steps": -1}}}, "phases.a: PhaseConfig.steps is -1; expected an int"),
    ],
)
def test_wrong_keys_and_values_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_mapping(values)


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        *(
            (PPOConfig, n, 0)
            for n in ("learning_rate", "num_worlds", "rollout_steps", "num_epochs")
        ),
        *((PPOConfig, n, 0) for n in ("minibatch_size", "clip_range", "max_grad_norm", "adam_eps")),
        *((PPOConfig, n, -0.1) for n in ("entropy_coef", "value_coef", "gamma", "gae_lambda")),
        *((PPOConfig, n, 1.1) for n in ("gamma", "gae_lambda")),
        (PPOConfig, "learning_rate", float("nan")),
        (PPOConfig, "rollout_steps", 2049),
        (PPOConfig, "minibatch_size", 4096),
        (PPOConfig, "normalize_advantages", "never"),
        (PolicyConfig, "network", "mlp"),
        (EvaluationConfig, "episodes", 0),
        (EvaluationConfig, "every_steps", -1),
        (TrainConfig, "name", ""),
        (TrainConfig, "seed", 2**63),
        (TrainConfig, "phases", ()),
        (TrainConfig, "phases", (PhaseConfig("a"), PhaseConfig("a"))),
        (TrainConfig, "checkpoint_every", 0),
        (TrainConfig, "num_env_runners", 3),
        (TrainConfig, "torch_threads", 0),
    ],
)
def test_ranges(config: Any, field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"{config.__name__}\.{field} is .*; expected"):
        config(**{field: value})


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ({"a": {"fit_isr": "offline"}}, r"phases\.a\.fit_isr is 'offline', but no earlier phase"),
        ({"a": {"fit_isr": "continual"}}, "as long as collect is false"),
        ({"a": {"collect": True, "internal_reward": True}}, "no ISR is fitted by then"),
    ],
)
def test_an_isr_is_not_used_before_there_is_one(phases: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_mapping({"phases": phases})


def test_a_parent_may_bring_the_isr() -> None:
    phases = {"a": {"fit_isr": "offline", "internal_reward": True}}
    assert TrainConfig.from_mapping({"phases": phases, "parent": "outputs/a"}).phases


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"world": "cargiver_grid"}, "no world named 'cargiver_grid'"),
        ({"world_config": {"num_wals": 3}}, "no option 'num_wals'. Did you mean 'num_walls'"),
        ({"phases": {"a": {"world": {"size": 1}}}}, r"phases\.a\.world.*size is 1"),
        ({"phases": {"a": {"caregiver": {"schedul": "x"}}}}, r"no key 'phases\.a\.caregiver\.sch"),
        ({"evaluation": {"worlds": {"e": {"layout": "?"}}}}, r"evaluation\.worlds\.e.*layout"),
    ],
)
def test_worlds_are_checked_before_training(values: dict[str, Any], message: str) -> None:
    config = TrainConfig.from_mapping(values)
    with pytest.raises(ConfigError, match=message):
        config.check_worlds()


def test_good_worlds_pass() -> None:
    TrainConfig.from_mapping(WITHOUT_DEFAULTS).check_worlds()


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "\x00"])
def test_broken_files_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        TrainConfig.load(path)
    with pytest.raises(ConfigError, match="is this a run folder"):
        TrainConfig.load(tmp_path / "nowhere")


def test_yaml_cannot_run_code(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("name: !!python/object/apply:os.mkdir [planted]\n")
    with pytest.raises(ConfigError):
        TrainConfig.load(path)
    assert not Path("planted").exists()


def test_neither_torch_nor_ray_is_imported() -> None:
    code = (
        "import sys, prosocial.agents.training.config, prosocial.agents.training.run_folder;"
        "assert not {'torch', 'ray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
