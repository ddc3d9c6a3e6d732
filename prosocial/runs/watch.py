"""`prosocial watch`: episodes on a page that opens from disk, or as GIF, MP4 or PNG strip."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

import prosocial.envs.worlds  # noqa: F401 - registers the worlds
from prosocial.agents.recording import RECORDINGS, Recording, frames_of, load_recording
from prosocial.envs.engine import worlds
from prosocial.envs.engine.errors import ConfigError, nearest

_STRIP = 8  # pictures of an episode in a strip

_EPILOG = """\
WHAT is one of
  RUN        a run folder of `prosocial train`: its policy is played in the setting of a phase, with
             the phase's world, caregiver, partners, mind and internal reward
  RECORDING  a .npz file of --record, or of RUN/recordings
  SESSION    a folder of `prosocial play`
  WORLD      a world of `prosocial worlds`: scripted partners are played in it
  nothing, with --scenario NAME and --focal PARTNER, or RUN with --scenario NAME

examples:
  prosocial watch rendezvous
  prosocial watch commons_harvest --partner greedy_harvester num_agents=4 max_steps=300
  prosocial watch doors --partner doors_human,oracle_helper --mind goals
  prosocial watch outputs/life/isr/seed-0
  prosocial watch outputs/life/isr/seed-0 --phase socialization layout=x --episodes 5 --sampled
  prosocial watch outputs/life/isr/seed-0 --against outputs/life/none/seed-0 --output both.html
  prosocial watch outputs/life/isr/seed-0 --recorded
  prosocial watch --scenario commons_harvest_open_0 --focal restrained_harvester --mp4 film.mp4
"""

# Which options go with which kind of WHAT; the others are refused.
_PLAYED = {"episodes", "seed", "mind", "overrides"}
_FITTING = {
    "run": _PLAYED | {"phase", "world", "checkpoint", "sampled", "greedy", "recorded", "against"},
    "recorded": {"phase", "recorded", "against"},
    "recording": {"against"},
    "session": set[str](),
    "world": _PLAYED | {"partner", "caregiver"},
    "scenario": _PLAYED | {"scenario", "focal", "checkpoint", "sampled"},
}
_CHECKED = set[str]().union(*_FITTING.values())


def main(argv: Sequence[str]) -> int:
    """Writes a replay page, and what else is asked for; prints where.

    Args:
        argv: What follows `prosocial watch`.

    Returns:
        0.

    Raises:
        ConfigError: An argument is wrong, or does not go with the others.
        RecordingError: A recording is damaged or of another version of its world.
        MissingExtraError: A library for pictures or films is not installed.
    """
    parser = _parser()
    arguments = parser.parse_intermixed_args(argv)
    kind = _kind(arguments)
    _check_fitting(arguments, kind, parser)
    recordings = [_load(arguments, kind)]
    if arguments.against is not None:
        other = argparse.Namespace(**{**vars(arguments), "what": str(arguments.against)})
        recordings.append(_load(other, _kind(other)))
    command = shlex.join(["prosocial", "watch", *argv])
    recordings = [replace(r, source={"command": command, **r.source}) for r in recordings]
    chosen = _chosen(arguments.episode, recordings[0])
    _tell(recordings, chosen)
    _export(arguments, recordings[0], chosen)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.replay_page import replay

    path = arguments.output or _default_output(arguments, kind, recordings[0])
    page = replay(recordings if len(recordings) > 1 else recordings[0], episodes=chosen)
    print(f"page: {page.save(path)}")
    return 0


def _kind(arguments: argparse.Namespace) -> str:
    """Returns what is to be watched, a key of `_FITTING`."""
    if arguments.scenario:
        return "scenario"
    if arguments.what is None:
        raise ConfigError(
            "There is nothing to watch: give a run folder, a recording, a session or a world, or "
            "--scenario NAME with --focal PARTNER. `prosocial watch --help` has examples."
        )
    path = Path(arguments.what)
    if path.is_file():
        return "session" if path.suffix == ".jsonl" else "recording"
    if (path / "config.yaml").is_file() and (path / "checkpoints").is_dir():
        return "recorded" if arguments.recorded else "run"
    if arguments.what in worlds():
        return "world"
    if (path / "session.jsonl").is_file():
        return "session"
    if path.is_dir():
        raise ConfigError(
            f"{path} is neither a run folder (config.yaml, checkpoints) nor a session of "
            "`prosocial play`."
        )
    raise ConfigError(
        f"There is no file, folder or world {arguments.what!r}. {nearest(arguments.what, worlds())}"
    )


def _check_fitting(
    arguments: argparse.Namespace, kind: str, parser: argparse.ArgumentParser
) -> None:
    """Raises a ConfigError that names the options that mean nothing here."""
    given = [n for n in sorted(_CHECKED) if getattr(arguments, n) != parser.get_default(n)]
    wrong = [name for name in given if getattr(arguments, name) and name not in _FITTING[kind]]
    if wrong:
        named = [n if n == "overrides" else f"--{n}" for n in wrong]
        named = [" ".join(arguments.overrides) if n == "overrides" else n for n in named]
        what = "--recorded" if kind == "recorded" else f"a {kind}"
        raise ConfigError(f"{', '.join(named)}: that does not go with {what}.")
    if arguments.sampled and arguments.greedy:
        raise ConfigError("--sampled and --greedy exclude each other.")
    if kind == "scenario" and arguments.checkpoint and arguments.focal:
        raise ConfigError("--focal takes the place of a run and its --checkpoint; leave one out.")


def _load(arguments: argparse.Namespace, kind: str) -> Recording:
    if kind == "recording":
        return load_recording(arguments.what)
    if kind == "recorded":
        return _recorded(Path(arguments.what), arguments.phase)
    if kind == "session":
        from prosocial.play.session.export import to_recording

        return to_recording(arguments.what)
    return _play(arguments, kind)


def _play(arguments: argparse.Namespace, kind: str) -> Recording:
    """Plays as many episodes as are asked for."""
    # torch is imported for those alone who play
    from prosocial.runs import recording
    from prosocial.runs.loading import parse_overrides

    what, typed = arguments.what or "", list(arguments.overrides)
    if kind == "scenario" and "=" in what:
        what, typed = "", [what, *typed]  # without a run folder, the first option
    options: dict[str, Any] = {
        "overrides": parse_overrides(typed),
        "episodes": arguments.episodes or (arguments.episode and max(arguments.episode) + 1),
        "seed": arguments.seed,
        "mind": arguments.mind,
    }
    if kind == "world":
        options |= {
            "partners": arguments.partner.split(",") if arguments.partner else (),
            "caregiver": arguments.caregiver,
        }
        return recording.record_world(what, **options)
    if kind == "scenario":
        run = arguments.checkpoint or (Path(what) if what else None)
        options |= {"focal": arguments.focal, "run": run, "greedy": not arguments.sampled}
        return recording.record_scenario(arguments.scenario, **options)
    options |= {name: getattr(arguments, name) for name in ("phase", "world", "checkpoint")}
    greedy = arguments.greedy or not arguments.sampled
    options["greedy"] = greedy if arguments.greedy or arguments.sampled else None
    return recording.record_run(Path(what), **options)


def _recorded(run: Path, phase: str | None) -> Recording:
    """Returns the newest recording that training left in a run folder."""
    for path in sorted((run / RECORDINGS).glob("*.npz"), reverse=True):
        recording = load_recording(path)
        if phase in (None, recording.source.get("phase")):
            print(f"recorded in training: {path}")
            return recording
    raise ConfigError(
        f"{run / RECORDINGS} holds no recording{f' of phase {phase!r}' if phase else ''}; leave "
        "--recorded out to play the policy anew. (Training records evaluation.recorded_episodes of "
        "each evaluation.)"
    )


def _chosen(episodes: Sequence[int] | None, recording: Recording) -> list[int]:
    """Returns the numbers of the episodes to show, all if none is named."""
    numbers = range(len(recording.episodes)) if episodes is None else episodes
    return [number for number in numbers if recording.episode(number)]


def _tell(recordings: Sequence[Recording], chosen: Sequence[int]) -> None:
    """Prints a line for each episode."""
    for recording in recordings:
        print(f"{recording.world}: {', '.join(dict.fromkeys(recording.labels))}")
        for number in chosen:
            if number < len(recording.episodes):
                episode = recording.episodes[number]
                rewards = {"R_e": episode.rewards, "R_s": episode.social, "R_i": episode.internal}
                sums = ", ".join(f"{name} {array.sum():.2f}" for name, array in rewards.items())
                print(f"  episode {number}: {episode.length} steps, {sums}")


def _export(arguments: argparse.Namespace, recording: Recording, chosen: Sequence[int]) -> None:
    """Writes what is asked for beside the page."""
    from prosocial.envs.render import save_gif, save_mp4, save_strip

    def frames(**spread: int) -> Iterator[np.ndarray]:
        return chain.from_iterable(
            frames_of(recording, number, arguments.tile, **spread) for number in chosen
        )

    if arguments.record:
        print(f"recording: {recording.select(chosen).save(arguments.record)}")
    if arguments.gif:
        save_gif(frames(every=arguments.every), arguments.gif, arguments.fps)
        print(f"animation: {arguments.gif}")
    if arguments.mp4:
        save_mp4(frames(every=arguments.every), arguments.mp4, arguments.fps)
        print(f"film: {arguments.mp4}")
    if arguments.strip:
        save_strip(frames(count=_STRIP), arguments.strip, columns=_STRIP)
        print(f"strip: {arguments.strip}")


def _default_output(arguments: argparse.Namespace, kind: str, recording: Recording) -> Path:
    """Returns where the page goes if nobody says."""
    what = Path(arguments.what or "")
    if kind == "recording":
        return what.with_suffix(".html")
    if kind == "session":
        return (what if what.is_dir() else what.parent) / "replay.html"
    if kind in ("run", "recorded"):
        name = f"{recording.source['phase']}-{kind}-seed-{recording.source['seed']}"
        return what / "replays" / f"{name}.html"
    return Path("outputs/watch") / f"{arguments.scenario or what.name}-seed-{arguments.seed}.html"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial watch",
        description="Show episodes on one self-contained HTML page: the grid, every reward, events "
        "and what a mind believed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("what", nargs="?", metavar="WHAT", help="run folder, recording, session or world")
    add("overrides", nargs="*", help="options of the world, such as num_walls=5 (YAML values)")
    add("--episode", type=_number, nargs="+", metavar="N", help="only these episodes, from 0 on")
    _add_playing(parser.add_argument_group("what is played"))
    files = parser.add_argument_group("what is written")
    add = files.add_argument
    add("--output", type=Path, metavar="FILE.html", help="the page; its default is printed")
    add("--gif", type=Path, metavar="FILE", help="animation of the episodes, one after another")
    add("--mp4", type=Path, metavar="FILE", help="film of them (extra `video`)")
    add("--strip", type=Path, metavar="FILE.png", help=f"{_STRIP} pictures of each, in rows")
    add("--record", type=Path, metavar="FILE.npz", help="the recording, to be watched again")
    add("--fps", type=float, default=4.0, help="pictures per second of GIF and MP4, default: 4")
    add("--every", type=int, default=1, metavar="K", help="show every K-th step there")
    add("--tile", type=int, help="pixels of a cell there; default: pictures up to 640 pixels")
    return parser


def _add_playing(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--episodes", type=_count, metavar="K",
        help="how many are played; default: 3, or 1 where they last over 500 steps",
    )  # fmt: skip
    add("--seed", type=_number, default=0, help="of worlds and partners, default: 0")
    add("--phase", metavar="NAME", help="of a run; default: the last one")
    add("--world", help="another world than that of the run, with its defaults")
    add("--checkpoint", type=Path, help="default: the newest good one of the run")
    add("--sampled", action="store_true", help="sample actions; default: as the run's evaluations")
    add("--greedy", action="store_true", help="take the likeliest actions")
    add(
        "--mind", metavar="KIND",
        help='a mind looks on with hypotheses of this kind, such as "goals"; default: the mind '
        "that the learners of a run have",
    )  # fmt: skip
    add("--recorded", action="store_true", help="what training recorded last, instead of playing")
    add(
        "--against", type=Path, metavar="OTHER",
        help="another run or recording, shown beside it on the same seed",
    )  # fmt: skip
    add("--scenario", metavar="NAME", help="`prosocial evaluate --scenario list` lists them")
    add("--focal", metavar="PARTNER", help="who plays the focal agents, instead of a run")
    add(
        "--partner", metavar="NAME[,NAME...]",
        help="with WORLD: one partner for all agents or one for each; default: those that show it",
    )  # fmt: skip
    add(
        "--caregiver", metavar="NORM", default="default",
        help='with WORLD: a norm, "none", or "default", the default norm of the world',
    )  # fmt: skip


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def _number(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number
