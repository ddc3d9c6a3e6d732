"""`prosocial text`: runs, tables, continuation, errors."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from chat_server import ChatServer

from prosocial.agents.text import ScriptedTextAgent
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.text import GovSimText
from prosocial.runs import cli
from prosocial.runs.text import agent_specs, metrics


def command(*arguments: str | Path) -> int:
    return cli.main(["text", *map(str, arguments)])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_writes_and_prints_its_metrics(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = ("pasture", "--agent", "scripted:sustainable", "--seed", "0", "5", "--output", tmp_path)
    assert command(*one) == 0
    printed = capsys.readouterr()
    expected = ["100.0", "12.0", "120.0", "100.0", "100.0", "0.0", "0"]
    lines = [line.split() for line in printed.out.splitlines()]
    assert lines[1:4] == [["seed", "0", *expected], ["seed", "5", *expected], ["mean", *expected]]
    assert "month 12  100 ->  50  (John 10, Kate 10" in printed.err
    assert len(table(tmp_path / "rounds.csv")) == 120
    assert [row["seed"] for row in table(tmp_path / "metrics.csv")] == ["0", "5"]
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {"seed-0.jsonl", "seed-5.jsonl"}
    before = (tmp_path / "seed-5.jsonl").read_bytes()
    assert command(*one) == 0  # once more: all is replayed, the tables are the same
    assert capsys.readouterr().out == printed.out
    assert (tmp_path / "seed-5.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("policies", "options", "expected"),
    [
        (["fixed:20"], {}, (0, 1, 20, 1 / 6, 1, 1)),
        (["fixed:10"], {}, (1, 12, 120, 1, 1, 0)),
        (["fixed:9"], {}, (1, 12, 108, 0.9, 1, 0)),
        (["fixed:0"], {}, (1, 12, 0, 0, math.nan, 0)),
        (["fixed:14", *["fixed:9"] * 4], {}, (1, 12, 120, 1, 0.92, 0.2)),
        (["sustainable"], {}, (1, 12, 120, 1, 1, 0)),
        # From the arrival in month 3 on: twelve months of ten each.
        (["sustainable"], {"newcomer_round": 3}, (1, 12, 120, 1, 1, 0)),
        ([*["sustainable"] * 4, "greedy"], {"newcomer_round": 3}, (0, 1, 20, 1 / 6, None, 0.2)),
        (["greedy"], {"newcomer_round": 3}, (0, 0, 0, 0, math.nan, math.nan)),
    ],
)
def test_metrics_of_the_reference_vectors(
    played: Callable[..., GovSimText],
    policies: list[str],
    options: dict[str, int],
    expected: tuple[float | None, ...],
) -> None:
    found = tuple(metrics(played(*policies, **options)).values())
    for value, wanted in zip(found, expected, strict=True):
        assert wanted is None or value == pytest.approx(wanted, nan_ok=True)


def test_an_endpoint_and_scripted_agents_in_one_group(
    server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = ScriptedTextAgent("sustainable").act
    status = command(
        "pollution", "--agent", server.url, "--agent", "scripted:fixed:9", "4", "--months", "2",
        "--mediator", "scripted:sustainable", "--variant", "universalization", "--variant",
        "paraphrase_2", "--output", tmp_path,
    )  # fmt: skip
    assert status == 0
    assert [row["obtained"] for row in table(tmp_path / "rounds.csv")] == ["10", *["9"] * 4] * 2
    header, *answers = map(json.loads, (tmp_path / "seed-0.jsonl").read_text().splitlines())
    assert header["agents"]["agent_0"] == f"{server.url}#tiny"
    assert header["agents"]["mediator"] == "scripted:sustainable"
    assert header["config"]["paraphrase"] == 2
    assert len([a for a in answers if a["agent"] == "agent_0"]) == len(server.requests)
    assert all("more than 10 pallets" in a["prompt"] for a in answers if a["phase"] == "pool")


def test_nothing_is_lost_when_an_endpoint_dies(
    server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = (
        "fishery", "--agent", f"{server.url}#tiny", "--persons", "2", "--months", "2",
        "--variant", "no_communication", "--retries", "0", "--output", tmp_path,
    )  # fmt: skip
    scripted = ScriptedTextAgent("sustainable")
    server.answer = scripted.act
    left = iter(range(5))

    def dying(text: str) -> str:
        if next(left, None) is None:
            raise ConnectionResetError
        return scripted.act(text)

    server.answer = dying
    assert command(*one) == 1
    printed = capsys.readouterr()
    assert "error: " in printed.err
    assert "gave no answer after 1 attempt" in printed.err
    assert "5 answers are kept in" in printed.err
    asked = len(server.requests)
    server.answer = scripted.act
    assert command(*one) == 0
    assert len(server.requests) - asked == 3
    assert len(table(tmp_path / "rounds.csv")) == 4


def test_a_killed_process_goes_on(server: ChatServer, tmp_path: Path) -> None:
    script = ScriptedTextAgent("sustainable")
    arguments = [
        sys.executable, "-m", "prosocial", "text", "fishery", "--agent", f"{server.url}#tiny",
        "--persons", "2", "--months", "2", "--output", str(tmp_path / "killed"),
    ]  # fmt: skip
    path = tmp_path / "killed" / "seed-0.jsonl"
    answers = iter(range(6))

    def slow(text: str) -> str:
        if next(answers, None) is None:
            server.closing.wait(20)
        return script.act(text)

    server.answer = slow
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 60
    while time.monotonic() < ends and not (path.exists() and path.read_bytes().count(b"\n") >= 7):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = path.read_bytes()
    assert kept.count(b"\n") == 7
    server.answer = script.act
    assert command(*arguments[4:]) == 0
    assert path.read_bytes().startswith(kept)
    whole = [*arguments[4:-1], tmp_path / "whole"]
    assert command(*whole) == 0
    assert (tmp_path / "killed" / "rounds.csv").read_bytes() == (
        tmp_path / "whole" / "rounds.csv"
    ).read_bytes()


def test_an_unreadable_answer_can_stop_a_run_and_be_asked_again_later(
    server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = ScriptedTextAgent("sustainable")
    one = (
        "fishery", "--agent", f"{server.url}#tiny", "--persons", "2", "--months", "1",
        "--variant", "no_communication", "--output", tmp_path, "--unparsed",
    )  # fmt: skip
    server.answer = lambda text: "Well, ten." if "You are Kate" in text else script.act(text)
    assert command(*one, "raise") == 1
    assert "Kate (pool, round 0) cannot be read" in capsys.readouterr().err
    server.answer = script.act
    assert command(*one, "ask") == 0
    assert [row["demand"] for row in table(tmp_path / "rounds.csv")] == ["25", "25"]
    assert "could not be read" in server.requests[2]["body"]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent", "scripted:kind"], "no scripted text agent 'kind'"),
        (["--agent", "gpt"], "expected scripted:POLICY or the http address"),
        (["--agent", "scripted:greedy", "2", "--agent", "scripted:greedy"], "stands for 3 persons"),
        (["--agent", "scripted:greedy", "x"], "expected SPEC, or SPEC and a number"),
        (["--agent", "scripted:greedy", "--seed", "1", "1"], "different numbers"),
        (["--agent", "scripted:greedy", "--seed", "-1"], "different numbers"),
        (["--agent", "scripted:greedy", "--persons", "1"], "num_agents is 1"),
        (
            [
                "--agent",
                "scripted:greedy",
                "--variant",
                "paraphrase_1",
                "--variant",
                "paraphrase_2",
            ],
            "paraphrase once more",
        ),
    ],
)
def test_wrong_commands(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("fishery", *arguments, "--output", tmp_path / "new") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_another_run_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = ("--output", tmp_path)
    assert command("fishery", "--agent", "scripted:greedy", *output) == 0
    assert command("fishery", "--agent", "scripted:fixed:3", *output) == 1
    assert "agents.agent_0: 'scripted:greedy' there" in capsys.readouterr().err


def test_who_answers_for_whom() -> None:
    assert list(agent_specs([["a"]], 3).values()) == ["a", "a", "a"]
    assert agent_specs([["a", "2"], ["b"]], 3) == {"agent_0": "a", "agent_1": "a", "agent_2": "b"}
    with pytest.raises(ConfigError, match="stands for 2 persons, but there are 3"):
        agent_specs([["a", "2"]], 3)


def test_the_help_tells_what_agents_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("--help")
    printed = capsys.readouterr().out
    for part in ("scripted:fixed:N", "http://HOST/v1#MODEL", "universalization", "examples:"):
        assert part in printed
