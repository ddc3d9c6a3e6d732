"""The benchmark of the minds runs; what it compares gives the same numbers."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "minds.py"


@pytest.mark.slow
def test_it_runs():
    command = [sys.executable, str(BENCHMARK), "--quick", "--repeats", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    rooms = [row for row in rows if row and row[0][:2].isdigit() and "x" in row[0]]
    assert len(rooms) == 8
    assert all(float(row[-1]) < 1e-5 for row in rooms)
    (calibrated,) = (row for row in rows if row[:3] == ["the", "true", "beta"])
    assert max(map(float, calibrated[-2:])) < 0.02
