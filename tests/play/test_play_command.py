"""`prosocial play`: options, studies, resuming, exporting, and what is said where one is wrong."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from players import Players, session_of

from prosocial.envs.engine import ConfigError
from prosocial.play.config import PlayConfig, read_study
from prosocial.play.session.errors import LogError
from prosocial.play.session.log import read_log
from prosocial.play.session.session import Session
from prosocial.runs import cli
from prosocial.runs.play import main, merged, read_options


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the command with lines at its standard input, in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def run(lines: str, *arguments: str) -> int:
        reader, writer = os.pipe()
        os.write(writer, lines.encode())
        os.close(writer)
        with os.fdopen(reader) as stream:
            monkeypatch.setattr("sys.stdin", stream)
            return main([*arguments, "--terminal"])

    return run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the server was asked to serve; it ends at once."""
    calls: list[tuple[Any, ...]] = []

    def serve(session: Session, host: str, port: int, **options: Any) -> None:
        calls.append((session.config, host, port, options))

    monkeypatch.setattr("prosocial.play.web.server.serve", serve)
    return calls


def test_options_are_nested_yaml_and_else_the_world_s() -> None:
    given = ["pace=2", "slots=[0,1]", "partners.1=random", "num_walls=5", "world_config.size=9",
             "caregiver.norms.help=0.4", "consent=null", "title=a=b"]  # fmt: skip
    assert read_options(given) == {
        "pace": 2,
        "slots": [0, 1],
        "partners": {"1": "random"},
        "world_config": {"num_walls": 5, "size": 9},
        "caregiver": {"norms": {"help": 0.4}},
        "consent": None,
        "title": "a=b",
    }
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}, "d": {"e": 5}}) == {
        "a": {"b": 4, "c": 2},
        "d": {"e": 5},
    }


@pytest.mark.parametrize(
    ("option", "words"),
    [("pace", "expected key=value"), ("=3", "expected key=value"), ("slots=[", "not valid YAML")],
)
def test_faulty_options(option: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_options([option])
    with pytest.raises(ConfigError, match="was given a value already"):
        read_options(["partners=random", "partners.1=idle"])


def test_a_session_in_a_new_folder_with_its_tables(
    typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("w\n", "doors", "max_steps=9", "seed=4") == 0
    (folder,) = Path("outputs/play/doors").iterdir()
    names = [
        "feedback.parquet",
        "inputs.parquet",
        "recording.npz",
        "session.jsonl",
        "steps.parquet",
    ]
    assert sorted(p.name for p in folder.iterdir() if p.suffix != ".lock") == names
    header = read_log(folder)[0]
    assert header["config"]["world_config"] == {"max_steps": 9}
    assert (header["seed"], header["world"], header["log_version"]) == (4, "doors", 1)
    shown = capsys.readouterr().out
    assert shown.startswith(f"session: {folder}\n")
    assert f"{folder}/recording.npz" in shown
    assert typed("w\n", "doors") == 0
    assert len(list(Path("outputs/play/doors").iterdir())) == 2, "each session has its own folder"


def test_resume_and_export(typed: Any, tmp_path: Path) -> None:
    typed("w\n", "doors", "--output", "mine")
    typed("s\n", "--resume", "mine")
    assert [r["actions"][0] for r in read_log("mine") if r["kind"] == "step"] == [1, 2]
    (tmp_path / "mine" / "steps.parquet").unlink()
    assert main(["--export", "mine"]) == 0
    assert (tmp_path / "mine" / "steps.parquet").exists()
    with pytest.raises(LogError, match="holds a session already"):
        typed("w\n", "doors", "--output", "mine")
    for more in (["doors"], ["--seat", "agent"], ["--output", "x"]):
        with pytest.raises(SystemExit):
            typed("", "--resume", "mine", *more)
    with pytest.raises(LogError, match="There is no session"):
        main(["--export", "nothing"])


def test_without_a_pace_each_line_of_a_pipe_is_a_step(typed: Any) -> None:
    typed("+\n\n-\n", "caregiver_grid", "--seat", "caregiver", "--output", "a")
    records = read_log("a")
    assert records[0]["config"]["pace"] == 0
    assert sum(r["kind"] == "step" for r in records) == 4
    assert [r["value"] for r in records if r["kind"] == "feedback"] == ["praise", "blame"]


def test_a_study_from_a_file(
    typed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--example"]) == 0
    text = capsys.readouterr().out
    (tmp_path / "study.yaml").write_text(text)
    study = ("--config", "study.yaml", "learning=false", "pace=0", "seed=7")
    typed("y\np1\n+\n", *study, "--output", "s")
    records = read_log("s")
    config = records[0]["config"]
    assert (config["seed"], config["pace"], config["episodes"]) == (7, 0, 20)
    assert config["consent"].startswith("You are asked to watch a robot")
    join = next(r for r in records if r["kind"] == "join")
    assert (join["seat"], join["participant"], join["consent"]) == ("caregiver", "p1", True)
    assert "learns from you alone" in capsys.readouterr().out


def test_the_example_has_every_key_with_a_comment_and_the_defaults_type() -> None:
    text = resources.files("prosocial.play").joinpath("study.yaml").read_text()
    values = yaml.safe_load(text)
    assert set(values) == {field.name for field in dataclasses.fields(PlayConfig)}
    PlayConfig.from_mapping(values).build()
    keys = [line for line in text.splitlines() if re.match(r" *\w+:", line)]
    assert len(keys) == len(values) + 1
    assert all(" # " in line for line in keys)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"- a", "holds no study"), (b"a: [", "not valid YAML"), (b"\xff", "not valid YAML")],
)
def test_faulty_studies(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read_study(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_study(tmp_path / "none.yaml")


def test_browsers_are_served(
    served: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["caregiver_grid", "--seat", "caregiver", "--no-browser", "episodes=2"]) == 0
    assert (
        main(["kitchen", "slots=[0,1]", "--host", "0.0.0.0", "--port", "8000", "--name", "x"]) == 0
    )
    (first, *local), (second, *remote) = served
    assert first.steps_per_second == 2
    assert local == ["127.0.0.1", 0, {"names": [], "open_browser": False}]
    assert second.played == (0, 1)
    assert remote == ["0.0.0.0", 8000, {"names": ["x"], "open_browser": True}]


def test_a_server_that_fails_leaves_everything_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def serve(session: Session, *arguments: Any, **options: Any) -> None:
        people = Players(session)
        people.press("human", 1)
        people.tick()
        raise KeyboardInterrupt

    monkeypatch.setattr("prosocial.play.web.server.serve", serve)
    assert main(["doors", "--output", str(tmp_path / "s")]) == 0
    assert (tmp_path / "s" / "recording.npz").exists()
    assert read_log(tmp_path / "s")[-1]["kind"] == "close"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dors"], "Did you mean 'doors'"),
        (
            ["doors", "max_stebs=3"],
            "Neither a session nor doors has 'max_stebs'. Did you mean 'max",
        ),
        (["doors", "sead=3"], "Did you mean 'se"),
        (["kitchen", "slots=[0,1]", "--terminal"], "A terminal has room for one person"),
        (["fishery", "pace=3"], "Set pace to 0"),
    ],
)
def test_faults_are_one_line_and_leave_nothing(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert cli.main(["play", *arguments]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert words in told
    assert list(tmp_path.iterdir()) == []


def test_a_world_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "which world? `prosocial worlds` lists them" in capsys.readouterr().err


def test_standard_input_that_is_no_terminal_is_read_by_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prosocial.play.terminal.terminal import play_in_terminal

    session = session_of(tmp_path / "s", "doors")
    (tmp_path / "lines").write_text("w\ns\n")
    out = io.StringIO()
    with (tmp_path / "lines").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        play_in_terminal(session, out=out)
    assert "2 steps and 2 keys" in out.getvalue()


def test_a_session_that_is_terminated_writes_its_tables(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    command = ["caregiver_grid", "--seat", "caregiver", "--no-browser", "--output", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "prosocial", "play", *command], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = iter(process.stdout.readline, "")
    assert any(line.startswith("Open http://127.0.0.1:") for line in said)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert (folder / "steps.parquet").is_file()
