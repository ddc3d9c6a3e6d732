"""Putting a page together: markup, style, scripts and data in one file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any

from prosocial.agents.recording import Recording
from prosocial.envs.render.web import asset, sprites

from .packing import PackedEpisode, agent_colours, pack_recording

# In the order in which they need each other.
SCRIPTS = (
    "episode.js",
    "player.js",
    "plots.js",
    "timeline.js",
    "filters.js",
    "minds.js",
    "panel.js",
    "main.js",
)


def write_page(
    title: str,
    names: Sequence[str],
    recordings: Sequence[Recording],
    rows: Sequence[Sequence[PackedEpisode]],
) -> str:
    """Returns the page.

    Args:
        title: Its title.
        names: What to call each recording.
        recordings: What is shown side by side, one or two.
        rows: For each entry of the chooser one episode of each recording.
    """
    pictures: dict[str, str] = {}
    for recording in recordings:
        pictures |= sprites(recording.build())
    data: dict[str, Any] = {
        "title": title,
        "colours": agent_colours(),
        "sprites": pictures,
        "recordings": [
            {"name": name, **pack_recording(recording)}
            for name, recording in zip(names, recordings, strict=True)
        ],
        "episodes": [[packed.head for packed in row] for row in rows],
    }
    style = asset("base.css") + _own("page.css")
    scripts = [asset("grid.js"), asset("theme.js"), *map(_own, SCRIPTS)]
    return Template(_own("page.html")).substitute(
        title=html.escape(title),
        policy=_policy(style, scripts),
        style=f"<style>{style}</style>",
        data=f'<script type="application/json" id="data">{_json(data)}</script>',
        bodies="\n".join(
            f'<script type="text/plain" id="episode-{place}-{side}">{packed.body}</script>'
            for place, row in enumerate(rows)
            for side, packed in enumerate(row)
        ),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _own(name: str) -> str:
    return (
        resources.files("prosocial.analysis.replay_page").joinpath(name).read_text(encoding="utf-8")
    )


def _json(data: Any) -> str:
    """Returns data as JSON that cannot end the script element around it."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Returns the content security policy: nothing but what stands in the page, no network."""
    run = " ".join(map(_digest, scripts))
    return f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {run}"


def _digest(text: str) -> str:
    content = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{content}'"
