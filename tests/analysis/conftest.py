"""One experiment, written once, for the tests that only read it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def experiment_folder(tmp_path_factory) -> Path:
    from synthetic import write_experiment

    return write_experiment(tmp_path_factory.mktemp("experiment"), seeds=(1, 2, 3))
