"""The YAML files: each option is valid, each key commented, and overrides reach the schema."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

import prosocial
from prosocial.agents.training.config import TrainConfig
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.compose import compose, hydra_arguments, run_label

CONF = Path(str(resources.files("prosocial.conf")))
FILES = sorted(path.relative_to(CONF) for path in CONF.rglob("*.yaml"))
# Restraint can be judged where apples are eaten, and nowhere else; a mind is about others.
ELSEWHERE = {"caregiver=restraint": "experiment=commons", "mind=inferring": "experiment=helping"}
# Who was the caregiver of a recorded session is not known before a session is named.
NAMED = {
    "caregiver=recorded": ["caregiver=recorded:outputs/play/one"],
    "experiment=recorded": ["experiment=recorded", "caregiver.recorded=outputs/play/one"],
}
OPTIONS = [f"{path.parent}={path.stem}" for path in FILES if path.parent.name]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_a_valid_life(option: str) -> None:
    given = [option, ELSEWHERE[option]] if option in ELSEWHERE else [option]
    config, folder = compose(NAMED.get(option, given))
    config.check_worlds()
    assert TrainConfig.from_mapping(config.to_dict()) == config
    assert folder.startswith(f"outputs/{config.name}/{config.condition}/")
    assert folder.endswith("/seed-0")


@pytest.mark.parametrize("condition", ["isr", "none", "oracle", "isr_continual"])
def test_every_condition_suits_helping(condition: str) -> None:
    config, _ = compose(["experiment=helping", f"condition={condition}"])
    assert config.condition == condition
    assert config.world == "helping_grid"
    assert config.phases[0].steps == 240_000


def test_conditions_differ_in_who_supplies_the_reward_of_autonomy() -> None:
    lives = {c: compose([f"condition={c}", "autonomy_world=x"])[0] for c in ("isr", "none")}
    lives |= {c: compose([f"condition={c}", "autonomy_world=x"])[0] for c in ("oracle", "frozen")}
    seen = {}
    for condition, life in lives.items():
        socialization, autonomy = life.phases
        assert (socialization.name, socialization.steps) == ("socialization", 120_000)
        assert socialization.collect
        assert life.phase_caregiver(socialization).schedule == "always"
        assert life.evaluation_world("autonomy_world")["layout"] == "x"
        world = life.phase_world(autonomy)
        present = life.phase_caregiver(autonomy).schedule
        seen[condition] = (present, autonomy.internal_reward, autonomy.fit_isr, world["layout"])
    assert seen == {
        "isr": ("never", True, "offline", "x"),
        "none": ("never", False, "none", "x"),
        "oracle": ("always", False, "none", "x"),
        "frozen": ("always", False, "none", "random"),
    }


def test_the_default_is_the_headline_experiment_of_the_paper() -> None:
    config, folder = compose([])
    assert folder == "outputs/value_internalization/isr/seed-0"
    assert config.world_config["num_walls"] == 3
    assert config.ppo == TrainConfig().ppo
    assert config.isr == TrainConfig().isr
    assert config.caregiver == TrainConfig().caregiver


def test_there_is_an_option_for_every_world() -> None:
    assert {path.stem for path in (CONF / "world").iterdir()} == set(prosocial.worlds())


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_key_has_a_comment(path: Path) -> None:
    bare, block = [], None
    for line in (CONF / path).read_text().splitlines():
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line.strip() or indent > block):
            continue
        block = indent if re.search(r":\s*\|", line) else None
        if re.match(r"\s*(- )?[\w/ @]+:", line) and not line.lstrip().startswith("#"):
            bare += [line] if " # " not in line and "defaults:" not in line else []
    assert not bare


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sed=1", "no key 'sed'. Did you mean 'seed'"),
        ("ppo.learnin_rate=1", "no key 'ppo.learnin_rate'. Did you mean 'learning_rate'"),
        ("phases.autonomy.stepz=1", "no key 'phases.autonomy.stepz'. Did you mean 'steps'"),
        ("conditon=none", "no key 'conditon'. Did you mean 'condition'"),
        ("ppo.gamma=high", "ppo.gamma is 'high'; expected a number"),
        ("ppo.gamma=2", "gamma is 2.0; expected a number in"),
        ("phases.autonomy.steps=-5", "steps is -5; expected an integer >= 1"),
        ("condition=nun", "Could not find 'condition/nun'"),
        ("seed=", "seed is ''; expected a whole number"),
        ("a b=1", "a b=1"),
    ],
)
def test_wrong_overrides_are_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose([override])


def test_a_recorded_caregiver_is_named_by_its_sessions(tmp_path: Path) -> None:
    config, folder = compose(["caregiver=recorded:a/b c,d", "seed=3"])
    assert config.recorded == ("a/b c", "d")
    assert (config.name, config.condition) == ("recorded", "isr")
    assert config.caregiver.schedule == "never"
    (autonomy,) = config.phases
    assert config.phase_caregiver(autonomy).schedule == "never"
    assert (autonomy.fit_isr, autonomy.internal_reward) == ("offline", True)
    assert folder.endswith("caregiver.recorded=_a_b_c_,_d_,caregiver=recorded/seed-3")
    for name in ("two", "one", "three.txt"):
        (tmp_path / name).mkdir()
    config, _ = compose([f"caregiver=recorded:{tmp_path}/*o*,x"])
    assert config.recorded == (f"{tmp_path}/one", f"{tmp_path}/two", "x")
    control, _ = compose(["caregiver=recorded:x", "condition=none"])
    assert not control.phases[0].internal_reward
    longer, _ = compose(["caregiver=recorded:x", "experiment=value_internalization"])
    assert [phase.name for phase in longer.phases] == ["socialization", "autonomy"]
    assert longer.phase_caregiver(longer.phases[0]).schedule == "never"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["caregiver=recorded"], "expected the session .*caregiver=recorded:PATH"),
        (["experiment=recorded"], "expected the session .*caregiver=recorded:PATH"),
        (["caregiver=recorded:"], "No session of `prosocial play` is at ''"),
        (["caregiver=recorded:nowhere/*"], r"No session of `prosocial play` is at 'nowhere/\*'"),
    ],
)
def test_a_recorded_caregiver_without_a_session_is_refused(
    overrides: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        compose(overrides)


def test_keys_that_no_file_mentions_can_be_set() -> None:
    config, _ = compose(["phases.autonomy.learn=false", "world_config.num_lava=2", "seed=7"])
    assert not config.phases[1].learn
    assert config.world_config["num_lava"] == 2
    assert config.seed == 7


def test_arguments_for_hydra() -> None:
    given = ["-m", "seed=1,2", "condition=isr", "+a=1", "~b", "hydra.run.dir=x", "--cfg", "job"]
    expected = [
        "-m",
        "++seed=1,2",
        "condition=isr",
        "+a=1",
        "~b",
        "hydra.run.dir=x",
        "--cfg",
        "job",
    ]
    assert hydra_arguments(given) == expected


def test_folders_are_named_after_what_was_overridden() -> None:
    assert run_label(["++seed=1", "condition=none", "checkpoint_every=3"]) == ""
    assert run_label(["++ppo.gamma=0.9", "autonomy_world=x"]) == "/autonomy_world=x,ppo.gamma=0.9"
    assert run_label(["parent=a/b c"]) == "/parent=a_b_c"
    long = [run_label([f"world_config.layout={'#' * 200}{end}"]) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(label) < 130 for label in long)


def test_a_preset_of_a_world_decides_what_is_left_to_it() -> None:
    from prosocial.envs.engine import build

    config, _ = compose(["experiment=commons", "world_config.preset=ssd"])
    built = build(config.world, **config.world_config).config
    assert built == build("commons_harvest", preset="ssd", min_steps=1000, max_steps=1000,
                          end_probability=0.0).config  # fmt: skip
    assert built.num_agents == 5  # type: ignore[attr-defined]
