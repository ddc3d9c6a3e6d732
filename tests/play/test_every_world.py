"""Every world can be played and be watched by a caregiver; what an agent cannot know is hidden."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from players import Players, session_of

import prosocial
from prosocial.agents.partners import partner_entry
from prosocial.play.session.knowledge import known_scene
from prosocial.play.session.others import DEFAULT_PARTNERS
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.mark.parametrize("name", prosocial.worlds())
@pytest.mark.parametrize("seat", ["agent", "caregiver"])
def test_every_world_is_played_shown_and_resumed(name: str, seat: str, tmp_path: Path) -> None:
    session = session_of(tmp_path, name, seat=seat, pace=0)
    people = Players(session)
    (place,) = session.state.seats
    assert json.dumps(session.about())
    assert json.dumps(session.seating(place))
    assert json.dumps(session.scene())
    for number in range(3):
        if seat == "agent":
            people.press(place, number)
        elif number:
            people.judge("praise")
            people.next(place)
        assert people.tick() == "step"
        assert json.dumps(session.view(place), allow_nan=False)
    before = session.state.game.digest()
    session.close()
    resumed = Session.resume(tmp_path)
    assert resumed.state.game.digest() == before
    assert resumed.state.differences == []
    resumed.close()
    assert len(replay_log(tmp_path).transitions) == 3


def test_the_usual_partners_are_made_for_their_worlds() -> None:
    for world, names in DEFAULT_PARTNERS.items():
        for name in (names,) if isinstance(names, str) else names:
            assert world in partner_entry(name).worlds


def test_a_helper_does_not_see_which_box_is_wanted(tmp_path: Path) -> None:
    session = session_of(tmp_path, "doors", slots=[0, 1])
    game = session.state.game
    legend = game.world.scene(game.record[0]).legend
    for agent, seen in ((0, 1), (1, 0), (None, 1)):
        cells = known_scene(game.world, game.record[0], agent).cells
        assert (cells == legend["GOAL"]).sum() == seen
    shown = session.view("helper")["scene"]["cells"]
    assert int(legend["GOAL"]) not in np.array(shown)
    session.close()
    told = session_of(tmp_path / "told", "doors", world_config={"reveal_goal": True}).state.game
    assert (known_scene(told.world, told.record[0], 1).cells == legend["GOAL"]).sum() == 1


def test_a_truck_is_seen_once_it_was_in_sight(tmp_path: Path) -> None:
    session = session_of(tmp_path, "food_trucks", pace=0)
    people = Players(session)
    game = session.state.game

    def trucks(agent: int | None) -> int:
        cells = known_scene(game.world, game.record[0], agent).cells
        return int(np.isin(cells, [4, 5, 6]).sum())

    assert (trucks(None), trucks(0)) == (2, 1), "the wall hides one"
    assert "What a meal is worth to you: K" in session.view("agent_0")["private"]
    actions = game.world.actions
    for name in ["WEST"] * 3 + ["NORTH"] * 2 + ["EAST"]:
        people.press("agent_0", actions[name])
        people.tick()
    seen = trucks(0)
    assert seen == 2, "having gone round the wall"


@pytest.mark.parametrize("heading", range(4))
def test_a_person_can_be_shown_what_the_agent_sees_and_no_more(
    tmp_path: Path, heading: int
) -> None:
    rows = ["#########", *["#A.....A#"] * 7, "#########"]
    rows[4] = "#A..P..A#"
    small = {"layout": "\n".join(rows), "num_agents": 1, "view_ahead": 3, "view_behind": 0}
    config = {**small, "view_side": 1, "max_steps": 50}
    session = session_of(tmp_path, "commons_harvest", world_config=config, own_view=True)
    people, game = Players(session), session.state.game
    for _ in range(4):
        if game.world.scene(game.record[0]).agents[0].heading == heading:
            break
        people.press("agent_0", game.world.actions["TURN_RIGHT"])
        people.tick()
    scene = session.view("agent_0")["scene"]
    (body,) = scene["agents"]
    assert body["heading"] == heading
    assert 9 * 9 - len(scene["hidden"]) == 3 * 4, "three rows ahead and its own, three cells wide"
    down, right = ((-1, 0), (0, 1), (1, 0), (0, -1))[heading]
    assert [body["row"] + 3 * down, body["column"] + 3 * right] not in scene["hidden"]
    assert [body["row"] - down, body["column"] - right] in scene["hidden"]
    hidden = {scene["cells"][row][column] for row, column in scene["hidden"]}
    assert len(hidden) == 1, "what is hidden is not even told to the page"


def test_others_out_of_sight_are_not_shown(tmp_path: Path) -> None:
    wide = {"view_ahead": 1, "view_behind": 0, "view_side": 0}
    session = session_of(tmp_path, "commons_harvest", world_config=wide, own_view=True)
    people = Players(session)
    people.press("agent_0", 0)
    people.tick()
    shown = session.view("agent_0")
    assert 0 in [body["number"] for body in shown["scene"]["agents"]]
    assert len(shown["scene"]["agents"]) <= 2
    assert shown["agents"][0]["env"] is not None
    for other in shown["agents"][1:]:
        assert (other["env"], other["action"], other["who"]) == (None, None, "")


def test_catches_are_told_as_the_world_is_configured(tmp_path: Path) -> None:
    for catches in ("each", "summary", "none"):
        session = session_of(tmp_path / catches, "fishery", world_config={"catches": catches})
        people = Players(session)
        people.press("agent_0", 12)
        people.tick()
        shown = session.view("agent_0")
        known = [agent["env"] is not None for agent in shown["agents"]]
        assert known == [True] + [catches == "each"] * 4
        assert (shown["private"] is not None) == (catches == "summary")
        assert {event["agent"] for event in shown["events"]} == set(range(5 if known[1] else 1))
        session.close()
    watching = session_of(tmp_path / "caregiver", "fishery", seat="caregiver", pace=0)
    Players(watching).tick()
    assert all(a["env"] is not None for a in watching.view("caregiver")["agents"])
