"""Runs jobs that depend on one another in worker processes.

A job starts when those it needs are finished; of the jobs that could start, the one with most work
behind it goes first. Workers are spawned, not forked (torch and ray hold threads), use one thread
each and die with the process that started them, so that no orphan goes on writing to a run folder
that is being resumed. A job whose worker dies is tried once more, since every job can be resumed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import connection
from pathlib import Path
from typing import Protocol

ATTEMPTS = 2
"""How often a job is started before its dying worker counts as its failure."""

_POLL_SECONDS = 0.5


class Task(Protocol):
    """What a worker does; a picklable object."""

    def run(self) -> None:
        """Does the work, or what is left of it."""
        ...

    def progress(self) -> float:
        """Share that is done, in [0, 1], read from the disk."""
        ...


class Job(Protocol):
    """A task with its place among the others."""

    @property
    def name(self) -> str:
        """Unique name."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the jobs that must be finished before."""
        ...

    @property
    def cost(self) -> float:
        """Estimated work, in any unit."""
        ...

    @property
    def task(self) -> Task:
        """What a worker does."""
        ...


class Observer(Protocol):
    """Who watches: all calls come from the thread that called `run_jobs`."""

    def started(self, name: str) -> None:
        """A job was handed to a worker."""
        ...

    def watched(self, shares: Mapping[str, float]) -> None:
        """Called twice a second with the share done of every running job."""
        ...

    def finished(self, name: str, seconds: float) -> None:
        """A job came to its end."""
        ...

    def failed(self, name: str, reason: str) -> None:
        """A job failed, or cannot be started because one it needs failed."""
        ...


def run_jobs(
    jobs: Sequence[Job], done: Sequence[str], workers: int, logs: Path, observer: Observer
) -> dict[str, str]:
    """Runs all jobs that are not done yet.

    Args:
        jobs: Jobs; those that a job needs may come in any order.
        done: Names of jobs that are finished already.
        workers: Number of processes, at least 1.
        logs: Folder for one text file per job with what its worker printed and why it failed.
        observer: Is told what happens.

    Returns:
        The jobs that failed or could not start, with the reason.

    Raises:
        KeyboardInterrupt: When the user interrupts; the workers are stopped first.
    """
    scheduler = _Scheduler(jobs, done)
    logs.mkdir(parents=True, exist_ok=True)
    others = set(multiprocessing.active_children())
    pool = _make_pool(workers)
    running: dict[Future, tuple[Job, float]] = {}
    try:
        while scheduler.waiting or running:
            while len(running) < workers and (job := scheduler.next()) is not None:
                log = logs / f"{job.name.replace('/', '__')}.txt"
                running[pool.submit(_work, job.task, log)] = (job, time.monotonic())
                observer.started(job.name)
            ended, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            broken = False
            for future in ended:
                job, began = running.pop(future)
                broken |= _settle(future, job, began, scheduler, observer)
            if broken:
                # One dead worker takes the whole pool with it; the others' jobs are resumed.
                for future in list(running):
                    wait([future])
                    job, began = running.pop(future)
                    _settle(future, job, began, scheduler, observer)
                pool.shutdown()
                pool = _make_pool(workers)
            for name, reason in scheduler.stranded():
                observer.failed(name, reason)
            observer.watched({job.name: job.task.progress() for job, _ in running.values()})
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return scheduler.failures


class _Scheduler:
    """Which job may start next."""

    def __init__(self, jobs: Sequence[Job], done: Sequence[str]) -> None:
        self.waiting = {job.name: job for job in jobs if job.name not in done}
        self.failures: dict[str, str] = {}
        self._done = set(done)
        self._attempts: dict[str, int] = {}
        self._ahead = _work_ahead(jobs)

    def next(self) -> Job | None:
        """Takes the startable job with the longest chain of work from it on; None without one."""
        ready = [j for j in self.waiting.values() if all(n in self._done for n in j.needs)]
        if not ready:
            return None
        job = max(ready, key=lambda j: self._ahead[j.name])
        del self.waiting[job.name]
        self._attempts[job.name] = self._attempts.get(job.name, 0) + 1
        return job

    def succeed(self, job: Job) -> None:
        """Notes that a job is finished."""
        self._done.add(job.name)

    def fail(self, job: Job, reason: str) -> None:
        """Notes that a job failed for good."""
        self.failures[job.name] = reason

    def again(self, job: Job) -> bool:
        """Puts a job back whose worker died; False when it was tried often enough."""
        if self._attempts[job.name] >= ATTEMPTS:
            return False
        self.waiting[job.name] = job
        return True

    def stranded(self) -> list[tuple[str, str]]:
        """Takes out the jobs that can never start because one they need failed."""
        lost = []
        for job in list(self.waiting.values()):
            missing = [n for n in job.needs if n in self.failures]
            if missing:
                reason = f"not started, because {missing[0]} failed"
                self.failures[job.name] = reason
                del self.waiting[job.name]
                lost.append((job.name, reason))
        return lost


def _settle(
    future: Future, job: Job, began: float, scheduler: _Scheduler, observer: Observer
) -> bool:
    """Records how a job ended; True when its worker died."""
    try:
        problem = future.result()
    except BrokenProcessPool:
        if not scheduler.again(job):
            problem = f"its worker process died {ATTEMPTS} times (out of memory, or killed?)"
            scheduler.fail(job, problem)
            observer.failed(job.name, problem)
        return True
    if problem is None:
        scheduler.succeed(job)
        observer.finished(job.name, time.monotonic() - began)
    else:
        scheduler.fail(job, problem)
        observer.failed(job.name, problem)
    return False


def _work_ahead(jobs: Sequence[Job]) -> dict[str, float]:
    """Cost of the longest chain of jobs that starts with each job."""
    followers: dict[str, list[Job]] = {}
    for job in jobs:
        for name in job.needs:
            followers.setdefault(name, []).append(job)
    ahead: dict[str, float] = {}

    def chain(job: Job) -> float:
        if job.name not in ahead:
            ahead[job.name] = job.cost + max(map(chain, followers.get(job.name, [])), default=0.0)
        return ahead[job.name]

    for job in jobs:
        chain(job)
    return ahead


def _make_pool(workers: int) -> ProcessPoolExecutor:
    # Libraries read the number of threads when they are loaded, so it must be set before.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its workers itself
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _work(task: Task, log: Path) -> str | None:
    """Runs a task in a worker; returns why it failed, None if it did not."""
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            task.run()
        except Exception as error:
            traceback.print_exc()
            first = (str(error) or "no message").splitlines()[0]
            return f"{type(error).__name__}: {first} (see {log})"
    return None
