"""Recorded episodes: initial record, actions and rewards; the states are simulated again on demand.

A `Recorder` looks on while a batch is stepped; `Recording.save` writes a small file, and
`load_recording` with `resimulate` gives every state, event and observation back, bit for bit.
"""

from .episodes import Episode, Posteriors, Recording, RecordingError
from .file_format import RECORDING_VERSION, RECORDINGS, load_recording
from .frames import frames_of
from .recorder import Recorder
from .resimulation import Played, resimulate

__all__ = [
    "RECORDINGS",
    "RECORDING_VERSION",
    "Episode",
    "Played",
    "Posteriors",
    "Recorder",
    "Recording",
    "RecordingError",
    "frames_of",
    "load_recording",
    "resimulate",
]
