"""`prosocial play`: people in a world, as agents or as the caregiver."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from prosocial.envs.engine.errors import ConfigError, nearest

if TYPE_CHECKING:
    from prosocial.play.config import PlayConfig
    from prosocial.play.session.session import Session

NOTICE_SECONDS = 1.5
PREPARING = "preparing world and partners; the first time on a machine takes up to a minute ..."

_EPILOG = """\
KEY=VALUE sets an option of the session (seat, slots, partners.1, run, learning, pace, seed,
episodes, caregiver.norms.help, consent, ...) or, if there is none of that name, of the world.
A study keeps them in a file; `--config` reads it, and options given besides replace its own.
`--example` prints such a file, with consent, participant id and instructions.

examples:
  prosocial play kitchen                                   one cook is you
  prosocial play fishery pace=0 episodes=3 --terminal      in the terminal
  prosocial play clean_up "slots=[0,1]" partners.2=free_rider   two people, two browsers
  prosocial play caregiver_grid --seat caregiver learning=true   raise a learner
  prosocial play caregiver_grid --seat caregiver run=outputs/life/default/seed-0
  prosocial play doors --config study.yaml --output data/session-1
  prosocial play --resume data/session-1
  prosocial play --export data/session-1
"""


def main(argv: Sequence[str]) -> int:
    """Runs a session in browsers or in this terminal, or exports one.

    Args:
        argv: What follows `prosocial play`.

    Returns:
        0.

    Raises:
        ConfigError: An option is unknown or invalid.
        LogError: The session to be resumed or exported cannot be read.
        ServeError: The server cannot be started.
    """
    parser = _parser()
    arguments = parser.parse_intermixed_args(argv)
    if arguments.example:
        print(resources.files("prosocial.play").joinpath("study.yaml").read_text(), end="")
        return 0
    if arguments.export is not None:
        return _export(arguments.export)
    # Imported here, so that --help answers at once.
    from prosocial.play.session.session import Session

    if arguments.resume is not None:
        given = (arguments.world, arguments.options, arguments.config, arguments.seat)
        if any((*given, arguments.output)):
            parser.error("--resume goes on with what the session was; give no other options of it")
        session = Session.resume(arguments.resume)
    else:
        config = _with_pace(_configure(arguments, parser), arguments.terminal)
        if arguments.terminal:
            from prosocial.play.terminal.terminal import check_one_person

            check_one_person(config)
        session = Session(config)
    print(f"session: {session.folder}", flush=True)
    with _orderly_termination():
        try:
            _prepare(session)
            _run(session, arguments)
        finally:
            session.close()
            _export(session.folder)
    return 0


@contextmanager
def _orderly_termination() -> Iterator[None]:
    """Lets SIGTERM (`kill`, a shutdown) end the session as Ctrl-C does: with its tables written."""
    if threading.current_thread() is not threading.main_thread():  # others cannot set handlers
        yield
        return

    def end(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def read_options(options: Sequence[str]) -> dict[str, Any]:
    """Returns `key=value` arguments as nested mappings; values are YAML, keys may have dots.

    What is no field of a session is an option of its world.

    Raises:
        ConfigError: An argument has no "=", or its value is not valid YAML.
    """
    import dataclasses

    import yaml

    from prosocial.play.config import PlayConfig

    fields = {field.name for field in dataclasses.fields(PlayConfig)}
    found: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals or not key:
            raise ConfigError(f"{option!r} is no option; expected key=value.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"{option!r}: the value is not valid YAML: {error}") from error
        path = key.split(".")
        if path[0] not in fields:
            path = ["world_config", *path]
        inner = found
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"{option!r}: {part} was given a value already.")
        inner[path[-1]] = value
    return found


def merged(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Returns nested mappings as one; where both have a value, the given one counts."""
    joined = dict(base)
    for key, value in given.items():
        old = joined.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        joined[key] = merged(old, value) if both else value  # pyright: ignore[reportArgumentType]
    return joined


def _configure(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> PlayConfig:
    from prosocial.envs.engine.registry import entry
    from prosocial.play.config import PlayConfig, read_study

    options = list(arguments.options)
    world = arguments.world
    if world is not None and "=" in world:  # the study names the world
        options, world = [world, *options], None
    values = read_study(arguments.config) if arguments.config else {}
    values = merged(values, read_options(options))
    for name, given in (("world", world), ("seat", arguments.seat), ("output", arguments.output)):
        if given is not None:
            values[name] = str(given)
    if "world" not in values:
        parser.error("which world? `prosocial worlds` lists them")
    known = entry(values["world"]).config_class.__dataclass_fields__
    for key in values.get("world_config") or {}:
        if key not in known:
            hint = nearest(key, [*PlayConfig.__dataclass_fields__, *known])
            raise ConfigError(f"Neither a session nor {values['world']} has {key!r}. {hint}")
    return PlayConfig.from_mapping(values)


def _with_pace(config: PlayConfig, terminal: bool) -> PlayConfig:
    """Through a pipe nobody sees the time pass: unless a pace is given, each line is a step."""
    if not terminal or config.pace is not None or sys.stdin.isatty():
        return config
    return config.replace(pace=0.0)


def _prepare(session: Session) -> None:
    """Has everything compiled before anybody is let in, and says so if that takes a while."""
    from prosocial.play.session.warming import compile_ahead

    options = {"file": sys.stderr, "flush": True}
    notice = threading.Timer(NOTICE_SECONDS, print, [PREPARING], options)
    notice.daemon = True
    notice.start()
    try:
        compile_ahead(session.config)
    finally:
        notice.cancel()


def _run(session: Session, arguments: argparse.Namespace) -> None:
    if arguments.terminal:
        from prosocial.play.terminal.terminal import play_in_terminal

        play_in_terminal(session)
        return
    from prosocial.play.web.server import serve

    try:
        serve(
            session, arguments.host, arguments.port,
            names=arguments.name, open_browser=not arguments.no_browser,
        )  # fmt: skip
    except KeyboardInterrupt:
        print("ended by Ctrl-C; everything is saved")


def _export(path: Path) -> int:
    """Writes the tables and the recording of a session, and says where."""
    from prosocial.play.session.export import export_session

    for written in export_session(path):
        print(written)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial play",
        description="Take part in a world in the browser or a terminal: play an agent, or be the "
        "caregiver of a learner. Everything is recorded.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("world", nargs="?", help="a registered world, see `prosocial worlds`")
    parser.add_argument("options", nargs="*", metavar="KEY=VALUE", help="options, see below")
    parser.add_argument("--config", type=Path, metavar="STUDY.yaml", help="options from a file")
    parser.add_argument("--seat", choices=("agent", "caregiver"), help="default: agent")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="default: outputs/play/WORLD/TIME"
    )
    parser.add_argument("--terminal", action="store_true", help="here instead of in a browser")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on, default: loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one at random")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="another host name by which browsers reach the page, as behind a proxy",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--resume", type=Path, metavar="SESSION", help="go on with a session")
    parser.add_argument("--export", type=Path, metavar="SESSION", help="write its tables anew")
    parser.add_argument("--example", action="store_true", help="print a study's file, commented")
    return parser
