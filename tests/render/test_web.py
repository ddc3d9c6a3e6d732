"""Sprites put together as grid.js does give the picture that ``frame`` gives."""

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

import prosocial
from prosocial.envs.engine import Batch, ConfigError, Scene, build
from prosocial.envs.render import frame, palette, text
from prosocial.envs.render.web import agent_label, asset, legend, scene_data, sprites

TILE = 48
HANDS = [(0.5, 0.62), (0.38, 0.5), (0.5, 0.38), (0.62, 0.5)]  # as in grid.js


def scenes(name: str, steps: int = 12) -> list[Scene]:
    world = build(name)
    batch = Batch(world, 1, seed=3, auto_reset=False)
    batch.reset()
    rng = np.random.default_rng(5)
    found = [world.scene(batch.state[0].copy())]
    for _ in range(steps):
        if batch.done[0]:
            break
        batch.step(rng.integers(0, world.num_actions, (1, world.num_agents)))
        found.append(world.scene(batch.state[0].copy()))
    return found


def image(uri: str) -> Image.Image:
    assert uri.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA")


def put_together(data: dict, pictures: dict[str, str], cells: dict[str, str]) -> np.ndarray:
    height, width = np.shape(data["cells"])
    canvas = Image.new("RGBA", (width * TILE, height * TILE))

    def put(name: str, x: float, y: float, side: float = 1.0, turns: int = 0) -> None:
        size = round(side * TILE)
        sprite = image(pictures[name]).resize((size, size), Image.Resampling.BOX)
        sprite = sprite.rotate(-90 * turns)
        canvas.alpha_composite(sprite, (round(x * TILE - size / 2), round(y * TILE - size / 2)))

    for row, codes in enumerate(data["cells"]):
        for column, code in enumerate(codes):
            put(cells[str(code)], column + 0.5, row + 0.5)
    for agent in data["agents"]:
        x, y = agent["column"], agent["row"]
        kind = "disc" if agent["heading"] < 0 else "arrow"
        put(f"{kind}:{agent['number'] % 7}", x + 0.5, y + 0.5, turns=max(agent["heading"], 0))
        if agent["ball"]:
            across, down = (0.5, 0.5) if agent["heading"] < 0 else HANDS[agent["heading"]]
            put("ball", x + across, y + down)
    for item in data["items"]:
        for name, x, y, side in item["layers"]:
            put(name, item["column"] + x, item["row"] + y, side)
    return np.asarray(canvas.convert("RGB")).astype(int)


@pytest.mark.parametrize("name", prosocial.worlds())
def test_a_page_shows_what_a_frame_shows(name: str) -> None:
    pictures, cells = sprites(build(name)), legend(build(name))
    for scene in scenes(name)[::4]:
        made = put_together(scene_data(scene), pictures, cells)
        wanted = frame(scene, TILE).astype(int)
        # Where two bodies share a cell the page draws both, the frame the last one alone.
        shared = len({(a.row, a.column) for a in scene.agents}) < len(scene.agents)
        if not shared:
            assert np.abs(made - wanted).mean() < 2.5
            assert (np.abs(made - wanted).max(axis=2) > 60).mean() < 0.02


def test_a_missing_body_would_be_noticed() -> None:
    scene = scenes("caregiver_grid", 0)[0]
    data = scene_data(scene) | {"agents": []}
    made = put_together(data, *(f(build("caregiver_grid")) for f in (sprites, legend)))
    assert (np.abs(made - frame(scene, TILE)).max(axis=2) > 60).mean() > 0.005


def test_hidden_cells_are_told_drawn_and_written() -> None:
    scene = scenes("caregiver_grid", 0)[0]
    hidden = np.zeros(scene.cells.shape, np.bool_)
    hidden[0, 2] = True
    scene = dataclasses.replace(scene, hidden=hidden)
    assert scene_data(scene)["hidden"] == [[0, 2]]
    assert (frame(scene, TILE)[:TILE, 2 * TILE : 3 * TILE] == palette.HIDDEN).all()
    assert text(scene).splitlines()[0][2] == "?"


def test_labels_tell_agents_apart() -> None:
    assert agent_label("agent_12", ["agent_1", "agent_12"]) == "12"
    assert agent_label("learner", ["learner", "caregiver"]) == "L"
    assert [agent_label(n, ["human", "helper"]) for n in ("human", "helper")] == ["Hu", "He"]


def test_what_nobody_can_draw_is_named() -> None:
    scene = scenes("kitchen", 0)[0]
    items = np.ones((*scene.cells.shape, 1), np.uint8)
    with pytest.raises(ConfigError, match="durian"):
        scene_data(dataclasses.replace(scene, items=items, item_names=("durian",)))
    with pytest.raises(ConfigError, match="no asset 'secret'"):
        asset("secret")
