"""Rendered pages look like their committed references; see `tests/visual/comparison.py`.

Every page is set in DejaVu Sans, which Debian's fonts-dejavu-core brings, and kept at half its
size, so that a browser's hinting and antialiasing do not matter.
"""

import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

sys.path.insert(0, str(Path(__file__).parents[1] / "visual"))
sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from comparison import check  # pyright: ignore[reportMissingImports]
from synthetic_runs import write_study  # pyright: ignore[reportMissingImports]

from prosocial.analysis import report_page
from prosocial.play.config import PlayConfig
from prosocial.play.session.session import Session
from prosocial.play.web.server import PlayServer
from prosocial.runs import cli

REQUIRED = "PROSOCIAL_REQUIRE_BROWSER"
FONT = "DejaVu Sans"
# Style sheets name system-ui, which is another font on every machine; canvases have no style sheet.
SET_FONT = f"""
const font = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, "font");
Object.defineProperty(CanvasRenderingContext2D.prototype, "font", {{
  get: font.get,
  set(value) {{ font.set.call(this, value.replace(/(px|rem|em)(\\S*) .*$/, '$1$2 "{FONT}"')); }},
}});
addEventListener("DOMContentLoaded", () => {{
  const style = document.createElement("style");
  style.textContent = '* {{ font-family: "{FONT}" !important; caret-color: transparent; }}';
  document.head.append(style);
}});
"""
HAS_FONT = f"""() => {{
  const context = document.createElement("canvas").getContext("2d");
  const width = (family) => {{
    context.font = `40px ${{family}}`;
    return context.measureText("Weights & measures 0123").width;
  }};
  return ["monospace", "serif"].some((kind) => width(kind) !== width(`"{FONT}", ${{kind}}`));
}}"""

Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def font(browser: Browser) -> None:
    page = browser.new_page()
    found = page.evaluate(HAS_FONT)
    page.close()
    if not found:
        message = f"the font {FONT} is not installed; Debian: apt-get install fonts-dejavu-core"
        if os.environ.get(REQUIRED):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def context(browser: Browser, font: None) -> Iterator[BrowserContext]:
    """As in conftest.py, but set in `FONT`, which the pages' content policies do not allow for."""
    opened = browser.new_context(
        viewport={"width": 1000, "height": 800}, color_scheme="light", reduced_motion="reduce",
        bypass_csp=True, locale="en-GB", timezone_id="UTC",
    )  # fmt: skip
    opened.set_default_timeout(20_000)
    opened.add_init_script(SET_FONT)
    yield opened
    opened.close()


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Compares the window with a reference, both at half their size."""

    def compared(page: Page, name: str) -> None:
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(150)  # what is drawn on canvases follows the next frame
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        half = shot.resize((shot.width // 2, shot.height // 2), Image.Resampling.BOX)
        check(half, name, tmp_path)

    return compared


def window(page: Page, width: int, height: int, scheme: Any = "light") -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A replay of a helper who infers a person's goal; equal in every run."""
    path = tmp_path_factory.mktemp("replay") / "page.html"
    options = "--mind goals --episodes 1 --seed 0 --partner doors_human,oracle_helper"
    assert cli.main(["watch", "doors", "--output", str(path), *options.split()]) == 0
    return path.as_uri()


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1000, 1200, "light"), (400, 1500, "dark")]
)
def test_replay(page: Page, replay: str, shoot: Shoot, width: int, height: int, scheme) -> None:
    window(page, width, height, scheme)
    page.goto(replay)
    page.wait_for_timeout(300)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    shoot(page, f"replay-{scheme}-{width}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of four runs with two of their figures."""
    folder = tmp_path_factory.mktemp("report")
    start = {
        "time": "2026-11-22T04:14:36+0000", "command": ["prosocial train", "seed=0,1", "-m"],
        "version": "0.1.0", "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "python": "3.11.7", "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
        "machine": {"host": "machine", "processor": "x86_64", "cores": 2},
    }  # fmt: skip
    for run in write_study(folder, ("isr", "none"), seeds=(0, 1)):
        (run / "provenance.json").write_text(json.dumps({"starts": [start]}))
    runs = report_page.read_runs(report_page.find_runs([folder]))
    pictures = report_page.pictures(runs)
    contents = report_page.Contents(
        "Internalized values persist", tuple(report_page.group(runs)),
        pictures=report_page.Pictures(pictures.drawn[:2], pictures.left_out[:1]), replays=(),
    )  # fmt: skip
    path = folder / "report.html"
    path.write_text(report_page.render(contents), encoding="utf-8")
    return path.as_uri()


def test_report_light(page: Page, report: str, shoot: Shoot) -> None:
    window(page, 1000, 1700)
    page.goto(report)
    shoot(page, "report-light-1000")


def test_report_dark(page: Page, report: str, shoot: Shoot) -> None:
    window(page, 400, 1300, "dark")
    page.goto(report)
    page.evaluate("document.getElementById('measurements').scrollIntoView()")
    shoot(page, "report-dark-400")


@contextmanager
def served(folder: Path, **options) -> Iterator[str]:
    """Serves a session; the address of its page."""
    session = Session(PlayConfig.from_mapping(options), clock=lambda: 1.8e9, folder=folder)
    server = PlayServer(session)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.stop()
        thread.join(20)
        session.close()


STEPS = "parseInt(document.getElementById('step').textContent)"


def test_play_agent(page: Page, shoot: Shoot, tmp_path: Path) -> None:
    window(page, 1000, 900)
    with served(tmp_path / "session", world="caregiver_grid", seed=3, caregiver={}) as address:
        page.goto(address)
        page.wait_for_selector("#world:visible")
        for step, key in enumerate(("ArrowUp", "ArrowRight", "ArrowUp"), start=1):
            page.keyboard.press(key)
            page.wait_for_function(f"{STEPS} === {step}")
        shoot(page, "play-agent")


def test_play_caregiver(page: Page, shoot: Shoot, tmp_path: Path) -> None:
    window(page, 1000, 900)
    options = {"world": "caregiver_grid", "seat": "caregiver", "seed": 3, "pace": 0}
    with served(tmp_path / "session", **options) as address:
        page.goto(address)
        page.wait_for_selector("#world:visible")
        page.wait_for_function(f"{STEPS} === 1")  # the first step waits for nobody
        for step in (2, 3):
            page.locator("#next:enabled").click()
            page.wait_for_function(f"{STEPS} === {step}")
        page.locator("#praise").click()
        page.wait_for_function("document.getElementById('praises').textContent === '1'")
        page.mouse.move(0, 0)
        shoot(page, "play-caregiver")


def test_consent(page: Page, shoot: Shoot, tmp_path: Path) -> None:
    window(page, 1000, 500)
    consent = (
        "You are asked to watch a robot for five minutes, and to praise and blame what it does.\n\n"
        "You can stop at any time by closing the page."
    )
    options = {"world": "caregiver_grid", "seat": "caregiver", "consent": consent}
    with served(tmp_path / "session", **options, title="Teaching a robot") as address:
        page.goto(address)
        page.wait_for_selector("#consent:visible")
        shoot(page, "play-consent")
