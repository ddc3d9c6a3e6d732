"""Lets the tests of sessions import ``people``, and write logs without waiting for the disk."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are not forced to the disk: for tests that hold long sessions and crash nothing."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
