"""What people see of a session, as plain values for a page or a terminal."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from prosocial.envs.engine import World, registry
from prosocial.envs.engine.world import Scene
from prosocial.play.config import AGENT, CAREGIVER, MAX_PACE

from .inputs import can_go_on
from .keys import CONTROLS, choices, label
from .knowledge import known_scene, own_view, private_words, sees_others
from .seats import Seat
from .state import PlayState
from .transitions import Transition


def about(state: PlayState) -> dict[str, Any]:
    """Returns texts and seats, for those who have not sat down yet."""
    config = state.config
    return {
        "title": config.title or config.world.replace("_", " "),
        "world": config.world,
        "consent": config.consent,
        "instructions": config.instructions,
        "ask_participant": config.ask_participant,
        "seat": config.seat,
        "seats": [seat.describe() for seat in state.seats.values()],
    }


def scene(state: PlayState) -> dict[str, Any]:
    """Returns the sprites and the legend of the world."""
    from prosocial.envs.render.web import legend, sprites

    world = state.game.world
    return {"sprites": sprites(world), "legend": legend(world)}


def seating(state: PlayState, seat: Seat) -> dict[str, Any]:
    """Returns what stays the same for a seat: actions, keys, names, amounts."""
    config, world = state.config, state.game.world
    return {
        "actions": choices(world) if seat.role == AGENT else {"kind": "keys", "list": []},
        "controls": controls(seat),
        "agent": seat.agent,
        "agents": list(world.agents),
        "watches": list(state.watched) if seat.role == CAREGIVER else [],
        "events": list(world.event_names),
        "norms": list(state.norm_names),
        "amounts": {"praise": config.praise, "blame": config.blame},
        "pace": state.pace,
        "max_pace": MAX_PACE,
        "learning": config.learning,
        "world_help": world_help(world),
    }


def controls(seat: Seat) -> dict[str, list[str]]:
    """Returns the keys of everything that is no action of an agent."""
    names = ("next", "pause") if seat.role == AGENT else tuple(CONTROLS)
    return {name: list(CONTROLS[name]) for name in names}


def world_help(world: World) -> str:
    """Returns what a world is, from the docstring of its package; "" if it has none."""
    module = registry.entry(world.name).config_class.__module__
    package = sys.modules.get(module.rpartition(".")[0] or module)
    text = (package.__doc__ or "") if package is not None else ""
    return text.strip().removeprefix(f"{world.name}: ")


def seen_scene(state: PlayState, seat: Seat) -> Scene:
    """Returns the picture of what is shown, without what the agent of this seat cannot know."""
    world = state.game.world
    scene = known_scene(world, state.game.record[0], seat.agent)
    if seat.agent is None or not state.config.own_view:
        return scene
    return own_view(world, scene, seat.agent)


def view(state: PlayState, seat: Seat) -> dict[str, Any]:
    """Returns what a seat sees now."""
    from prosocial.envs.render.web import scene_data

    return {**status(state, seat), "scene": scene_data(seen_scene(state, seat))}


def status(state: PlayState, seat: Seat) -> dict[str, Any]:
    """Returns what a seat sees now besides the picture.

    Returns:
        ``episode`` (from 0), ``episodes`` (of the session, or None), ``step`` (steps taken in the
        episode), ``steps`` (its longest), ``ended`` (its last state is shown), ``over``,
        ``paused``, ``pace``, ``turns`` (the world waits for the people), ``next`` (it waits for
        this seat's Next), ``waiting`` (names of the seats that it waits for), ``chosen`` (this
        seat's action for the next step, or None), ``agents`` (for each ``name``, ``who`` acts,
        ``action`` in words and the rewards ``env`` and ``social`` of the last step, and their sums
        in the episode ``env_total`` and ``social_total``), ``social`` (of the last step, by norm:
        [N], None for agents about whom nothing is learned), ``events`` of the last step (``agent``,
        ``name``, ``count``), ``feedback`` (how often ``praise`` and ``blame`` were given in the
        session, their ``total``, and the sum on this ``step``), ``returns`` of finished episodes
        (``env`` and ``social``, of the agents that the seat sees), ``private`` (what only this
        agent knows, in words, or None), ``learning`` (words, or None). Action and rewards of agents
        about whom this seat's agent learns nothing are None, and their events are left out.
    """
    game, world, last = state.game, state.game.world, state.game.last
    shown = None if last is None else state.final(last)
    seen = _seen(state, seat)
    learner = state.others.learner if state.others is not None else None
    chosen = state.chosen.get(seat.agent) if seat.agent is not None else None
    return {
        "episode": game.episode,
        "episodes": state.config.episodes,
        "step": game.step,
        "steps": world.max_steps,
        "ended": game.ended,
        "over": state.over,
        "paused": state.paused,
        "pace": state.pace,
        "turns": state.pace == 0,
        "next": can_go_on(state, seat),
        "waiting": [] if state.over else state.waiting(),
        "chosen": chosen,
        "agents": _agents(state, seat, shown),
        "social": {} if shown is None else _by_norm(state, shown, seen),
        "events": [] if shown is None else _events(shown, seen),
        "feedback": state.scores.summary(),
        "returns": [
            {kind: [sums[k] for k in seen] for kind, sums in episode.items()}
            for episode in state.scores.returns
        ],
        "private": private_words(world, game.record[0], seat.agent),
        "learning": (learner.status() or None) if learner is not None else None,
    }


def _agents(state: PlayState, seat: Seat, shown: Transition | None) -> list[dict[str, Any]]:
    world = state.game.world
    zeros = np.zeros(world.num_agents)
    env, social = (zeros, zeros) if shown is None else (shown.env_rewards, shown.social_rewards)
    env_total, social_total = state.scores.totals(shown if state.judged else None)
    seen = _seen(state, seat)
    rewards = {"env": env, "social": social, "env_total": env_total, "social_total": social_total}
    listed = []
    for number, name in enumerate(world.agents):
        known = number in seen
        action = None if shown is None else label(world.actions(shown.actions[number]).name)
        listed.append(
            {
                "name": name,
                "who": _who(state, seat, number),
                "action": action if known else None,
                **{n: float(values[number]) if known else None for n, values in rewards.items()},
            }
        )
    return listed


def _seen(state: PlayState, seat: Seat) -> range:
    """Returns the agents whose actions and rewards a seat sees."""
    world = state.game.world
    everybody = sees_others(world, seat.agent) and not state.config.own_view
    if seat.agent is None or everybody:
        return range(world.num_agents)
    return range(seat.agent, seat.agent + 1)


def _who(state: PlayState, seat: Seat, agent: int) -> str:
    if agent == seat.agent:
        return "you"
    if seat.agent is not None and state.config.own_view:
        return ""  # whether it is a person or a rule is not to be seen either
    labels = state.others.labels if state.others is not None else {}
    return labels.get(agent, "person").replace("_", " ")


def _by_norm(state: PlayState, shown: Transition, seen: range) -> dict[str, list[float | None]]:
    return {
        name: [value if k in seen else None for k, value in enumerate(values.tolist())]
        for name, values in zip(state.norm_names, shown.social_by_norm, strict=True)
    }


def _events(shown: Transition, seen: range) -> list[dict[str, Any]]:
    names = shown.events.dtype.names or ()
    return [
        {"agent": agent, "name": name, "count": int(count)}
        for agent in seen
        for name in names
        if (count := shown.events[name][agent])
    ]
