"""The replay page as a file: complete in itself, true to the recording, safe with foreign words."""

import base64
import dataclasses
import html
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prosocial.analysis
from prosocial.agents.recording import Recording, RecordingError, resimulate
from prosocial.analysis.replay_page.replay import ReplayError, replay
from prosocial.runs.recording import record_world

HOSTILE = '</script><img src=x onerror=alert(1)>"&'


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record_world("caregiver_grid", partners=["random"], episodes=2, mind="goals")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def arrays_of(page: str, place: int = 0, side: int = 0) -> dict[str, np.ndarray]:
    head = data_of(page)["episodes"][place][side]
    found = re.search(f'id="episode-{place}-{side}">(.*?)</script>', page, re.DOTALL)
    assert found
    body = zlib.decompress(base64.b64decode(found[1]))
    arrays = {}
    for name, kind, shape, first in head["arrays"]:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, kind, count, first).reshape(shape)
    for name in {"cells", "items"} & set(arrays):  # kept as differences
        arrays[name] = np.bitwise_xor.accumulate(arrays[name])
    return arrays


def test_the_package_offers_it(recording: Recording) -> None:
    assert prosocial.analysis.replay is replay
    assert prosocial.analysis.replay(recording).html.startswith("<!doctype html>")
    with pytest.raises(AttributeError):
        _ = prosocial.analysis.nothing  # pyright: ignore[reportAttributeAccessIssue]


def test_the_page_holds_what_was_played(recording: Recording) -> None:
    page = replay(recording).html
    for place, episode in enumerate(recording.episodes):
        head, arrays = data_of(page)["episodes"][place][0], arrays_of(page, place)
        played = resimulate(recording, place)
        assert head["steps"] == episode.length
        assert int(head["seed"]) == int(episode.initial["seed"])
        scenes = [played.world.scene(state) for state in played.states]
        assert np.array_equal(arrays["cells"], [scene.cells.ravel() for scene in scenes])
        bodies = [[(a.row, a.column, a.heading) for a in scene.agents] for scene in scenes]
        assert arrays["bodies"][:, :1, :3].tolist() == [list(map(list, body)) for body in bodies]
        believed = episode.posteriors
        assert believed is not None
        assert np.abs(arrays["posteriors"] / 65535 - believed.probabilities).max() < 1e-5
        assert np.array_equal(arrays["actions"], episode.actions)
        assert np.array_equal(arrays["present"], episode.present)


def test_it_needs_nothing_else(recording: Recording) -> None:
    page = replay(recording).html
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_equal_recordings_give_equal_pages(recording: Recording, tmp_path: Path) -> None:
    path = recording.save(tmp_path / "episodes.npz")
    page = replay(recording, title="one").save(tmp_path / "pages" / "one.html")
    assert page.read_text("utf-8") == replay(path, title="one").html
    assert [file.name for file in page.parent.iterdir()] == ["one.html"]


def test_foreign_words_stay_words(recording: Recording) -> None:
    foreign = dataclasses.replace(recording, labels=(HOSTILE,), source={"run": HOSTILE})
    made = replay(foreign, title=HOSTILE)
    assert "<img" not in made.html
    assert data_of(made.html)["title"] == HOSTILE
    assert html.unescape(re.findall(r"<title>(.*?)</title>", made.html)[0]) == HOSTILE
    assert "<img" not in made._repr_html_()


def test_a_notebook_gets_a_frame_of_its_own(recording: Recording) -> None:
    shown = replay(recording)._repr_html_()
    assert 'sandbox="allow-scripts"' in shown
    assert html.escape("<!doctype html>") in shown


def test_chosen_episodes_alone(recording: Recording) -> None:
    page = replay(recording, episodes=[1]).html
    assert [head["number"] for (head,) in data_of(page)["episodes"]] == [1]


def test_two_runs_are_paired_by_seed(recording: Recording) -> None:
    other = record_world("caregiver_grid", partners=["shortest_path"], episodes=2)
    page = replay([recording, other]).html
    for place, pair in enumerate(data_of(page)["episodes"]):
        assert len({head["seed"] for head in pair}) == 1
        first, second = (arrays_of(page, place, side)["cells"][0] for side in (0, 1))
        assert np.array_equal(first, second), "both begin in the same state"


@pytest.mark.parametrize(
    ("seed", "world", "message"),
    [(1, "caregiver_grid", "same seed"), (0, "helping_grid", "worlds caregiver_grid and helping")],
)
def test_what_cannot_be_compared(recording: Recording, seed: int, world: str, message: str) -> None:
    other = record_world(world, partners=["random"], episodes=1, seed=seed)
    with pytest.raises(ReplayError, match=message):
        replay([recording, other])


def test_bad_requests_are_explained(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="no episode 7: the recording has 2"):
        replay(recording, episodes=[7])
    with pytest.raises(ReplayError, match="no episodes to show"):
        replay(recording, episodes=[])
    with pytest.raises(ReplayError, match="3 recordings were given"):
        replay([recording] * 3)
    with pytest.raises(RecordingError):
        replay(tmp_path / "missing.npz")
    episode = recording.episodes[0]
    actions = episode.actions.copy()
    actions[3] = (actions[3] + 1) % 3
    altered = dataclasses.replace(
        recording, episodes=(dataclasses.replace(episode, actions=actions),)
    )
    with pytest.raises(RecordingError, match="cannot be played as it was recorded"):
        replay(altered)
