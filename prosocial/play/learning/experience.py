"""Sessions in which somebody was the caregiver, as the social experience of lives to come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prosocial.agents.recording import load_recording
from prosocial.agents.training.recorded import RecordedSession
from prosocial.envs.engine import ConfigError
from prosocial.envs.engine.files import sha256
from prosocial.play.config import CAREGIVER
from prosocial.play.session.export import recording_of
from prosocial.play.session.log import LOG_NAME, log_path
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.seats import PERSON


def read_sessions(paths: Sequence[str]) -> list[RecordedSession]:
    """Reads what the caregivers of sessions gave, see ``agents.training.recorded``.

    Args:
        paths: Folders or logs of sessions, or recordings (.npz).

    Returns:
        The sessions in the same order; each log was played again and came to the states that it
        holds.

    Raises:
        ConfigError: There is no such path, or nobody was the caregiver of a session.
        LogError: A log is damaged, or of another version or world version.
        RecordingError: A recording is damaged.
    """
    return [_read(Path(path)) for path in paths]


def _read(path: Path) -> RecordedSession:
    if not path.exists():
        raise ConfigError(
            f"There is no session at {path}. caregiver=recorded:PATH takes the folder of a session "
            f"of `prosocial play`, its {LOG_NAME}, or a recording of it."
        )
    if path.suffix == ".npz":
        return RecordedSession(str(path), sha256(path.read_bytes()), load_recording(path))
    log = log_path(path)
    digest = sha256(log.read_bytes())
    played = replay_log(log)
    if played.config.seat != CAREGIVER:
        raise ConfigError(
            f"Nobody was the caregiver in {path}: people played agents there. Sit as the "
            f"caregiver: prosocial play {played.world.name} --seat caregiver."
        )
    return RecordedSession(
        path=str(path),
        sha256=digest,
        recording=recording_of(played),
        agents=played.config.watched(played.world.num_agents),
        norms=(PERSON,),
    )
