"""From recordings to a page: which episodes, which beside which, and the file."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prosocial.agents.recording import Recording, load_recording
from prosocial.envs.engine.errors import ProsocialError
from prosocial.envs.engine.files import write_atomically

from .packing import PackedEpisode, pack_episode
from .page import write_page

NOTEBOOK_HEIGHT = 820
"""Height of the page in a notebook, in CSS pixels."""

Source = Recording | str | os.PathLike[str]


class ReplayError(ProsocialError, ValueError):
    """Recordings cannot be shown together, or an episode was asked for that is not there."""


@dataclass(frozen=True)
class Replay:
    """A page that plays recorded episodes; in a notebook it shows itself.

    Attributes:
        title: Its title.
        html: The whole page, self-contained.
    """

    title: str
    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page, complete or not at all.

        Returns:
            The path.
        """
        path = Path(path)
        write_atomically(path, self.html.encode())
        return path

    def _repr_html_(self) -> str:
        # In a frame of its own neither page nor notebook can touch the other.
        return (
            f'<iframe title="{html.escape(self.title)}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {NOTEBOOK_HEIGHT}px; border: 0" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )


def replay(
    recordings: Source | Sequence[Source],
    *,
    episodes: Sequence[int] | None = None,
    title: str | None = None,
) -> Replay:
    """Returns a page that plays recorded episodes, alone or two runs side by side.

    Every episode is played again from its record; the page holds all of its scenes, rewards
    (R_e, R_s by norm, R_i), events, the presence of the caregiver and posteriors of minds.

    Args:
        recordings: A recording or the path of one, or two of the same world to be compared: each
            episode of the first stands beside the one of the second that has the same seed and
            the same number since the seeding; others are left out.
        episodes: Numbers of the episodes, those of the first recording; None for all.
        title: Title of the page; None names the world and where the episodes come from.

    Raises:
        ReplayError: There are no episodes, none that can be compared, not one or two recordings,
            an episode that was asked for is missing, or two recordings are of different worlds.
        RecordingError: A recording cannot be read, or not be played again here.
    """
    shown = _load(recordings)
    rows = _choose(shown, episodes)
    packed: list[list[PackedEpisode]] = [
        [pack_episode(one, index) for one, index in zip(shown, row, strict=True)] for row in rows
    ]
    names = [describe_source(one) for one in shown]
    title = title or f"{shown[0].world.replace('_', ' ')}: {' and '.join(dict.fromkeys(names))}"
    return Replay(title, write_page(title, names, shown, packed))


def describe_source(recording: Recording) -> str:
    """Returns where a recording comes from in a few words: condition, phase, run, or who acted."""
    source = recording.source
    words = [str(source[key]) for key in ("condition", "phase") if source.get(key)]
    if not words and source.get("run"):
        words = [Path(str(source["run"])).name]
    return ", ".join(words or dict.fromkeys(recording.labels))


def _load(recordings: Source | Sequence[Source]) -> list[Recording]:
    one = isinstance(recordings, Recording | str | os.PathLike)
    sources = [recordings] if one else list(recordings)
    if not 1 <= len(sources) <= 2:
        raise ReplayError(
            f"{len(sources)} recordings were given; expected one, or two to be compared."
        )
    loaded = [s if isinstance(s, Recording) else load_recording(Path(s)) for s in sources]
    worlds = [recording.world for recording in loaded]
    if len(set(worlds)) > 1:
        raise ReplayError(
            f"The recordings are of the worlds {worlds[0]} and {worlds[1]}; expected two of one "
            "world. Make a page for each."
        )
    return loaded


def _choose(recordings: list[Recording], episodes: Sequence[int] | None) -> list[list[int]]:
    """Returns the numbers of the episodes that are shown together, one in each recording."""
    first = recordings[0]
    total = len(first.episodes)
    wanted = range(total) if episodes is None else episodes
    for index in wanted:
        if not 0 <= index < total:
            raise ReplayError(
                f"There is no episode {index}: the recording has {total}, numbered from 0."
            )
    if not wanted:
        raise ReplayError("There are no episodes to show; record or choose at least one.")
    if len(recordings) == 1:
        return [[index] for index in wanted]
    places = {}
    for index, episode in enumerate(recordings[1].episodes):
        places.setdefault(_beginning(episode.initial), index)
    rows = []
    for index in wanted:
        beginning = _beginning(first.episodes[index].initial)
        if beginning in places:
            rows.append([index, places[beginning]])
        elif episodes is not None:
            raise ReplayError(
                f"Episode {index} has the seed {beginning[0]} and is number {beginning[1]} since "
                "the seeding; the second recording has no such episode. Record both on one seed."
            )
    if not rows:
        raise ReplayError(
            "The two recordings have no episode with the same seed and number since the seeding; "
            "record both on one seed to compare them."
        )
    return rows


def _beginning(initial: np.ndarray) -> tuple[int, int]:
    return int(initial["seed"]), int(initial["episode"])
