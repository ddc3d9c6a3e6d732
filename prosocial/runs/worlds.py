"""`prosocial worlds`: the registered worlds, or the options of one."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Sequence

import prosocial
from prosocial.envs.engine.registry import entry


def main(argv: Sequence[str]) -> int:
    """Prints a line per world; with a name, its options, their defaults and meaning."""
    parser = argparse.ArgumentParser(
        prog="prosocial worlds", description="List the worlds, or describe one."
    )
    parser.add_argument("world", nargs="?", help="describe this world and its options")
    name = parser.parse_args(argv).world
    if name is None:
        width = max(map(len, prosocial.worlds()))
        for world in prosocial.worlds():
            print(f"{world:{width}}  {summary(world)}")
        return 0
    config = entry(name).config_class
    print(f"{name}: {summary(name)}\n\nOptions:")
    for field in dataclasses.fields(config):
        default = field.default_factory() if callable(field.default_factory) else field.default
        print(f"  {field.name}={default!r}")
    print(f"\n{inspect.getdoc(config)}")
    return 0


def summary(name: str) -> str:
    """Returns what a world is, in one line: the first one of the docstring of its package."""
    module = entry(name).config_class.__module__
    text = sys.modules[module.rpartition(".")[0] or module].__doc__ or ""
    return text.strip().partition("\n")[0].removeprefix(f"{name}: ")
