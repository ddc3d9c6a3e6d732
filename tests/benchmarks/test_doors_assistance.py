"""The program that measures what inferring a goal is worth to a helper."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "assistance.py"


def test_the_ordering_of_the_helpers():
    """Oracle >= inferring > not inferring >= none, in steps and in success."""
    program = runpy.run_path(str(PROGRAM))
    options = {"layout": "nested", "push_steps": 0, "max_steps": 25}
    found = {
        helper: program["play"](helper, options, range(4), 60, 2.0) for helper in program["HELPERS"]
    }
    steps = {helper: outcome.steps.mean() for helper, outcome in found.items()}
    success = {helper: outcome.success.mean() for helper, outcome in found.items()}
    assert steps["oracle"] <= steps["inferring"] + 0.1
    for helper in ("not inferring", "every door"):
        assert steps["inferring"] < steps[helper] - 1
        assert success["inferring"] >= success[helper]
        assert steps[helper] < steps["none"]
        assert success[helper] >= success["none"] == 0
    assert success["oracle"] == 1
    assert success["inferring"] > 0.98
    # An episode that is cut off counts with all its steps.
    assert (found["none"].steps == 25).all()
    assert (found["oracle"].steps[found["oracle"].success] < 25).any()


def test_the_same_seeds_give_the_same_outcome_and_the_same_human():
    play = runpy.run_path(str(PROGRAM))["play"]
    options = {"layout": "corridor"}
    first, again = (play("none", options, [3, 4], 20, 2.0) for _ in range(2))
    assert (first.steps == again.steps).all()
    assert (play("none", options, [4], 20, 2.0).steps[0] == first.steps[1]).all()
    # Where nobody helps, nobody's presence matters: the human draws the same numbers.
    assert np.ptp(first.steps) > 0


def test_the_program_prints_a_table():
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--quick", "--seeds", "2", "--episodes", "4"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for word in ("cross, locked", "| oracle | 1.000", "| none |", "steps saved", "95 %"):
        assert word in done.stdout
