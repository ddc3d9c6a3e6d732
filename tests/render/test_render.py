"""Pictures, text and the window."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import prosocial
import prosocial.envs as envs
from prosocial.envs.engine import ConfigError, Scene, SceneAgent
from prosocial.envs.render import MissingExtraError, Window, frame, save_gif, text
from prosocial.envs.render.palette import AGENTS, SYMBOLS
from prosocial.envs.render.tiles import cell_tile
from prosocial.envs.worlds.caregiver_grid import Cell

LAYOUT = "#####\n#>~G#\n#...#\n#####"


def scene(cells=((1, 1, 1),), agents=()):
    return Scene(np.array(cells, np.uint8), Cell, tuple(agents))


def agent(heading, carrying=None):
    return SceneAgent("learner", 0, 1, heading, carrying)


@pytest.mark.parametrize("name", prosocial.worlds())
def test_a_frame_shows_every_cell_at_its_size(name):
    env = prosocial.make(name, render_mode="rgb_array")
    env.reset(seed=1)
    picture = env.render()
    assert picture.dtype == np.uint8
    height, width = env.world.scene(env._single.batch.state[0]).cells.shape
    assert picture.shape == (height * 48, width * 48, 3)
    assert env.render() is not picture
    before = picture.copy()
    rng = np.random.default_rng(1)
    for _ in range(10):  # somebody turns, or takes something, which may end the episode
        if env.agents:
            env.step({agent: rng.integers(1, env.world.num_actions) for agent in env.agents})
    assert (env.render() != before).any()
    assert (picture == before).all()


def test_every_kind_of_cell_looks_different():
    codes = [Cell.EMPTY, Cell.WALL, Cell.GOAL, Cell.LAVA]
    tiles = [frame(scene([[code]])).tobytes() for code in codes]
    assert len(set(tiles)) == len(codes)
    tiles = [cell_tile(name, 24).tobytes() for name in SYMBOLS if name not in ("EMPTY", "FLOOR")]
    assert len({*tiles, cell_tile("EMPTY", 24).tobytes()}) == len(tiles) + 1
    assert cell_tile("FLOOR", 24).tobytes() == cell_tile("EMPTY", 24).tobytes()


def test_seven_agents_have_seven_colours():
    agents = [SceneAgent(f"agent_{k}", 0, k, 0) for k in range(7)]
    picture = frame(scene([[Cell.EMPTY] * 7], agents))
    centres = {tuple(picture[24, 48 * k + 24].tolist()) for k in range(7)}
    assert centres == set(AGENTS)


def test_headings_loads_and_agents_look_different():
    pictures = [frame(scene(agents=[agent(heading)])) for heading in range(4)]
    pictures += [frame(scene(agents=[agent(0, "ball")])), frame(scene())]
    assert len({picture.tobytes() for picture in pictures}) == 6
    quarter = [np.rot90(tile, 1) for tile in (pictures[1][:, 48:96], pictures[0][:, 48:96])]
    # A turned triangle is the triangle of the other heading, but for the lines between cells.
    assert (np.abs(quarter[0].astype(int) - pictures[0][:, 48:96]) > 60).mean() < 0.05
    assert (np.abs(quarter[1].astype(int) - pictures[0][:, 48:96]) > 60).mean() > 0.05
    two = frame(scene(agents=[SceneAgent("a", 0, 0, 0), SceneAgent("b", 0, 2, 0)]))
    assert (two[:, :48] != two[:, 96:]).any()


def test_tiles_of_any_size_but_tiny_ones():
    assert frame(scene(), tile_size=8).shape == (8, 24, 3)
    with pytest.raises(ConfigError, match="tile_size is 4; expected at least 8"):
        frame(scene(), tile_size=4)


def test_text_shows_map_headings_and_loads():
    env = prosocial.make("caregiver_grid", layout=LAYOUT, render_mode="ansi")
    env.reset(seed=0)
    lines = env.render().splitlines()
    assert lines[1][:2] == "#>"
    assert lines[4] == "learner > row 1, column 1"
    assert "carries a ball" in text(scene(agents=[agent(2, "ball")]))


def test_no_render_mode_renders_nothing():
    env = prosocial.make("caregiver_grid")
    env.reset(seed=0)
    assert env.render() is None


def test_a_window_opens_shows_and_closes(monkeypatch):
    pygame = pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = prosocial.make("helping_grid", render_mode="human")
    env.reset(seed=0)
    env.step({"learner": 3})
    assert env.render() is None
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    assert (shown == frame(env.world.scene(env._single.batch.state[0]))).all()
    env.close()
    env.close()
    assert not pygame.display.get_init()


def test_a_missing_pygame_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'prosocial\[render\]'"):
        Window("title", 8).show(np.zeros((8, 8, 3), np.uint8))


def test_an_animation_is_written(tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "episode.gif"
    frames = [frame(scene(agents=[agent(heading)])) for heading in range(4)]
    save_gif(frames, path, frames_per_second=10)
    with image.open(path) as opened:
        assert (opened.n_frames, opened.size) == (4, (144, 48))


def test_colours_live_in_the_palette_only():
    folder = Path(envs.__file__).parent
    triple = re.compile(r"\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)")
    for path in folder.rglob("*.py"):
        if path.parent.name == "render" and path.name != "palette.py":
            assert not triple.search(path.read_text()), path
