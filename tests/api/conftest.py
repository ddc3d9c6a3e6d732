"""What the tests of the interfaces go over: every registered world in several configurations."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

SINGLE = [  # one controlled agent
    ("caregiver_grid", {}),
    ("caregiver_grid", {"layout": "x", "caregiver": "default"}),
    ("caregiver_grid", {"layout": "#####\n#..G#\n#...#\n#####", "num_lava": 1, "max_steps": 7}),
    ("caregiver_grid", {"size": 9, "caregiver": {"schedule": "intermittent", "miss": 0.2}}),
    ("helping_grid", {}),
    ("helping_grid", {"caregiver": "default", "time_limit": "truncated", "max_steps": 30}),
    ("food_trucks", {}),
    ("food_trucks", {"layout": "small", "view": 7, "remember": True, "eating": "action"}),
]
SHORT = {"min_steps": 100, "max_steps": 100}  # whole episodes within a test
SEVERAL = [
    ("helping_grid", {"scripted_caregiver": False, "caregiver": "default"}),
    ("rendezvous", {"caregiver": "default", "wander": 0.1}),
    (
        "rendezvous",
        {"num_agents": 5, "num_goals": 8, "needed": 4, "after_capture": "move", "wander": 0.2},
    ),
    ("commons_harvest", {"caregiver": "default", **SHORT}),
    ("commons_harvest", {"preset": "socialjax", "layout": "closed", "identities": True, **SHORT}),
    ("clean_up", {"caregiver": "default", **SHORT}),
    ("clean_up", {"preset": "ssd", "num_agents": 3, **SHORT}),
    ("doors", {}),
    ("doors", {"layout": "nested", "push_steps": 2, "reveal_goal": True, "max_steps": 90}),
    ("fishery", {"caregiver": "default"}),
    ("kitchen", {"caregiver": "default"}),
    ("kitchen", {"layout": "full_divider", "recipes": "tomato_lettuce", "num_agents": 4}),
    ("pasture", {"num_agents": 3, "newcomer_round": 2, "catches": "each"}),
    ("pollution", {"num_agents": 8, "allocation": "proportional"}),
]
ALL = SINGLE + SEVERAL


def name_of(case: tuple[str, dict[str, Any]]) -> str:
    """Returns a short name of a configuration for pytest."""
    return "-".join([case[0], *map(str, case[1])])


def _canonical(value: Any) -> Any:
    """Returns a value with arrays as bytes, so that ``==`` compares everything."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    return value


@pytest.fixture
def canonical() -> Callable[[Any], Any]:
    """Turns what environments tell into values that ``==`` compares to the last byte."""
    return _canonical


@pytest.fixture(params=ALL, ids=name_of)
def case(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A world and what else is given to ``prosocial.make``."""
    return request.param


@pytest.fixture(params=SINGLE, ids=name_of)
def single_case(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The same, of the worlds that have one controlled agent."""
    return request.param
