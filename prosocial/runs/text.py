"""`prosocial text`: play a GovSim story with text agents, and print its six metrics."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import prosocial
from prosocial.agents.text import EndpointAgent, ScriptedTextAgent, TextAgent, Transcript, play
from prosocial.agents.text.endpoint import KEY_VARIABLE
from prosocial.analysis import outcomes
from prosocial.envs.engine.errors import ConfigError, ProsocialError
from prosocial.envs.engine.files import write_atomically
from prosocial.envs.text import MEDIATOR, STORIES, GovSimText, Request, TextConfig
from prosocial.envs.text.config import UNPARSED

NEWCOMER_ROUND = 3  # GovSim: the newcomer joins after three months
VARIANTS: dict[str, dict[str, Any]] = {
    "universalization": {"universalization": True},
    "newcomer": {"newcomer_round": NEWCOMER_ROUND},
    "no_communication": {"communication": False},
    "paraphrase_1": {"paraphrase": 1},
    "paraphrase_2": {"paraphrase": 2},
}
METRICS = ("survived", "months", "gain", "efficiency", "equality", "over_usage")
_SCRIPTED = "scripted:"
# What to do with an answer that cannot be read may change between a start and its continuation.
_OPERATIONAL = ("unparsed", "max_asks")

_EPILOG = """\
agents (SPEC):
  scripted:sustainable  takes an equal share of what grows back, and argues for it
  scripted:greedy       takes everything
  scripted:fixed:N      takes N each month
  http://HOST/v1#MODEL  a language model behind an OpenAI-compatible endpoint; without #MODEL that
                        of --model, or the only one that the server offers

One --agent answers for everybody. Otherwise give one for each person, in order; a number after it
says for how many it stands, and the last person is the newcomer.

An interrupted or killed run goes on where it was when the same command is given again: the answers
in its transcript are not asked for twice.

examples:
  prosocial text fishery --agent scripted:sustainable
  prosocial text pasture --agent http://127.0.0.1:8000/v1 --variant universalization --seed 0 1 2
  prosocial text fishery --agent scripted:sustainable 4 --agent scripted:greedy --variant newcomer
"""


def main(argv: Sequence[str]) -> int:
    """Plays a run for each seed, writes its tables and prints the metrics.

    Args:
        argv: What follows `prosocial text`.

    Returns:
        0.

    Raises:
        ConfigError: An argument is wrong.
        EndpointError: An endpoint gave no answer; what was recorded is kept.
        TranscriptError: The output folder holds another run.
    """
    arguments = _parser().parse_args(argv)
    config = _config(arguments)
    if min(arguments.seed) < 0 or len(set(arguments.seed)) < len(arguments.seed):
        raise ConfigError(f"--seed {arguments.seed}: expected different numbers >= 0.")
    specs = agent_specs(arguments.agent, config.num_agents)
    folder = arguments.output or _default_output(arguments)
    specs[MEDIATOR] = arguments.mediator or specs["agent_0"]
    agents = _make_agents(specs, arguments)
    rows, results = [], []
    for seed in arguments.seed:
        game = _play(config, agents, seed, folder, arguments)
        rows += [{"seed": seed, **row} for row in game.rows]
        results.append({"seed": seed, **metrics(game), "unparsed": game.unparsed})
    write_atomically(folder / "rounds.csv", _csv(rows))
    write_atomically(folder / "metrics.csv", _csv(results))
    print(_table(results))
    print(f"transcripts, rounds.csv and metrics.csv: {folder}")
    return 0


def agent_specs(given: Sequence[Sequence[str]], num_agents: int) -> dict[str, str]:
    """Returns who answers for whom.

    Args:
        given: For each `--agent` its words: a specification and, if there are two, a number.
        num_agents: Persons.

    Returns:
        Specifications by name: "agent_0", "agent_1", ...

    Raises:
        ConfigError: They are for more or fewer persons, or a number is none.
    """
    listed: list[str] = []
    for spec, *count in given:
        if len(count) > 1 or not all(c.isdecimal() and int(c) > 0 for c in count):
            raise ConfigError(
                f"--agent {spec} {' '.join(count)}: expected SPEC, or SPEC and a number of persons."
            )
        listed += [spec] * int(count[0] if count else 1)
    if len(given) == 1 and len(listed) == 1:
        listed *= num_agents
    if len(listed) != num_agents:
        raise ConfigError(
            f"--agent stands for {len(listed)} persons, but there are {num_agents}; give one for "
            "all, or as many as there are persons (--persons)."
        )
    return {f"agent_{number}": spec for number, spec in enumerate(listed)}


def metrics(game: GovSimText) -> dict[str, float]:
    """Returns GovSim's six metrics of a finished run.

    With a newcomer they are those of the months from the arrival on, as GovSim's tables count;
    if the stock collapsed before, of no month: 0, and NaN where that means nothing.

    Args:
        game: The run.

    Returns:
        ``survived`` (1 or 0; its mean over runs is the survival rate), ``months``, ``gain`` (units,
        mean over persons), ``efficiency``, ``equality`` and ``over_usage`` (shares).
    """
    config, world = game.config, game.world.params[0]
    growth, capacity = float(world["growth"]), int(world["capacity"])
    start = config.newcomer_round or 0
    rounds = int(world["max_rounds"]) - start
    played = [row for row in game.rows if row["round"] >= start]
    if not played:
        return dict.fromkeys(METRICS, 0.0) | {"equality": np.nan, "over_usage": np.nan}
    shape = (len({row["round"] for row in played}), config.num_agents)
    columns = {agent: column for column, agent in enumerate(game.world.agents)}
    catches, stock, after = np.zeros(shape, int), np.zeros(shape[0], int), np.zeros(shape[0], int)
    for row in played:
        month = row["round"] - start
        catches[month, columns[row["agent"]]] = row["obtained"]
        stock[month], after[month] = row["stock_before"], row["stock_after"]
    months = outcomes.survival_months(after, rounds, int(world["collapse_below"]))
    collapsed = after[-1] < int(world["collapse_below"])
    gains = outcomes.total_gain(catches)
    first = float(outcomes.sustainable_yield(int(world["initial_stock"]), growth, capacity))
    return {
        "survived": float(not collapsed),
        "months": float(months),
        "gain": float(outcomes.per_capita_return(gains)),
        "efficiency": float(outcomes.harvest_efficiency(gains, rounds, first)),
        "equality": float(outcomes.equality(gains)),
        "over_usage": outcomes.over_usage(catches, stock, None, growth, capacity),
    }


def _play(
    config: TextConfig,
    agents: Mapping[str, tuple[str, TextAgent]],
    seed: int,
    folder: Path,
    arguments: argparse.Namespace,
) -> GovSimText:
    """Plays one run, or goes on with it."""
    game = GovSimText(config)
    settings = dataclasses.asdict(config)
    header = {
        "seed": seed,
        "config": {k: v for k, v in settings.items() if k not in _OPERATIONAL},
        "agents": {name: label for name, (label, _) in agents.items()},
        "temperature": arguments.temperature,
        "max_tokens": arguments.max_tokens,
    }
    provenance = {
        "prosocial": prosocial.__version__,
        "world_version": game.world.version,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **{k: settings[k] for k in _OPERATIONAL},
    }
    with Transcript(folder / f"seed-{seed}.jsonl", header, provenance) as transcript:
        progress = _Progress(game, seed)
        try:
            only = {name: agent for name, (_, agent) in agents.items()}
            play(game, only, seed, transcript, progress.watch)
        except (ProsocialError, KeyboardInterrupt):
            kept = transcript.replayed + transcript.recorded
            print(
                f"{kept} answers are kept in {transcript.path}; the same command goes on there.",
                file=sys.stderr,
            )
            raise
        progress.tell()
    return game


class _Progress:
    """Tells each month when it has been harvested."""

    def __init__(self, game: GovSimText, seed: int) -> None:
        self._game, self._seed, self._told = game, seed, -1

    def watch(self, request: Request) -> None:
        """Called with each request."""
        self.tell()

    def tell(self) -> None:
        """Prints the last month, once."""
        last = self._game.rows[-1]["round"] if self._game.rows else -1
        if last == self._told:
            return
        self._told = last
        rows = [row for row in self._game.rows if row["round"] == last]
        taken = ", ".join(f"{row['name']} {row['obtained']}" for row in rows)
        stocks = f"{rows[0]['stock_before']:3d} -> {rows[0]['stock_after']:3d}"
        print(f"seed {self._seed}  month {last + 1:2d}  {stocks}  ({taken})", file=sys.stderr)


def _config(arguments: argparse.Namespace) -> TextConfig:
    options: dict[str, Any] = {}
    for variant in arguments.variant:
        clash = options.keys() & VARIANTS[variant].keys()
        if clash:
            raise ConfigError(f"--variant {variant} sets {', '.join(clash)} once more.")
        options |= VARIANTS[variant]
    return TextConfig(
        story=arguments.story,
        num_agents=arguments.persons,
        max_rounds=arguments.months,
        unparsed=arguments.unparsed,
        max_asks=arguments.max_asks,
        **options,
    )


def _make_agents(
    specs: Mapping[str, str], arguments: argparse.Namespace
) -> dict[str, tuple[str, TextAgent]]:
    """Returns for each name a label for the transcript and the agent; equal ones are one object."""
    made: dict[str, tuple[str, TextAgent]] = {}
    for spec in specs.values():
        if spec not in made:
            made[spec] = make_agent(spec, arguments)
    return {name: made[spec] for name, spec in specs.items()}


def make_agent(spec: str, arguments: argparse.Namespace) -> tuple[str, TextAgent]:
    """Returns the label and the agent of a specification (see the help).

    Raises:
        ConfigError: It is none.
        EndpointError: The server was to say which model it has, and does not.
    """
    if spec.startswith(_SCRIPTED):
        return spec, ScriptedTextAgent(spec.removeprefix(_SCRIPTED))
    if not spec.startswith(("http://", "https://")):
        raise ConfigError(
            f"--agent {spec}: expected {_SCRIPTED}POLICY or the http address of an endpoint."
        )
    url, _, model = spec.partition("#")
    agent = EndpointAgent(
        url,
        model or arguments.model,
        temperature=arguments.temperature,
        max_tokens=arguments.max_tokens,
        timeout=arguments.timeout,
        retries=arguments.retries,
        key_variable=arguments.key_variable,
    )
    return f"{agent.base_url}#{agent.model}", agent


def _default_output(arguments: argparse.Namespace) -> Path:
    return Path("outputs/text") / "-".join([arguments.story, *arguments.variant])


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _table(results: Sequence[Mapping[str, float]]) -> str:
    """Returns a line for each run and their mean; shares in per cent."""
    heads = ("survived %", "months", "gain", "efficiency %", "equality %", "over-usage %")
    lines = [f"{'':8}" + "".join(f"{head:>14}" for head in heads) + f"{'unparsed':>10}"]
    means = {name: float(np.mean([result[name] for result in results])) for name in METRICS}
    means["unparsed"] = sum(result["unparsed"] for result in results)
    named = [(f"seed {result['seed']}", result) for result in results]
    for label, values in [*named, ("mean", means)] if len(results) > 1 else named:
        scaled = (values[m] * (1 if m in ("months", "gain") else 100) for m in METRICS)
        cells = "".join(f"{value:14.1f}" for value in scaled)
        lines.append(f"{label:8}{cells}{values['unparsed']:10.0f}")
    return "\n".join(lines)


def _temperature(text: str) -> float | None:
    return None if text == "none" else float(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial text",
        description="Play a GovSim story with text agents, and print its six metrics.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("story", choices=STORIES, help="the story: fishery, pasture or pollution")
    add(
        "--agent",
        action="append",
        nargs="+",
        required=True,
        metavar=("SPEC", "COUNT"),
        help="see below",
    )
    add("--mediator", metavar="SPEC", help="who sums up conversations; default: as first person")
    add("--variant", action="append", default=[], choices=VARIANTS, help="may be repeated")
    add("--seed", type=int, nargs="+", default=[0], help="one run for each, default: 0")
    add("--persons", type=int, default=5, help="newcomer included, default: 5")
    add("--months", type=int, help="default: 12, with a newcomer 12 after the arrival")
    add("--unparsed", choices=UNPARSED, default="default", help="for unreadable answers; default:"
        " the documented default, such as a demand of 0")  # fmt: skip
    add("--max-asks", type=int, default=2, help="with --unparsed ask, default: 2")
    add("--output", type=Path, help="folder, default: outputs/text/STORY[-VARIANT...]")
    group = parser.add_argument_group("endpoints")
    add = group.add_argument
    add("--model", help="of all endpoints that name none")
    add("--temperature", type=_temperature, default=0.0, help="default: 0; none: the server's own")
    add("--max-tokens", type=int, help="of an answer, default: the server's limit")
    add("--timeout", type=float, default=120.0, help="seconds for an answer, default: 120")
    add("--retries", type=int, default=4, help="further attempts, default: 4")
    add("--key-variable", default=KEY_VARIABLE, metavar="NAME", help="environment variable of the"
        f" API key, default: {KEY_VARIABLE}")  # fmt: skip
    return parser
