"""Planning without social reward."""

import pytest

from prosocial.envs.engine import registry
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.planning import forward_moves


def plan_on(**config):
    return forward_moves(registry.build("caregiver_grid", **config))


@pytest.mark.parametrize("layout", ["x", "four_rooms"])
def test_forward_is_never_worth_its_cost(layout):
    assert plan_on(layout=layout) == {"states": 1520, "forward_better": 0, "forward_tied": 0}


def test_forward_is_as_good_as_turning_when_it_is_free():
    result = plan_on(layout="x", step_cost=0.0)
    assert result["forward_better"] == 0
    assert result["forward_tied"] > 1000


def test_random_walls_cannot_be_planned_on():
    with pytest.raises(ConfigError, match="fixed layout"):
        plan_on(num_walls=3)
