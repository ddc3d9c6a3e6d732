"""The comparison of pictures sees what a reader would see, and nothing else."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent))

import comparison
from comparison import Tolerance, check, compare
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#E69F00"


def chart(
    bars=(3, 5, 2, 4), label="goals", place=0.5, color=BLUE, title="Retention", offset=0.0
) -> Image.Image:
    """A small bar chart with a label that can be moved, 400 x 300 pixels."""
    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.add_axes((0.15, 0.15, 0.8, 0.7))
    axes.bar(range(len(bars)), bars, color=color)
    axes.set(xlim=(-0.6, 3.6), ylim=(0, 6))
    axes.set_title(title, x=0.5 + offset / 320)
    axes.set_xlabel(label, x=place)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


@pytest.fixture(scope="module")
def reference():
    return chart()


def test_equal_pictures_do_not_differ(reference):
    found = compare(reference, chart())
    assert (found.pixels, found.largest, found.problem) == (0, 0, "")


@pytest.mark.parametrize(
    "changed",
    [
        {"place": 0.58},  # 26 pixels to the right
        {"color": ORANGE},
        {"color": "#3388BB"},  # a little paler
        {"bars": (3, 5, 0, 4)},
        {"bars": (3, 5, 2.3, 4)},
        {"label": "episodes"},
        {"title": "Attention"},
    ],
    ids=str,
)
def test_what_a_reader_would_see_is_found(reference, changed):
    assert compare(chart(**changed), reference).problem != ""


def test_where_the_change_is_and_how_large_is_told(reference):
    found = compare(chart(place=0.7), reference)
    assert "pixels differ by more than 40 of 255" in found.problem.replace(
        f"({found.pixels / found.total:.2%}) ", ""
    )
    assert found.place[1] > 250  # the label stands below the axis
    assert found.largest > 100


def test_antialiasing_hinting_and_a_palette_pass(reference):
    assert compare(chart(offset=0.5), reference).problem == ""
    stored = reference.quantize(64, dither=Image.Dither.NONE).convert("RGB")
    assert compare(reference, stored).problem == ""
    noise = np.random.default_rng(0).integers(-12, 13, (300, 400, 3))
    rough = np.clip(np.asarray(reference, np.int16) + noise, 0, 255).astype(np.uint8)
    assert compare(Image.fromarray(rough), reference).problem == ""


def test_a_small_change_on_a_large_page_is_found():
    page = Image.new("RGB", (1000, 3000), "white")
    other = page.copy()
    ImageDraw.Draw(other).ellipse((500, 1500, 512, 1512), fill="black")
    found = compare(other, page)
    assert found.pixels < Tolerance().share * found.total
    assert "square at" in found.problem


def test_another_size_is_named(reference):
    assert "400 x 300" in compare(reference.crop((0, 0, 399, 300)), reference).problem


def test_a_failure_leaves_the_pictures_behind(reference, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "REFERENCES", tmp_path / "references")
    monkeypatch.delenv(comparison.UPDATE, raising=False)
    with pytest.raises(AssertionError, match="chart has no reference"):
        check(reference, "chart", tmp_path / "out")
    monkeypatch.setenv(comparison.UPDATE, "1")
    check(reference, "chart", tmp_path / "out")
    monkeypatch.delenv(comparison.UPDATE)
    check(reference, "chart", tmp_path / "out")
    with pytest.raises(AssertionError, match=r"does not look like its reference: .*out") as error:
        check(chart(bars=(3, 5, 0, 4)), "chart", tmp_path / "out")
    assert comparison.UPDATE in str(error.value)
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {f"chart-{what}.png" for what in ("actual", "reference", "difference")}
