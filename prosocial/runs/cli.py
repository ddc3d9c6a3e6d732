"""The command `prosocial`: finds the subcommand and turns known errors into plain messages."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import prosocial
from prosocial.envs.engine.errors import ProsocialError, nearest

# Subcommand -> module with main(argv), and what it does. The modules are imported when needed.
COMMANDS = {
    "train": ("prosocial.runs.train", "train one life, or many in parallel with -m"),
    "evaluate": ("prosocial.runs.evaluate", "play a trained policy in any world"),
    "sweep": ("prosocial.runs.sweep", "search hyper-parameters with Ray Tune"),
    "reproduce": ("prosocial.runs.reproduce", "reproduce a paper: train, compare, draw"),
    "watch": ("prosocial.runs.watch", "replay recorded episodes on a page"),
    "play": ("prosocial.runs.play", "take part in a world, or be the caregiver"),
    "figures": ("prosocial.runs.figures", "draw figures from recorded runs"),
    "report": ("prosocial.runs.report", "put runs on one page: tables, figures, replays"),
    "text": ("prosocial.runs.text", "play a commons story with language models"),
    "worlds": ("prosocial.runs.worlds", "list the worlds"),
}

# Packages outside the base install, and the extra that brings them.
EXTRAS = {
    **dict.fromkeys(("matplotlib", "scipy"), "analysis"),
    **dict.fromkeys(
        ("hydra", "omegaconf", "polars", "ray", "rich", "safetensors", "torch", "yaml"),
        "train",
    ),
    **dict.fromkeys(("filelock", "openai"), "text"),
    **dict.fromkeys(("starlette", "uvicorn", "websockets"), "play"),
    "av": "video",
    "pygame": "render",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `prosocial <command> ...`; `argv` is what follows `prosocial`, None for `sys.argv`.

    Returns:
        The exit status: 0 for success, 1 for an error in the run, 2 for a wrong command line, 130
        if interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_help())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"prosocial {prosocial.__version__}")
        return 0
    command, *rest = arguments
    if command not in COMMANDS:
        return _fail(f"There is no command {command!r}. {nearest(command, COMMANDS)}", 2)
    try:
        status = importlib.import_module(COMMANDS[command][0]).main(rest) or 0
        sys.stdout.flush()
        return status
    except ProsocialError as error:
        return _fail(str(error), 1)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        return _fail(
            f"`prosocial {command}` needs the package {error.name!r}, which is not installed. "
            f"Install it with: pip install 'prosocial[{extra}]'",
            1,
        )
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; the interpreter must not flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _help() -> str:
    width = max(map(len, COMMANDS))
    return "\n".join(
        [
            "usage: prosocial <command> [options]     (each command has its own --help)",
            "",
            *(f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()),
        ]
    )


def _fail(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status
