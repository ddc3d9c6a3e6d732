"""Compiles the loop over worlds for one world's rules, with a disk cache that never goes stale.

numba's own cache misses functions built in a closure and is blind to changes in imported files
(numba issues 6264 and 9483). So the loop is written as a small module whose file name is the hash
of every source file that the rules rest on, and numba caches that module: unchanged rules start in
a fraction of a second, changed rules always compile anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
from numba.core.types import Record

_SOURCE = '''"""Loop over worlds, generated for {rules} by prosocial.envs.engine.kernel."""
from numba import njit
from {rules} import observe, reset, step
from prosocial.envs.engine.random import reset_key, step_key


@njit(cache=True, nogil=True)
def begin(worlds, params, observations, low, high):
    for w in range(low, high):
        world = worlds[w]
        world.t = 0
        reset(world, params, reset_key(world.seed, world.episode))
        show(world, params, observations[w].agents)


@njit(cache=True, nogil=True)
def look(worlds, params, observations, low, high):
    for w in range(low, high):
        show(worlds[w], params, observations[w].agents)


@njit
def show(world, params, observations):
    for agent in range(observations.shape[0]):
        observe(world, params, agent, observations[agent])


@njit(cache=True, nogil=True)
def advance(worlds, params, actions, rewards, events, event_bytes, status, observations,
            final_observations, final_states, auto_reset, low, high):
    for w in range(low, high):
        world = worlds[w]
        rewards[w].agents[:] = 0
        event_bytes[w].agents[:, :] = 0
        key = step_key(world.seed, world.step)
        world.step += 1
        status[w] = step(world, params, key, actions[w].agents, rewards[w].agents, events[w].agents)
        if status[w] != 0:
            show(world, params, final_observations[w].agents)
            final_states[w] = world
            if auto_reset:
                world.episode += 1
                world.t = 0
                reset(world, params, reset_key(world.seed, world.episode))
        show(world, params, observations[w].agents)
'''


def _symbol_of_record(record: Record) -> tuple[str, tuple[str]]:
    return "Record", (hashlib.sha256(record.name.encode()).hexdigest()[:20],)


# numba names a compiled function after the record types of its arguments, and those after a number
# counted up in each process. Functions loaded from the disk cache and functions compiled in this
# process can then get one name for two layouts of a record, and the linker takes the wrong one: a
# crash. A name made from the layout itself is right in every process.
Record.mangling_args = property(_symbol_of_record)  # type: ignore[assignment, method-assign]


def compiled() -> bool:
    """Returns whether rules run compiled (not under ``NUMBA_DISABLE_JIT=1``)."""
    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


@cache
def load(rules_name: str) -> ModuleType:
    """Returns the loop over worlds for a rules module: functions begin, look and advance.

    Args:
        rules_name: Importable name of the module with reset, step and observe.
    """
    rules = importlib.import_module(rules_name)
    source = _SOURCE.format(rules=rules_name)
    digest = hashlib.sha256(source.encode())
    digest.update(f"{sys.version_info} {numba.__version__} {np.__version__}".encode())
    for path in sorted(_sources(rules)):
        digest.update(path.read_bytes())
    name = f"prosocial_kernel_{rules_name.replace('.', '_')}_{digest.hexdigest()[:20]}"
    path = _cache_folder() / f"{name}.py"
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        os.replace(temporary, path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"The compiled loop {path} cannot be imported; delete it and try again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _sources(rules: ModuleType) -> set[Path]:
    """Returns the files that the rules rest on: their package, the engine, imported rules."""
    found: set[Path] = set(Path(__file__).parent.glob("*.py"))
    pending, seen = [rules], set()
    while pending:
        module = pending.pop()
        if module.__name__ in seen or module.__file__ is None:
            continue
        seen.add(module.__name__)
        path = Path(module.__file__)
        found.add(path)
        if "." in module.__name__:
            found.update(path.parent.glob("*.py"))
        for value in vars(module).values():
            function = getattr(value, "py_func", None)
            if function is not None:
                pending.append(sys.modules[function.__module__])
    return found


def _cache_folder() -> Path:
    """Returns a private, writable folder for the generated modules and numba's object files."""
    chosen = os.environ.get("PROSOCIAL_CACHE_DIR")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(chosen) if chosen else base / "prosocial" / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        if chosen:
            raise
    # A home that cannot be written (containers, shared accounts): one folder a process.
    return Path(tempfile.mkdtemp(prefix="prosocial-kernels-"))
