"""How fast the replay page opens and scrubs, beside an empty page, in headless Chromium.

Records an episode of `commons_harvest` with 7 agents and 1,000 steps, writes its page, opens it and
an empty page in turn, and drags through it. Needs Chromium and the extra `dev`:

    python benchmarks/replay.py [--steps 1000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from prosocial.analysis.replay_page import replay
from prosocial.runs.recording import record_world

OPENS_WITHIN = 2.0  # seconds
PICTURE = 1000 / 60  # milliseconds between two pictures of a screen
SCRUB = """async () => {
  const page = window.replay;
  const times = [];
  for (let k = 0; k < 200; k += 1) {
    page.player.step = (k * 389) % (page.steps + 1);
    const began = performance.now();
    page.show();
    times.push(performance.now() - began);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return times.sort((one, other) => one - other);
}"""
EMPTY = "<!doctype html><title>empty</title><script>window.replay = {drawn: 1}</script>"


def opening(browser: Browser, path: Path) -> float:
    """Returns the seconds from asking for a page to its first picture."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    began = time.perf_counter()
    page.goto(path.as_uri())
    while not page.evaluate("window.replay?.drawn > 0"):
        pass
    spent = time.perf_counter() - began
    page.close()
    return spent


def main() -> None:
    """Prints sizes, times and their ratios to the empty page and to what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1000, help="of the episode, default: 1000")
    parser.add_argument("--repeats", type=int, default=5, help="of each opening, default: 5")
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        parser.error("no Chromium found; Debian: apt-get install chromium")
    options = {"preset": "hughes", "max_steps": arguments.steps, "num_agents": 7}
    recording = record_world(
        "commons_harvest", partners=["restrained_harvester"], episodes=1, overrides=options
    )
    began = time.perf_counter()
    made = replay(recording)
    writing = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = recording.save(Path(folder) / "episode.npz")
        full = made.save(Path(folder) / "full.html")
        empty = Path(folder) / "empty.html"
        empty.write_text(EMPTY, encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        opening(browser, empty)
        pairs = [
            (opening(browser, full), opening(browser, empty)) for _ in range(arguments.repeats)
        ]
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(full.as_uri())
        while not page.evaluate("window.replay?.drawn > 0"):
            pass
        times = page.evaluate(SCRUB)
        browser.close()
        sizes = [path.stat().st_size / 1e3 for path in (file, full)]
    steps = recording.episodes[0].length
    opened, nothing = (statistics.median(column) for column in zip(*pairs, strict=True))
    mean, slow = statistics.fmean(times), times[int(0.95 * len(times))]
    print(f"{steps} steps, {len(recording.agents)} agents; recording {sizes[0]:.1f} kB, page "
          f"{sizes[1]:.0f} kB, written in {writing:.2f} s")  # fmt: skip
    print(f"opening: {opened:.2f} s, {opened / nothing:.1f} x an empty page, "
          f"{opened / OPENS_WITHIN:.2f} of the {OPENS_WITHIN:g} s asked for")  # fmt: skip
    print(f"a redraw while scrubbing: mean {mean:.1f} ms, 95 % within {slow:.1f} ms, "
          f"{slow / PICTURE:.2f} of a picture at 60 Hz")  # fmt: skip


if __name__ == "__main__":
    main()
