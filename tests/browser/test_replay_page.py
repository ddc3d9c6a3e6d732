"""The replay page in a real browser: it plays, steps, scrubs, compares, and asks nobody else."""

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

sys.path.insert(0, str(Path(__file__).parent))

from playing import until  # pyright: ignore[reportMissingImports]

from prosocial.agents.recording import Recording
from prosocial.analysis.replay_page import replay
from prosocial.runs.recording import record_world

HOSTILE = "</script><img src=x onerror=\"document.title='gone'\">"
Open = Callable[..., None]


@pytest.fixture(scope="module")
def grid() -> Recording:
    """Three episodes of 20 steps with a caregiver and a mind."""
    options = {"num_walls": 2}
    return record_world(
        "caregiver_grid", partners=["shortest_path"], episodes=3, mind="goals", overrides=options
    )


@pytest.fixture(scope="module")
def harvest() -> Recording:
    options = {"max_steps": 60}
    return record_world(
        "commons_harvest", partners=["greedy_harvester"], episodes=1, overrides=options
    )


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Open:
    """Opens a page from the disk and waits until it is drawn; nothing else may be asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def opened(*recordings: Recording, fragment: str = "") -> None:
        path = replay(list(recordings)).save(tmp_path / "replay.html")
        page.goto(path.as_uri() + fragment)
        wait_until(page, "window.replay?.drawn > 0")
        schemes = {urlsplit(url).scheme for url in asked}
        assert schemes <= {"file", "data"}, asked

    return opened


def wait_until(page: Page, condition: str) -> None:
    """Waits for a condition on the page, whose policy forbids Playwright's own way to do so."""
    until(page, lambda: page.evaluate(f"Boolean({condition})"), what=condition)


def step(page: Page) -> int:
    return page.evaluate("window.replay.player.step")


def test_it_plays_to_the_end_and_shows_every_step(page: Page, show: Open, grid: Recording) -> None:
    show(grid)
    page.select_option("#speed", "60")
    drawn = page.evaluate("window.replay.panels[0].grid.frames")
    page.click("#play")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    expect(page.locator("#count")).to_have_text("20 / 20")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    assert page.evaluate("window.replay.panels[0].grid.frames") - drawn >= 20
    expect(page.locator(".stage")).to_contain_text("Ended by the time limit after step 20")
    page.click("#play")  # from the start again
    wait_until(page, "window.replay.player.step < 20")
    page.click("#play")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")


def test_the_keyboard_does_everything(page: Page, show: Open, grid: Recording) -> None:
    show(grid)
    for key, reached in (
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("Shift+ArrowRight", 11),
        ("End", 20), ("ArrowRight", 20), ("Home", 0), ("ArrowLeft", 0),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert step(page) == reached, key
    page.keyboard.press("Space")
    wait_until(page, "window.replay.player.step > 0")
    page.keyboard.press("Space")
    assert not page.evaluate("window.replay.player.playing")
    page.keyboard.press("+")
    expect(page.locator("#speed")).to_have_value("15")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect(page.locator("#speed")).to_have_value("4")
    page.keyboard.press("PageDown")
    expect(page.locator("#subtitle")).to_contain_text("Episode 1")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_scrubbing_shows_the_scene_of_the_step(page: Page, show: Open, grid: Recording) -> None:
    show(grid)
    page.click("summary:has-text('The scene in words')")
    seen = set()
    for value in range(0, 21, 4):
        page.fill("#scrub", str(value))
        expect(page.locator("#count")).to_have_text(f"{value} / 20")
        seen.add(page.inner_text(".words"))
    assert len(seen) > 3, "the learner walks"
    expect(page.locator("#said")).to_contain_text("Step 20 of 20")
    assert page.url.endswith("#episode=0&step=20")


def test_a_link_opens_a_moment_and_the_chooser_others(
    page: Page, show: Open, grid: Recording
) -> None:
    show(grid, fragment="#episode=2&step=7")
    expect(page.locator("#count")).to_have_text("7 / 20")
    expect(page.locator("#subtitle")).to_contain_text("Episode 2")
    page.select_option("#episodes", "1")
    expect(page.locator("#count")).to_have_text("0 / 20")
    expect(page.locator("#subtitle")).to_contain_text("Episode 1")
    page.evaluate("location.hash = 'episode=99&step=3'")
    expect(page.locator("#count")).to_have_text("3 / 20")
    expect(page.locator("#subtitle")).to_contain_text("Episode 1")


def test_a_click_on_an_event_goes_there(page: Page, show: Open, harvest: Recording) -> None:
    show(harvest)
    canvas = page.locator("canvas[data-kind='ate']")
    target = page.evaluate(
        """() => {
          const line = window.replay.panels[0].timeline;
          const row = line.plots.find(({ plot }) => plot.canvas.dataset.kind === "ate");
          const mark = row.marks.at(-1);
          const width = row.plot.canvas.clientWidth;
          return { step: mark.step, x: position(mark.step, window.replay.steps, width) };
        }"""
    )
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": target["x"] + 2, "y": box["height"] / 2})
    assert step(page) == target["step"]
    expect(page.locator(".step-events")).to_contain_text("ate")
    page.keyboard.press("[")
    assert 0 < step(page) < target["step"]


def test_what_is_shown_can_be_chosen(page: Page, show: Open, harvest: Recording) -> None:
    show(harvest)
    rows = page.locator(".rows .row")
    before = rows.count()
    page.click("#filters button:has-text('ate') >> nth=0")
    assert rows.count() == before - 1
    page.click("#filters button:has-text('Running sum')")
    assert rows.count() < before - 1
    page.click("#filters button:has-text('agent_3')")
    pressed = page.locator("[aria-label=Agents] [aria-pressed=true]")
    expect(pressed).to_have_count(1)


def test_rewards_presence_and_beliefs_are_there(page: Page, show: Open, grid: Recording) -> None:
    show(grid)
    expect(page.locator(".row.presence canvas")).to_have_attribute(
        "aria-label", re.compile(r"present in 20 of 20 steps")
    )
    at_first = page.inner_text(".minds")
    page.keyboard.press("End")
    expect(page.locator(".caregiver")).to_have_text("Caregiver present")
    episode = grid.episodes[0]
    total = float(episode.rewards.sum())
    shown = page.inner_text(".now .sum >> nth=0").replace("\u2212", "-").removeprefix("Σ ")
    assert float(shown) == pytest.approx(total, abs=0.01)
    assert page.inner_text(".minds") != at_first, "the mind has learned"


def test_two_runs_stay_in_step(page: Page, show: Open, grid: Recording) -> None:
    options = {"num_walls": 2}
    other = record_world("caregiver_grid", partners=["random"], episodes=3, overrides=options)
    show(grid, other)
    assert page.evaluate("window.replay.panels.map((panel) => panel.badge)") == ["A", "B"]
    page.fill("#scrub", "13")
    wait_until(page, "window.replay.panels.every((panel) => panel.step === 13)")
    expect(page.locator("canvas.grid")).to_have_count(2)


@pytest.mark.parametrize("width", [400, 1000, 2000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_screen(
    page: Page, show: Open, harvest: Recording, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    page.set_viewport_size({"width": width, "height": 800})
    show(harvest)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    grid = page.locator("canvas.grid").bounding_box()
    assert grid is not None
    assert grid["width"] > 0.3 * min(width, 1200)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    bright = sum(map(int, re.findall(r"\d+", background)[:3])) > 380
    assert bright == (scheme == "light")
    page.click("#theme")
    page.click("#theme")


def test_everything_has_a_name_for_a_screen_reader(
    page: Page, show: Open, harvest: Recording
) -> None:
    show(harvest)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, canvas, section, summary")]
          .filter((one) => !one.getAttribute("aria-label") && !one.textContent.trim()
            && !one.labels?.length && !one.closest("[aria-hidden=true]"))
          .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert page.get_attribute("html", "lang") == "en"


def test_it_works_in_a_notebook(page: Page, grid: Recording) -> None:
    page.set_content(f"<h1>Notebook</h1>{replay(grid)._repr_html_()}")
    frame = page.frame_locator("iframe")
    expect(frame.locator("#count")).to_have_text("0 / 20")
    frame.locator("#forward").click()
    expect(frame.locator("#count")).to_have_text("1 / 20")
    expect(frame.locator("#said")).to_contain_text("Step 1 of 20")


def test_foreign_words_do_not_run(page: Page, show: Open, grid: Recording) -> None:
    hostile = dataclasses.replace(grid, labels=(HOSTILE,), source={"run": HOSTILE})
    show(hostile)
    page.click("summary:has-text('About this recording')")
    assert page.locator("img").count() == 0
    assert page.title() != "gone"
    expect(page.locator(".actor").first).to_have_text(HOSTILE)
