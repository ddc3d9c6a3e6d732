"""What a terminal says, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prosocial.play.config import AGENT
from prosocial.play.session.keys import CONTROLS, shown
from prosocial.play.session.seats import Seat

_AGENTS = 12  # lines at most for who did what


def describe_keys(seat: Seat, choices: Mapping[str, Any], by_line: bool) -> str:
    """Returns the keys of a seat in words.

    Args:
        seat: The seat.
        choices: Its actions, as ``keys.choices`` gives them.
        by_line: Whether lines are read, not single keys.
    """
    lines = ["Keys:"]
    if seat.role == AGENT and choices["kind"] == "number":
        lines.append(
            f"  {choices['low']} to {choices['high']}, then Enter: {choices['label']} so much"
        )
    elif seat.role == AGENT:
        for choice in choices["list"]:
            keys = ", ".join(map(shown, choice["keys"]))
            lines.append(f"  {choice['label']:14} {keys}")
    else:
        for name in ("praise", "blame"):
            lines.append(f"  {name:14} {', '.join(map(shown, CONTROLS[name]))}")
    lines.append(f"  {'go on':14} Enter")
    if not by_line:
        lines.append(f"  {'pause':14} Esc      slower, faster: <, >")
    lines.append(f"  {'stop':14} q        these keys: ?")
    return "\n".join(lines) + "\n"


def describe_step(now: Mapping[str, Any], picture: str) -> str:
    """Returns what is shown after a step.

    Args:
        now: As ``view.status`` gives it.
        picture: The world as text.
    """
    of = f" of {now['episodes']}" if now["episodes"] else ""
    lines = [f"episode {now['episode'] + 1}{of}, step {now['step']} of {now['steps']}", picture]
    lines += [_agent(agent, now["step"]) for agent in now["agents"][:_AGENTS]]
    if len(now["agents"]) > _AGENTS:
        lines.append(f"... and {len(now['agents']) - _AGENTS} more")
    if now["events"]:
        names = [agent["name"] for agent in now["agents"]]
        lines.append("events: " + ", ".join(_event(event, names) for event in now["events"]))
    for norm, amounts in now["social"].items():
        if any(amounts):
            given = ", ".join("?" if a is None else f"{a:+g}" for a in amounts)
            lines.append(f"R_s of {norm}: {given}")
    lines += [now[words] for words in ("private", "learning") if now[words]]
    if now["ended"]:
        lines.append("The episode is over." + (" Enter goes on." if now["next"] else ""))
    return "\n".join(lines) + "\n"


def _agent(agent: Mapping[str, Any], step: int) -> str:
    who = f"{agent['name']} ({agent['who']})" if agent["who"] else agent["name"]
    if step == 0 or agent["env"] is None:  # nothing has happened, or not where one sees it
        return who
    return (
        f"{who}: {agent['action']}, R_e {agent['env']:+.3g} (sum {agent['env_total']:+.4g}), "
        f"R_s {agent['social']:+.3g} (sum {agent['social_total']:+.4g})"
    )


def _event(event: Mapping[str, Any], names: list[str]) -> str:
    times = f" {event['count']}x" if event["count"] > 1 else ""
    return f"{names[event['agent']]} {event['name'].replace('_', ' ')}{times}"
