"""The pages of the worlds, each from its README, its configuration and its registries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from prosocial.envs.engine import build, worlds
from prosocial.envs.engine.registry import entry
from prosocial.runs.worlds import summary

from . import facts
from .animations import write_animation
from .facts import Row
from .files import remove_others, write_if_changed
from .links import rewrite

# The worlds of one package share a summary, which begins with their names.
_SHARED = re.compile(r"^\w+(, \w+)*: ")
_INDEX_HEAD = """\
# Worlds

Each page holds the rules as a table with their sources, every option with its default and range,
and who can act there. `prosocial worlds` lists them, `prosocial worlds NAME` prints the options.

"""


def write_pages(docs: Path) -> None:
    """Writes ``docs/worlds/``: an index, and a page and an animation for each registered world."""
    folder = docs / "worlds"
    folder.mkdir(exist_ok=True)
    names = worlds()
    for name in names:
        animation = folder / f"{name}.gif"
        show = write_animation(name, animation)
        write_if_changed(folder / f"{name}.md", page(name, show.caption, docs))
    write_if_changed(folder / "index.md", index(names))
    kept = {f"{name}{end}" for name in names for end in (".md", ".gif")}
    remove_others(folder, kept | {"index.md"})


def index(names: Sequence[str]) -> str:
    """Returns the page that leads to all worlds."""
    cards = [
        f":::{{container}} card\n[![{name}]({name}.gif)]({name}.md)\n\n**[{name}]({name}.md)**\n\n"
        f"{_SHARED.sub('', summary(name))}\n:::"
        for name in names
    ]
    toctree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    grid = "\n\n".join(["::::{container} cards worlds", *cards, "::::"])
    return f"{_INDEX_HEAD}{toctree}\n\n{grid}\n"


def page(name: str, caption: str, docs: Path) -> str:
    """Returns the page of a world.

    Args:
        name: Of the world.
        caption: What its animation shows.
        docs: The folder of the site's sources, from which links are resolved.
    """
    folder = facts.world_folder(name)
    readme = rewrite((folder / "README.md").read_text(encoding="utf-8"), folder, docs)
    _, _, body = readme.partition("\n")
    introduction, rules, rest = body.partition("\n## ")
    world = build(name)
    sections = [
        f"# {name}",
        introduction.strip(),
        f"![{caption_text(caption)}]({name}.gif)\n\n*{caption}*",
        _table(("At a glance", ""), facts.glance(name)),
        (rules + rest).strip(),
        "## In the code",
        f"### Options\n\nFields of `{type(world.config).__name__}`; the default `None` of a field "
        "stands for what its meaning says, in worlds with presets for the preset's value.",
        _options(name),
        "### Actions by number\n\n" + _table(("Number", "Name"), facts.actions(world)),
        '### Event counts\n\n`batch.events["name"]` is a (worlds, agents) array of counts of the '
        "last step.\n\n" + _table(("Event", "Counts, by agent"), facts.events(world)),
        "### Norms\n\nWhat a caregiver can approve of here: "
        f'`prosocial.make("{name}", caregiver="NORM")`.\n\n'
        + _table(("Norm", "Amount", "Of what"), facts.fitting_norms(world)),
        "### Partners\n\n" + _table(("Partner", "What it does"), facts.acting_partners(world)),
        *_minds_and_scenarios(name),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _minds_and_scenarios(name: str) -> list[str]:
    world = build(name)
    minds, scenarios = facts.minds(world), facts.world_scenarios(world)
    found = []
    if minds:
        found.append("### Minds\n\n" + _table(("Kind", "What is inferred of others"), minds))
    if scenarios:
        head = ("Scenario", "Slots", "What is asked")
        found.append(f"### Scenarios\n\n{_table(head, scenarios)}")
    return found


def caption_text(caption: str) -> str:
    """Returns a caption without marks, for readers who do not see the picture."""
    return caption.replace("`", "").replace("*", "")


def _options(name: str) -> str:
    rows = [
        (f"`{o.name}`", f"`{o.type}`", f"`{o.default}`", o.values, o.meaning.replace("``", "`"))
        for o in facts.options(entry(name).config_class)
    ]
    return _table(("Option", "Type", "Default", "Range or choices", "Meaning"), rows)


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
