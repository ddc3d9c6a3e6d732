"""The documentation site: it builds without a warning, and nothing in it leads nowhere."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from documents import DOCS, REPOSITORY
from PIL import Image
from prosocial_docs import animations, commands, docstrings, facts, links, reference, worlds

import prosocial
from prosocial.envs.engine import ConfigError, build
from prosocial.envs.engine.registry import entry

WORLDS = prosocial.worlds()
PACKAGES = {
    "agents": "caregivers internal_reward mind partners policies recording scenarios text training",
    "analysis": "figures replay_page report_page",
    "envs": "api engine render social text worlds",
    "play": "",
}
# Numbers whose range is no pair of bounds: any finite number, or a table that they refer to.
UNBOUNDED = {"apple_reward", "size", "num_walls", "map_seed"}
MOST_BYTES = 400_000  # of an animation
# Libraries of the theme are checked by the theme; they hold no links of ours.
UNSEEN = ("_static",)


class Page(HTMLParser):
    """The links, files and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.files: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for key, value in attrs if key in ("id", "name") and value}
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        elif tag == "link" and given.get("href"):
            self.files.append(str(given["href"]))
        elif given.get("src"):
            self.files.append(str(given["src"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; what `make docs` does, elsewhere."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--jobs", "1", "--keep-going", "--fail-on-warning", "--doctree-dir", folder / "read"]
    found = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, folder / "html"],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-6000:]
    return folder / "html"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Page]:
    """The pages of the built site by their path."""
    paths = [p for p in site.rglob("*.html") if p.relative_to(site).parts[0] not in UNSEEN]
    return {path: Page(path) for path in paths}


@pytest.mark.slow
def test_the_site_builds_without_a_warning(site: Path) -> None:
    assert (site / "index.html").exists()
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"caregiver' in index
    assert "rendezvous" in index


@pytest.mark.slow
def test_links_and_pictures_lead_somewhere(site: Path, built: dict[Path, Page]) -> None:
    missing = []
    for path, page in built.items():
        for link in page.links + page.files:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            known = target in built and (
                not parts.fragment or parts.fragment in built[target].anchors
            )
            if not (known or (target not in built and target.is_file())):
                missing.append(f"{path.relative_to(site)}: {link}")
    assert len(built) > 100
    assert not missing


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path, built: dict[Path, Page]) -> None:
    remote = {f for page in built.values() for f in page.files if urlsplit(f).netloc}
    assert not remote
    styles = [p.read_text(encoding="utf-8") for p in site.glob("_static/**/*.css")]
    assert styles
    assert not [style for style in styles if "url(http" in style or "url(//" in style]


@pytest.mark.slow
def test_every_world_has_a_page_with_an_animation(site: Path) -> None:
    for name in WORLDS:
        page = (site / "worlds" / f"{name}.html").read_text(encoding="utf-8")
        assert f"{name}.gif" in page
        assert "Range or choices" in page
        picture = site / "_images" / f"{name}.gif"
        assert 1_000 < picture.stat().st_size < MOST_BYTES
        with Image.open(picture) as animation:
            assert getattr(animation, "n_frames", 1) >= 6


@pytest.mark.slow
def test_every_public_module_is_in_the_reference(built: dict[Path, Page]) -> None:
    anchors = set().union(*(page.anchors for page in built.values()))
    missing = [name for name in reference.public_modules() if f"module-{name}" not in anchors]
    assert not missing
    assert "prosocial.envs.engine.batch.Batch.step" in anchors


def test_the_reference_has_every_package() -> None:
    names = reference.public_modules()
    for floor, packages in PACKAGES.items():
        expected = {f"prosocial.{floor}", *(f"prosocial.{floor}.{p}" for p in packages.split())}
        assert expected <= set(names)
    assert "prosocial.runs.train" not in names
    assert not [name for name in names if "._" in name]


def test_a_page_of_the_reference_names_what_a_package_offers() -> None:
    text = reference.page("prosocial.envs.engine", ["prosocial.envs.engine.batch"])
    assert ":py:obj:`~prosocial.envs.engine.batch.Batch`" in text
    assert ".. automodule:: prosocial.envs.engine.batch\n   :members:" in text


@pytest.mark.parametrize("name", WORLDS)
def test_the_page_of_a_world_holds_what_its_code_says(name: str) -> None:
    page = worlds.page(name, "caption", DOCS)
    world, config = build(name), entry(name).config_class
    options = facts.options(config)
    assert [option.name for option in options] == list(config.__dataclass_fields__)
    for option in options:
        start = f"| `{option.name}` | `{option.type.replace('|', chr(92) + '|')}` "
        line = next(line for line in page.splitlines() if line.startswith(start))
        assert f"`{option.default}`" in line
        number = option.type.startswith(("int", "float"))
        assert not number or option.values or option.name in UNBOUNDED
    for event in world.event_names:
        assert f"| `{event}` |" in page
    assert page.startswith(f"# {name}\n")
    assert "](../" not in page


def test_an_option_that_is_not_documented_is_named() -> None:
    config = entry("fishery").config_class
    bare = type("Bare", (config,), {"__doc__": "Says nothing."})
    with pytest.raises(ConfigError, match=r"Bare\.num_agents is not documented"):
        facts.options(bare)


@pytest.mark.parametrize(
    ("kind", "meaning", "values"),
    [
        ("int", "Side of the grid, 4 to 100.", "4 to 100"),
        ("float", "Material cost, >= 0.", ">= 0"),
        ("int", "Rounds before it joins, 1 to ``max_rounds`` - 1; else.", "1 to max_rounds - 1"),
        ("bool", "Whether it does.", "True, False"),
        ("str", 'Either "a" or "b".', '`"a"`, `"b"`'),
    ],
)
def test_ranges_are_read_from_the_documentation(kind: str, meaning: str, values: str) -> None:
    assert facts.named_values(kind, meaning) == values


def test_an_animation_is_the_same_each_time(tmp_path: Path) -> None:
    assert set(animations.SHOWS) == set(WORLDS)
    files = [tmp_path / name for name in ("first.gif", "second.gif")]
    for file in files:
        animations.write_animation("fishery", file)
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(io.BytesIO(files[0].read_bytes())) as animation:
        assert getattr(animation, "n_frames", 1) > 5


def test_a_world_without_an_animation_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Nobody plays in 'berries'"):
        animations.write_animation("berries", tmp_path / "berries.gif")


def test_links_out_of_the_folder_lead_to_pages() -> None:
    text = "[k](../prosocial/envs/worlds/kitchen/README.md#rules) [g](minds.md) [x](https://a.b)"
    assert links.rewrite(text, DOCS, DOCS) == (
        "[k](/worlds/kitchen.md#rules) [g](/minds.md) [x](https://a.b)"
    )
    text = "[t](../../../../docs/text_agents.md) [v](../govsim/README.md)"
    folder = REPOSITORY / "prosocial" / "envs" / "worlds" / "govsim"
    assert links.rewrite(text, folder, DOCS) == "[t](/text_agents.md) [v](/worlds/fishery.md)"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Returns:", "    shares: (N,).", "    More."], [":returns: shares: (N,).", "    More."]),
        (["abs(x) is |x|, (B, *shape)."], [r"abs(x) is \|x\|, (B, \*shape)."]),
        (["keeps ``a | b`` and *this*."], ["keeps ``a | b`` and *this*."]),
        (["of ``Row``s, after ``row``."], [r"of ``Row``\ s, after ``row``."]),
        (["Its files:", "", "    a   one"], ["Its files::", "", "    a   one"]),
    ],
)
def test_docstrings_are_translated(lines: list[str], expected: list[str]) -> None:
    app = options = documented = None
    docstrings.translate(app, "function", "f", documented, options, lines)  # type: ignore[arg-type]
    assert lines == expected


def test_tables_of_docstrings_are_translated() -> None:
    lines = ["| a | b |", "|---|---|", "| 1 | 2 |", "", "After."]
    docstrings.translate(None, "class", "C", None, None, lines)  # type: ignore[arg-type]
    assert "   :header-rows: 1" in lines
    assert lines[lines.index("   * - 1") + 1] == "     - 2"
    assert lines[-1] == "After."


def test_the_colon_of_an_attribute_stays() -> None:
    lines = ["Seed of the bootstrap: any."]
    docstrings.translate(None, "data", "S", None, None, lines)  # type: ignore[arg-type]
    assert ":" not in lines[0]
    docstrings.restore(None, "data", "S", None, None, lines)  # type: ignore[arg-type]
    assert lines == ["Seed of the bootstrap: any."]


def test_the_help_of_a_command_is_shown() -> None:
    assert commands.help_of("worlds").startswith("usage: prosocial worlds")
