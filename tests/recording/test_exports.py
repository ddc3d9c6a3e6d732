"""Episodes as GIF, MP4 and PNG strip: the files are read back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosocial.agents.recording import Recording, frames_of, resimulate
from prosocial.agents.recording.frames import fitting_tile
from prosocial.envs.engine import ConfigError
from prosocial.envs.render import MissingExtraError, frame, save_gif, save_mp4, save_strip


def test_frames_show_every_moment(recording: Recording) -> None:
    played = resimulate(recording, 1)
    frames = list(frames_of(recording, 1, tile_size=16))
    assert len(frames) == 21
    for picture, state in zip(frames, played.states, strict=True):
        assert (picture == frame(played.world.scene(state), 16)).all()


@pytest.mark.parametrize(
    ("options", "moments"),
    [
        ({"every": 8}, [0, 8, 16, 20]),
        ({"every": 5}, [0, 5, 10, 15, 20]),
        ({"every": 99}, [0, 20]),
        ({"count": 3}, [0, 10, 20]),
        ({"count": 1}, [0]),
        ({"count": 99}, list(range(21))),
    ],
    ids=str,
)
def test_some_moments_are_chosen(
    recording: Recording, options: dict[str, int], moments: list[int]
) -> None:
    played = resimulate(recording)
    frames = list(frames_of(recording, tile_size=8, **options))
    assert len(frames) == len(moments)
    for picture, moment in zip(frames, moments, strict=True):
        assert (picture == frame(played.world.scene(played.states[moment]), 8)).all()


def test_large_grids_get_small_tiles(recording: Recording) -> None:
    assert [fitting_tile(s) for s in ((7, 7), (18, 24), (9, 40), (200, 3))] == [48, 26, 16, 8]
    assert next(frames_of(recording)).shape == (7 * 48, 7 * 48, 3)


@pytest.mark.parametrize("options", [{"every": 0}, {"count": 0}])
def test_frames_out_of_range(recording: Recording, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected at least 1"):
        next(frames_of(recording, **options))
    with pytest.raises(ConfigError, match="tile_size is 7"):
        next(frames_of(recording, tile_size=7))


def test_a_film_shows_every_frame(recording: Recording, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    frames = list(frames_of(recording, tile_size=19))  # 133 pixels: odd
    path = tmp_path / "new" / "film.mp4"
    save_mp4(iter(frames), path, frames_per_second=12.5)
    assert [p.name for p in path.parent.iterdir()] == ["film.mp4"]
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.height, stream.width) == (134, 134)
        assert float(stream.average_rate) == 12.5
        shown = [picture.to_ndarray(format="rgb24") for picture in film.decode(video=0)]
    assert len(shown) == len(frames)
    for picture, original in zip(shown, frames, strict=True):
        difference = np.abs(picture[:133, :133].astype(int) - original)
        assert difference.mean() < 4  # colours are kept at half the resolution
    # The nearest original of each shown picture is its own: none is doubled or left out.
    for number in (0, 7, 20):
        gaps = [np.abs(shown[number][:133, :133].astype(int) - o).sum() for o in frames]
        assert gaps[number] == min(gaps)


def test_a_film_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'prosocial\[video\]'"):
        save_mp4([np.zeros((8, 8, 3), np.uint8)], tmp_path / "film.mp4")


def test_a_film_without_the_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    av = pytest.importorskip("av")

    class Bare:
        def __enter__(self) -> Bare:
            return self

        def __exit__(self, *_: object) -> None: ...

        def add_stream(self, name: str, rate: object) -> None:
            raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av, "open", lambda *_, **__: Bare())
    with pytest.raises(MissingExtraError, match="libx264"):
        save_mp4([np.zeros((8, 8, 3), np.uint8)], tmp_path / "film.mp4")


def test_films_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("av")
    path = tmp_path / "film.mp4"
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ConfigError, match="no frames"):
        save_mp4([], path)
    with pytest.raises(ConfigError, match="frames_per_second is 0"):
        save_mp4([picture], path, frames_per_second=0)
    with pytest.raises(ConfigError, match=r"has shape \(9, 8, 3\), the first one \(8, 8, 3\)"):
        save_mp4([picture, np.zeros((9, 8, 3), np.uint8)], path)
    assert not list(tmp_path.iterdir())


def test_a_strip_holds_the_pictures_in_rows(recording: Recording, tmp_path: Path) -> None:
    frames = list(frames_of(recording, tile_size=8, count=5))
    save_strip(frames, tmp_path / "strip.png", columns=3)
    strip = np.asarray(Image.open(tmp_path / "strip.png"))
    assert strip.shape == (2 * 56 + 4, 3 * 56 + 2 * 4, 3)
    for number, picture in enumerate(frames):
        top, left = (number // 3) * 60, (number % 3) * 60
        assert (strip[top : top + 56, left : left + 56] == picture).all()
    assert (strip[60:, 120:] == 255).all()  # the sixth place is empty
    save_strip(frames[:2], tmp_path / "short.png", columns=8)
    assert Image.open(tmp_path / "short.png").size == (2 * 56 + 4, 56)


def test_strips_that_cannot_be_written(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "strip.png"
    with pytest.raises(ConfigError, match="columns is 0"):
        save_strip(frames_of(recording), path, columns=0)
    with pytest.raises(ConfigError, match="no frames"):
        save_strip([], path)
    with pytest.raises(ConfigError, match="of one shape"):
        save_strip([np.zeros((8, k, 3), np.uint8) for k in (8, 9)], path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match="PNG files need Pillow"):
        save_strip(frames_of(recording), path)
    assert not list(tmp_path.iterdir())


def test_an_animation_of_a_recording(recording: Recording, tmp_path: Path) -> None:
    save_gif(frames_of(recording, 5, tile_size=8), tmp_path / "episode.gif", frames_per_second=5)
    with Image.open(tmp_path / "episode.gif") as animation:
        assert animation.size == (56, 56)
        durations = 0
        for number in range(getattr(animation, "n_frames", 1)):
            animation.seek(number)
            durations += animation.info["duration"]
    assert durations == 11 * 200  # equal frames may be joined, with their time
