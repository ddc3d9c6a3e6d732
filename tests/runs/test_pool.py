"""Jobs in worker processes: order, failures, deaths, and no orphans."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # worker processes inherit it

from pool_tasks import Die, Fail, FakeJob, Note, Silent

from prosocial.runs.pool import run_jobs


def test_jobs_wait_for_those_they_need_and_long_chains_go_first(tmp_path):
    notes = tmp_path / "notes"
    jobs = [
        FakeJob("short", Note(notes, "short"), cost=3.0),
        FakeJob("child", Note(notes, "child"), needs=("parent",), cost=4.0),
        FakeJob("parent", Note(notes, "parent"), cost=1.0),
        FakeJob("known", Note(notes, "known"), cost=100.0),
    ]
    observer = Silent()
    failures = run_jobs(jobs, ["known"], 1, tmp_path / "logs", observer)
    assert failures == {}
    # parent + child are 5 units of work, short is 3; known was done before.
    assert notes.read_text().split() == ["parent", "child", "short"]
    assert observer.heard == [
        (word, name) for name in ("parent", "child", "short") for word in ("started", "finished")
    ]


def test_jobs_run_side_by_side_and_are_watched(tmp_path):
    notes = tmp_path / "notes"
    jobs = [FakeJob(name, Note(notes, name, seconds=1.5)) for name in ("one", "two")]
    observer = Silent()
    run_jobs(jobs, [], 2, tmp_path / "logs", observer)
    assert [word for word, _ in observer.heard] == ["started", "started", "finished", "finished"]
    assert observer.shares == {"one": 0.5, "two": 0.5}


def test_a_failure_is_named_with_its_log_and_the_others_go_on(tmp_path):
    notes = tmp_path / "notes"
    jobs = [
        FakeJob("bad/run", Fail(notes, "it"), cost=9.0),
        FakeJob("child", Note(notes, "child"), needs=("bad/run",)),
        FakeJob("grandchild", Note(notes, "grandchild"), needs=("child",)),
        FakeJob("good", Note(notes, "good")),
    ]
    observer = Silent()
    failures = run_jobs(jobs, [], 1, tmp_path / "logs", observer)
    log = tmp_path / "logs" / "bad__run.txt"
    assert failures == {
        "bad/run": f"ValueError: it went wrong (see {log})",
        "child": "not started, because bad/run failed",
        "grandchild": "not started, because child failed",
    }
    assert "printed by the worker" in log.read_text()
    assert "Traceback" in log.read_text()
    assert notes.read_text().split() == ["good"]


def test_a_job_whose_worker_dies_is_resumed_once(tmp_path):
    notes = tmp_path / "notes"
    jobs = [
        FakeJob("once", Die(notes, "once", lives=1)),
        FakeJob("always", Die(notes, "always", lives=99), cost=0.5),
        FakeJob("bystander", Note(notes, "bystander"), cost=0.1),
    ]
    failures = run_jobs(jobs, [], 1, tmp_path / "logs", Silent())
    assert failures == {"always": "its worker process died 2 times (out of memory, or killed?)"}
    assert sorted(notes.read_text().split()) == ["bystander", "once"]


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_workers_die_with_the_command(tmp_path, sent):
    beat = tmp_path / "beat"
    script = tmp_path / "command.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pool_tasks import Beat, FakeJob, Silent\n"
        "from prosocial.runs.pool import run_jobs\n"
        "if __name__ == '__main__':\n"
        f"    job = FakeJob('beat', Beat(Path({str(beat)!r}), 'beat'))\n"
        f"    run_jobs([job], [], 1, Path({str(tmp_path)!r}), Silent())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = subprocess.Popen(
        [sys.executable, str(script)], env=environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not beat.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    command.send_signal(sent)
    command.wait(30)
    time.sleep(1.0)
    last = beat.read_text()
    time.sleep(1.0)
    assert beat.read_text() == last
