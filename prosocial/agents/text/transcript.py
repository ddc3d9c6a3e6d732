"""Transcripts: every prompt and answer of a run on a line of its own, from which it can go on."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import filelock

from prosocial.envs.engine.errors import ActionError, ProsocialError

from .protocol import TextAgent

FORMAT = 1


class TranscriptError(ProsocialError):
    """A transcript cannot be used: of another run, damaged, or in use by another process."""


class Transcript:
    """A file of JSON lines that is either new or the beginning of the same run.

    The first line is a header, each further one an answer. A line is on the disk before the run
    goes on; the half line that a killed process may leave is cut off, and nothing else is ever
    changed.

    Attributes:
        path: The file.
        replayed: Answers taken from the file so far.
        recorded: Answers written so far.
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, Any],
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        """Opens the file for this process alone and reads what it holds.

        Args:
            path: The file; made with its folders if it does not exist.
            header: What identifies the run, values as JSON knows them.
            provenance: What is noted beside it in a new file, and may differ later.

        Raises:
            TranscriptError: The file is of another run, damaged, or in use.
        """
        self.path, self.replayed, self.recorded = path, 0, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise TranscriptError(
                f"{path} is in use by another process. Wait for it, or choose another output."
            ) from error
        try:
            self._open({"format": FORMAT, **header}, dict(provenance or {}))
        except BaseException:
            self._lock.release()
            raise

    def _open(self, header: dict[str, Any], provenance: dict[str, Any]) -> None:
        data = self.path.read_bytes() if self.path.exists() else b""
        whole = data.rfind(b"\n") + 1
        lines = [self._parsed(n, line) for n, line in enumerate(data[:whole].splitlines(), 1)]
        if lines:
            found = {k: v for k, v in lines[0].items() if k != "provenance"}
            self._refuse_other(found, json.loads(json.dumps(header)))
        self._waiting = deque(lines[1:])
        self._file = self.path.open("ab")
        self._file.truncate(whole)
        if not lines:
            self._write({**header, "provenance": provenance})

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        texts = ("prompt", "answer") if number > 1 else ()
        if not isinstance(record, dict) or not all(isinstance(record.get(t), str) for t in texts):
            raise TranscriptError(
                f"Line {number} of {self.path} is damaged. To go on from the lines before it, "
                "delete it and all that follow; or choose another output."
            )
        return record

    def _refuse_other(self, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        found, wanted = _flat(found), _flat(wanted)
        differing = [k for k in {**wanted, **found} if found.get(k) != wanted.get(k)]
        if differing:
            pairs = (f"{k}: {found.get(k)!r} there, {wanted.get(k)!r} here" for k in differing)
            raise TranscriptError(
                f"{self.path} is the transcript of another run ({'; '.join(pairs)}). Give the same "
                "options to go on with it, or choose another output."
            )

    def replay(self, prompt: str) -> str | None:
        """Returns the recorded answer to a prompt; None when the record is at its end.

        Raises:
            TranscriptError: The record has another prompt at this place.
        """
        if not self._waiting:
            return None
        line = self.replayed + 2
        if self._waiting[0]["prompt"] != prompt:
            raise TranscriptError(
                f"Line {line} of {self.path} answers another prompt than the run asks now: it was "
                "written by another version of the program, or with agents or options that have "
                "changed. Choose another output."
            )
        self.replayed += 1
        return self._waiting.popleft()["answer"]

    def append(self, record: Mapping[str, Any]) -> None:
        """Writes an answer to the disk: "prompt" and "answer", texts, and whatever else."""
        self._write(record)
        self.recorded += 1

    def _write(self, record: Mapping[str, Any]) -> None:
        # JSON in ASCII: no surrogate or line separator in an answer can break a line.
        try:
            self._file.write(json.dumps(record).encode("ascii") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise TranscriptError(
                f"{self.path} could not be written ({error}). What was recorded before is safe: "
                "make room, and run the same command again to go on."
            ) from error

    def close(self) -> None:
        """Closes the file and lets other processes have it."""
        self._file.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _flat(header: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns a header with the keys of nested objects joined by dots, for short messages."""
    flat: dict[str, Any] = {}
    for key, value in header.items():
        nested = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if nested else {prefix + key: value}
    return flat


class Recorder:
    """An agent whose every answer goes into a transcript, and comes from it where it has one.

    Attributes:
        agent: The agent that is asked.
        transcript: Where the answers are kept; agents of one run share it.
    """

    def __init__(
        self,
        agent: TextAgent,
        transcript: Transcript,
        describe: Callable[[str], Mapping[str, Any]] | None = None,
    ) -> None:
        """Wraps an agent.

        Args:
            agent: The agent.
            transcript: Where its answers are kept.
            describe: Returns what else to keep with an answer, such as the phase and what was
                understood; values as JSON knows them.
        """
        self.agent, self.transcript, self._describe = agent, transcript, describe

    def act(self, text: str) -> str:
        """Returns the recorded answer, or asks the agent and records it with its latency.

        Raises:
            ActionError: The agent returned no text.
            TranscriptError: The record has another prompt at this place.
        """
        answer = self.transcript.replay(text)
        if answer is not None:
            return answer
        started = time.perf_counter()
        answer = self.agent.act(text)
        latency = time.perf_counter() - started
        if not isinstance(answer, str):
            raise ActionError(
                f"{type(self.agent).__name__}.act returned {answer!r}; expected a str."
            )
        described = self._describe(answer) if self._describe else {}
        self.transcript.append(
            {**described, "prompt": text, "answer": answer, "latency": round(latency, 6)}
        )
        return answer
