"""Where a run comes from: software, machine and command."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import prosocial

PACKAGES = (
    "numpy",
    "numba",
    "torch",
    "ray",
    "gymnasium",
    "pettingzoo",
    "polars",
    "safetensors",
    "hydra-core",
)


def provenance(seed: int, command: Sequence[str] | None = None) -> dict[str, Any]:
    """Returns version, git commit, packages, seed, machine, command and time as plain values."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": list(command) if command is not None else sys.argv,
        "seed": seed,
        "version": prosocial.__version__,
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": {
            "host": socket.gethostname(),
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
        },
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Returns the commit of the checkout ("-dirty" if files differ), None outside a checkout."""
    root = Path(prosocial.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(
            ["git", "-C", str(root), *describe],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
