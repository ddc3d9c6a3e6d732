"""The page of `prosocial report` in a real browser: sorting, keyboard, widths, colours, print."""

import base64
import io
import sys
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_run,
    write_study,
)

from prosocial.analysis import report_page

# Every text against the background behind it; 4.5 is what WCAG AA asks for.
CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
    const [one, other] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.push(`${text.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of seven runs, one of them unfinished, with one figure."""
    folder = tmp_path_factory.mktemp("report")
    write_study(folder, ("isr", "none", "oracle"), seeds=(0, 1))
    write_run(folder / "isr" / "seed-2", Life(seed=2, done=3, state="interrupted"))
    runs = report_page.read_runs(report_page.find_runs([folder]))
    picture = report_page.Picture("A figure", "What it shows.", _image(), "A figure")
    links = (report_page.ReplayLink("isr/seed-0", "one", "caregiver_grid", 2, "one.html", ""),)
    contents = report_page.Contents(
        "A report", tuple(report_page.group(runs)),
        pictures=report_page.Pictures((picture,), ("Hacking: nothing to draw.",)), replays=links,
    )  # fmt: skip
    path = folder / "report.html"
    path.write_text(report_page.render(contents), encoding="utf-8")
    return path.as_uri()


def _image() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (600, 400), "white").save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def column(page: Page, caption: str, number: int) -> list[str]:
    rows = page.locator(f"table:has(.title:text-is('{caption}')) tbody tr")
    return [row.locator("th, td").nth(number).inner_text() for row in rows.all()]


def test_a_table_is_sorted_by_click_and_by_keyboard(page: Page, report: str) -> None:
    page.goto(report)
    table = page.locator("table:has(.title:text-is('Final measurements by phase'))")
    heading = table.locator("thead th").nth(3)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    goals = [float(text.split()[0]) for text in column(page, "Final measurements by phase", 3)]
    assert goals == sorted(goals)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    turned = [float(text.split()[0]) for text in column(page, "Final measurements by phase", 3)]
    assert turned == goals[::-1]
    table.locator("thead th").nth(1).get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    phases = column(page, "Final measurements by phase", 1)
    assert phases == sorted(phases)


def test_the_skip_link_and_the_contents_lead_there(page: Page, report: str) -> None:
    page.goto(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # pyright: ignore[reportOptionalSubscript]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_role("navigation").get_by_role("link", name="Measurements").click()
    page.wait_for_function("document.querySelector('nav [aria-current]')?.hash === '#measurements'")
    assert page.evaluate("scrollY") > 100


@pytest.mark.parametrize("width", [400, 1000, 2000])
def test_nothing_is_wider_than_the_window(page: Page, report: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(report)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    side = page.locator("nav").bounding_box()
    main = page.locator("main").bounding_box()
    assert side
    assert main
    assert (side["x"] + side["width"] <= main["x"]) == (width == 2000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(page: Page, report: str, scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(report)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(CONTRASTS) == []


def test_the_colours_can_be_chosen(page: Page, report: str) -> None:
    page.goto(report)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button = page.locator("#theme")
    button.click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light
    button.click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert button.get_attribute("aria-label") == "Colours: dark"


def test_on_paper_everything_is_unfolded_and_nothing_is_cut(page: Page, report: str) -> None:
    page.goto(report)
    assert page.locator("details[open]").count() == 0
    assert len(page.pdf()) > 10_000
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#theme").is_visible()
    assert (
        page.locator(".table").first.evaluate("(e) => getComputedStyle(e).overflowX") == "visible"
    )


def test_without_a_script_the_page_is_whole(browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert "1 of 7 runs not finished" in page.locator("header").inner_text()
    assert page.locator("table").count() >= 3
    page.get_by_role("link", name="isr/seed-0: one").wait_for()
    context.close()


def test_the_page_loads_nothing(page: Page, report: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
