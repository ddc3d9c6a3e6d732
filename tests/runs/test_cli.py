"""The command line: help, wrong commands, missing extras, the list of worlds."""

from __future__ import annotations

import subprocess
import sys

import pytest

import prosocial
from prosocial.runs import cli


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for command in ("train", "evaluate", "sweep", "reproduce", "figures", "worlds"):
        assert any(line.split()[:1] == [command] for line in lines)


def test_no_command_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "usage: prosocial" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"prosocial {prosocial.__version__}\n"


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trian"]) == 2
    assert "no command 'trian'. Did you mean 'train'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [("train", "hydra", "train"), ("evaluate", "torch", "train"), ("sweep", "polars", "train")],
)
def test_a_missing_extra_is_named(command: str, package: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules['{package}'] = None; from prosocial.runs.cli import main;"
        f"sys.exit(main(['{command}', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert f"needs the package '{package}'" in done.stderr
    assert f"pip install 'prosocial[{extra}]'" in done.stderr


def test_a_missing_module_of_our_own_is_not_taken_for_an_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "lost", ("prosocial.runs.lost", ""))
    with pytest.raises(ModuleNotFoundError, match=r"prosocial\.runs\.lost"):
        cli.main(["lost"])


def test_an_interruption_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("prosocial.runs.worlds.main", interrupted)
    assert cli.main(["worlds"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_worlds_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["worlds"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == prosocial.worlds()
    assert all(len(line.split()) > 4 for line in lines)


def test_the_options_of_a_world_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["worlds", "caregiver_grid"]) == 0
    text = capsys.readouterr().out
    assert "num_walls=3" in text
    assert "num_walls: Single wall cells" in text
    assert cli.main(["worlds", "caregiver_gri"]) == 1


def test_the_list_of_worlds_needs_the_base_install_only() -> None:
    code = (
        "import sys; from prosocial.runs.cli import main; main(['worlds']);"
        "assert not {'torch', 'ray', 'hydra', 'polars'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_python_m_prosocial_is_the_command() -> None:
    command = [sys.executable, "-m", "prosocial", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("prosocial ")


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m prosocial worlds caregiver_grid | head -n 1"
    shell = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
