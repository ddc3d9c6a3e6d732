from __future__ import annotations

import dataclasses
import json

import pytest

from prosocial.agents.training.schema import from_mapping, to_dict
from prosocial.envs.engine import ConfigError, build
from prosocial.envs.social import (
    Always,
    Caregiver,
    CaregiverConfig,
    EventNorm,
    Intermittent,
    Never,
    Restraint,
    Until,
    get_norm,
    make_caregiver,
)

WORLD = build("caregiver_grid")


def test_the_default_caregiver_of_a_world_is_that_of_the_paper():
    expected = Caregiver((get_norm("reach_goal"),), Always())
    for given in (CaregiverConfig(), {}, "default", "reach_goal", expected):
        assert make_caregiver(given, WORLD) == expected
    assert make_caregiver(None, WORLD) is None
    assert make_caregiver("default", build("helping_grid")) == Caregiver((get_norm("help"),))


def test_every_field_reaches_the_caregiver():
    given = {
        "norms": {"reach_goal": 1.5},
        "praise": False,
        "blame": False,
        "miss": 0.1,
        "false_alarm": 0.2,
        "noise_sd": 0.3,
        "watches": [0],
    }
    assert make_caregiver(given, WORLD) == Caregiver(
        (get_norm("reach_goal", 1.5),),
        praise=False,
        blame=False,
        miss=0.1,
        false_alarm=0.2,
        noise_sd=0.3,
        watches=(0,),
    )


@pytest.mark.parametrize(
    ("fields", "schedule"),
    [
        ({"schedule": "always"}, Always()),
        ({"schedule": "never", "until_step": 7}, Never()),
        ({"schedule": "until", "until_step": 7}, Until(7)),
        ({"schedule": "intermittent", "probability": 0.2}, Intermittent(0.2)),
        (
            {"schedule": "intermittent", "probability": 0.2, "intermittent_per": "episode"},
            Intermittent(0.2, "episode"),
        ),
    ],
)
def test_schedules_by_name(fields, schedule):
    caregiver = make_caregiver(fields, WORLD)
    assert caregiver is not None
    assert caregiver.schedule == schedule


def test_a_config_can_be_overridden_and_stays_as_it_was():
    base = CaregiverConfig(norms={"reach_goal": 0.4}, schedule="until", until_step=9)
    gone = base.replace(schedule="never")
    assert gone == CaregiverConfig(norms={"reach_goal": 0.4}, schedule="never", until_step=9)
    assert base.schedule == "until"
    with pytest.raises(dataclasses.FrozenInstanceError):
        base.schedule = "never"  # type: ignore[misc]


def test_norms_take_an_amount_or_an_amount_with_options():
    harvest = build("commons_harvest")
    for given, norm in (
        (-1, get_norm("restraint", -1)),
        ({"amount": -1.0, "k": 2, "praise": 0.0}, Restraint(amount=-1.0, k=2, praise=0.0)),
        ({"k": 2}, Restraint(k=2)),
        ({}, Restraint()),
    ):
        assert make_caregiver({"norms": {"restraint": given}}, harvest) == Caregiver((norm,))


def test_a_config_survives_the_way_through_a_file():
    config = CaregiverConfig(
        norms={"restraint": {"amount": -1.0, "k": 2}, "peer_sanction": -0.5}, watches=(0, 2)
    )
    plain = json.loads(json.dumps(to_dict(config)))
    assert from_mapping(CaregiverConfig, plain) == config
    assert CaregiverConfig.from_mapping(plain) == config
    assert config.replace(watches=None) == CaregiverConfig(norms=config.norms)
    old = {"norms": {"reach_goal": 1}, "schedule": "never"}  # as written before there were options
    assert from_mapping(CaregiverConfig, old).make(WORLD).norms == (get_norm("reach_goal", 1.0),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shedule": "never"}, "'shedule'.*Did you mean 'schedule'"),
        ({"schedule": "sometimes"}, "schedule is 'sometimes'; expected one of always, never"),
        ({"until_step": 0}, "until_step is 0; expected an integer >= 1"),
        ({"until_step": 2.5}, "until_step is 2.5"),
        ({"probability": 2}, r"probability is 2; expected a number in \[0, 1\]"),
        ({"intermittent_per": "day"}, "intermittent_per is 'day'; expected one of step, episode"),
        ({"miss": -0.1}, "miss is -0.1"),
        ({"false_alarm": "often"}, "false_alarm is 'often'"),
        ({"noise_sd": float("nan")}, "noise_sd is nan"),
        ({"praise": "yes"}, "praise is 'yes'; expected True or False"),
        ({"blame": 1}, "blame is 1; expected True or False"),
        ({"norms": {"reach_gaol": 1.0}}, "'reach_gaol'.*Did you mean 'reach_goal'"),
        ({"norms": {"reach_goal": "much"}}, "amount is 'much'; expected a number, or a mapping"),
        ({"norms": {"reach_goal": True}}, "amount is True; expected a number"),
        ({"norms": {"restraint": {"ks": 1}}}, "no option 'ks'.*Did you mean 'k'"),
        ({"norms": {"restraint": {"amount": "x"}}}, "amount is 'x'; expected a number"),
        ({"watches": []}, r"watches is \(\); expected different numbers of agents"),
        ({"watches": [0, 0]}, r"watches is \(0, 0\)"),
        ({"watches": [-1]}, r"watches is \(-1,\)"),
        ({"watches": [0.5]}, r"watches is \(0.5,\)"),
        ({"watches": "all"}, "watches is 'all'"),
        ({"watches": [1]}, r"watches agents \[1\], but world 'caregiver_grid' has 1"),
        ({"norms": ["reach_goal"]}, "norms is .*; expected a mapping"),
        ({"norms": {"help": 0.4}}, "'helped', but world 'caregiver_grid' has no such event"),
    ],
)
def test_bad_configs_name_the_field_and_the_remedy(fields, message):
    with pytest.raises(ConfigError, match=message):
        make_caregiver(fields, WORLD)


def test_bad_caregivers_name_the_remedy():
    with pytest.raises(ConfigError, match=r"'defalt'.*Did you mean 'default'"):
        make_caregiver("defalt", WORLD)
    with pytest.raises(ConfigError, match="type int; expected a CaregiverConfig"):
        make_caregiver(3, WORLD)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Did you mean 'goal'"):
        make_caregiver(Caregiver((EventNorm("n", "gaol", 1),)), WORLD)
    elsewhere = dataclasses.replace(WORLD, name="elsewhere")
    with pytest.raises(ConfigError, match=r"'elsewhere' has no default norm.*reach_goal"):
        make_caregiver("default", elsewhere)
