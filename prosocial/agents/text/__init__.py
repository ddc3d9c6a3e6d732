"""Agents that read and write text: a protocol, a scripted one, language models, transcripts."""

from .endpoint import EndpointAgent, EndpointError
from .playing import play
from .protocol import TextAgent
from .scripted import ScriptedTextAgent
from .transcript import Recorder, Transcript, TranscriptError

__all__ = [
    "EndpointAgent",
    "EndpointError",
    "Recorder",
    "ScriptedTextAgent",
    "TextAgent",
    "Transcript",
    "TranscriptError",
    "play",
]
