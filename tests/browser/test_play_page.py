"""People take part in a session through real browsers, by keys and by buttons."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "play"))

from players import RuleLearner, session_of, steps  # pyright: ignore[reportMissingImports]
from playing import (  # pyright: ignore[reportMissingImports]
    at_step,
    drop,
    enter,
    records,
    until,
)
from served import served  # pyright: ignore[reportMissingImports]

from prosocial.agents.training.trainer import DivergedError
from prosocial.play.session.replaying import replay_log
from prosocial.play.web.connections import Connection

CONSENT = "We record <b>which\nkeys</b> you press.\n\nYou can stop\n- at any time\n- or later."
INSTRUCTIONS = "Press + when the robot does well."


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda file: None)


@pytest.fixture(autouse=True)
def asked(context: BrowserContext) -> Iterator[list[str]]:
    """Nothing but the server of the session is asked for anything."""
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    yield addresses
    hosts = {address.split("/")[2] for address in addresses if not address.startswith("data:")}
    assert all(host.startswith("127.0.0.1:") for host in hosts)


def test_an_episode_is_played_by_keys(page: Page, tmp_path: Path) -> None:
    session = session_of(
        tmp_path / "s", "caregiver_grid", world_config={"max_steps": 6}, episodes=1, title="A maze"
    )
    with served(session) as server:
        enter(page, server.address)
        assert page.title() == "A maze"
        expect(page.locator("#banner")).to_have_text("Your turn")
        for step, key in enumerate(("ArrowUp", "w", "ArrowLeft", "ArrowUp", "d", "ArrowUp"), 1):
            page.keyboard.press(key)
            at_step(page, step)
        expect(page.locator("#banner")).to_contain_text("The episode is over")
        assert page.locator("#next").is_visible()
        page.keyboard.press("Enter")
        page.wait_for_selector("#over:visible")
        assert "6" in page.inner_text("#over-list")
        assert page.evaluate("document.activeElement.textContent").startswith("Thank you")
    world = session.state.game.world
    keys = {"ArrowUp": "FORWARD", "w": "FORWARD", "ArrowLeft": "TURN_LEFT"}
    assert [world.actions(r["actions"][0]).name for r in steps(session)[:3]] == list(keys.values())
    assert len(steps(session)) == 6
    assert {r["actors"][0] for r in steps(session)} == {"person"}


def test_a_key_held_down_counts_once_a_step(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "kitchen", pace=2)
    with served(session) as server:
        enter(page, server.address)
        page.keyboard.down("ArrowLeft")
        for _ in range(30):
            page.keyboard.down("ArrowLeft")  # repeats
        page.keyboard.up("ArrowLeft")
        until(page, lambda: len(steps(session)) >= 2)
    pressed = [(r["episode"], r["step"]) for r in records(session, "press")]
    assert 1 <= len(pressed) <= 3
    assert len(set(pressed)) >= len(pressed) - 1


def test_the_caregiver_judges_by_key_and_by_button(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", RuleLearner(), seat="caregiver", pace=0)
    with served(session) as server:
        enter(page, server.address)
        at_step(page, 1)
        page.keyboard.press("+")
        expect(page.locator("#credited")).to_contain_text("Praise (+1) counted for step 1")
        page.locator("#praise").click()
        expect(page.locator("#praises")).to_have_text("2")
        page.locator("#next").click()
        at_step(page, 2)
        page.locator("#blame").click()
        expect(page.locator("#credited")).to_contain_text("Blame (−1) counted for step 2")
        page.locator("body").click(position={"x": 5, "y": 300})
        page.keyboard.press("Enter")
        at_step(page, 3)
        page.keyboard.press("-")
        page.keyboard.press("b")
        expect(page.locator("#blames")).to_have_text("3")
        expect(page.locator("#all-feedback")).to_have_text("−1")
    given = [(r["step"], r["value"], r["accepted"]) for r in records(session, "feedback")]
    assert given == [(1, "praise", True), (1, "praise", True), (2, "blame", True),
                     (3, "blame", True), (3, "blame", True)]  # fmt: skip
    felt = [float(t.social_rewards[0]) for t in replay_log(session.folder).transitions]
    assert felt == [2.0, -1.0, -2.0]
    assert all(r["client_ms"] > 1e12 for r in records(session, "feedback"))


def test_the_caregiver_sets_the_pace_and_pauses(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", RuleLearner(), seat="caregiver", pace=20)
    with served(session) as server:
        enter(page, server.address)
        until(page, lambda: len(steps(session)) > 3)
        page.keyboard.press("Escape")
        expect(page.locator("#banner")).to_have_text("Paused")
        held = len(steps(session))
        page.wait_for_timeout(300)
        assert len(steps(session)) == held
        page.locator("#pace").focus()
        page.keyboard.press("Home")
        expect(page.locator("#pace-words")).to_have_text("waits for you")
        page.keyboard.press("p")  # the slider leaves other keys to the page
        expect(page.locator("#praises")).to_have_text("1")
        page.locator("#pause").click()
        expect(page.locator("#next")).to_be_visible()
        expect(page.locator("#pause")).to_be_hidden()
    assert [r["value"] for r in records(session, "pace")] == [0]


def test_two_people_share_a_kitchen_and_a_third_is_told(
    page: Page, browser: Browser, complaints: list[str], tmp_path: Path
) -> None:
    session = session_of(tmp_path / "s", "kitchen", slots=[0, 1])
    others = [browser.new_context(), browser.new_context()]
    with served(session) as server:
        pages = [page, *(context.new_page() for context in others)]
        for one in pages[1:]:
            one.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        for one in pages[:2]:
            one.goto(server.address)
            one.get_by_role("button", name="play agent", disabled=False).first.click()
            one.wait_for_selector("#world:visible")
        pages[2].goto(server.address)
        expect(pages[2].locator("#seats-words")).to_contain_text("All seats are taken")
        assert pages[2].locator("#seats-list button:enabled").count() == 0
        expect(page.locator("#banner")).to_have_text("Your turn")
        page.keyboard.press("ArrowUp")
        expect(page.locator("#banner")).to_have_text("Waiting for agent 1")
        pages[1].keyboard.press("ArrowDown")
        for one in pages[:2]:
            at_step(one, 1)
        assert len(steps(session)) == 1
        pages[1].locator("#leave").click()
        pages[1].locator("#sure-leave").click()
        pages[1].wait_for_selector("#over:visible")
        expect(pages[2].locator("#seats-list button:enabled")).to_have_count(1)
        pages[2].locator("#seats-list button:enabled").click()
        pages[2].wait_for_selector("#world:visible")
        for context in others:
            context.close()
    assert steps(session)[0]["actors"] == ["person", "person"]


def test_presses_survive_a_drop_and_count_once(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", RuleLearner(), seat="caregiver", pace=0)
    send = Connection.send
    lost: list[str] = []

    def send_once(connection: Connection, kind: str, **values: Any) -> None:
        if kind == "ack" and not lost:  # logged, and then the network goes away
            lost.append(kind)
            connection._texts.clear()
            connection.close(4000)
        elif connection.code is None:
            send(connection, kind, **values)

    with served(session) as server:
        enter(page, server.address)
        at_step(page, 1)
        monkeypatch.setattr(Connection, "send", send_once)
        page.keyboard.press("+")
        expect(page.locator("#status")).to_contain_text("trying again")
        page.keyboard.press("-")  # while nobody hears it
        page.keyboard.press("p")
        expect(page.locator("#status")).to_have_text("Connected")
        expect(page.locator("#blames")).to_have_text("1")
        expect(page.locator("#praises")).to_have_text("2")
        drop(server)
        page.locator("#next:enabled").click()
        at_step(page, 2)
    assert lost == ["ack"]
    given = [(r["step"], r["value"], r["accepted"]) for r in records(session, "feedback")]
    assert given == [(1, "praise", True), (1, "blame", True), (1, "praise", True)]
    assert len(steps(session)) == 2
    assert [r["reason"] for r in records(session, "leave")] == ["dropped", "dropped", "dropped"]


def test_a_reload_keeps_the_seat(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", consent=CONSENT)
    with served(session) as server:
        page.goto(server.address)
        page.locator("#agree").click()
        page.wait_for_selector("#world:visible")
        page.keyboard.press("ArrowLeft")
        at_step(page, 1)
        page.reload()
        page.wait_for_selector("#world:visible")
        at_step(page, 1)
        page.keyboard.press("ArrowLeft")
        at_step(page, 2)


def test_when_the_server_is_stopped_the_page_says_so(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid")
    with served(session) as server:
        enter(page, server.address)
    page.wait_for_selector("#gone:visible")
    assert "was stopped" in page.inner_text("#gone-words")
    assert "is recorded" in page.inner_text("#gone-kept")
    assert page.evaluate("document.activeElement.id") == "gone-title"


def test_when_the_server_is_lost_the_page_gives_up_clearly(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid")
    page.clock.install()
    with served(session) as server:
        enter(page, server.address)
        # No goodbye, as if the process was killed.
        server.hub.close = lambda message: [c.close(1012) for c in server.hub.connections]
    expect(page.locator("#status")).to_contain_text("trying again")
    for _ in range(16):
        page.clock.run_for(3000)
        page.wait_for_timeout(30)
    page.wait_for_selector("#gone:visible")
    assert "does not answer" in page.inner_text("#gone-words")
    assert all("WebSocket" in words for words in complaints)
    complaints.clear()


def test_a_learner_that_diverges_ends_the_page_clearly(page: Page, tmp_path: Path) -> None:
    class Diverging(RuleLearner):
        def take(self, transition):
            raise DivergedError("The loss is nan; lower the learning rate.")

    session = session_of(tmp_path / "s", "caregiver_grid", Diverging(), seat="caregiver", pace=5)
    with served(session, failures=[]) as server:
        page.goto(server.address)
        page.wait_for_selector("#gone:visible")
        assert "The loss is nan; lower the learning rate." in page.inner_text("#gone-words")
    assert len(steps(session)) == len(replay_log(session.folder).transitions) == 1


def test_a_study_asks_for_consent_and_participant_by_keyboard_alone(
    page: Page, tmp_path: Path
) -> None:
    session = session_of(
        tmp_path / "s", "caregiver_grid", RuleLearner(), seat="caregiver", pace=0,
        consent=CONSENT, ask_participant=True, instructions=INSTRUCTIONS,
    )  # fmt: skip
    with served(session) as server:
        page.goto(server.address)
        page.wait_for_selector("#consent:visible")
        assert "<b>which keys</b>" in page.inner_text("#consent-text")  # text stays text
        assert page.locator("#consent-text p").count() == 2
        assert page.inner_text("#consent-text").endswith("You can stop\n- at any time\n- or later.")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "agree"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("#participant").is_visible()  # it needs an id
        page.keyboard.type("P-07")
        page.keyboard.press("Enter")
        assert page.inner_text("#instructions-text") == INSTRUCTIONS
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#world:visible")
        at_step(page, 1)
        page.keyboard.press("+")
        expect(page.locator("#praises")).to_have_text("1")
        page.keyboard.press("Enter")
        at_step(page, 2)
        assert page.locator("#help").is_hidden()
        while page.evaluate("document.activeElement.id") != "leave":
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_selector("#over:visible")
    (join,) = records(session, "join")
    assert (join["participant"], join["consent"], join["seat"]) == ("P-07", True, "caregiver")
    assert records(session, "leave")[0]["reason"] == "done"


def test_who_refuses_is_sent_away_unrecorded(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", consent=CONSENT)
    with served(session) as server:
        page.goto(server.address)
        page.locator("#decline").click()
        page.wait_for_selector("#gone:visible")
        assert page.inner_text("#gone-title") == "You do not take part"
        assert page.locator("#again").is_hidden()
    assert records(session, "join") == []


def test_a_number_is_typed_in_the_fishery(page: Page, tmp_path: Path) -> None:
    session = session_of(
        tmp_path / "s", "fishery", world_config={"catches": "summary", "max_rounds": 3}
    )
    with served(session) as server:
        enter(page, server.address)
        assert page.evaluate("document.activeElement.id") == "number-value"
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        at_step(page, 1)
        expect(page.locator("#private")).to_contain_text("The others got")
        rows = page.locator("#agents tr").all_inner_texts()
        assert "demand 7" in rows[0]
        assert all(row.count("–") == 3 for row in rows[1:])  # what is not known to this agent
        page.keyboard.type("9")  # the field is ready for the next number
        page.keyboard.press("Enter")
        at_step(page, 2)
        page.keyboard.type("99999")
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        at_step(page, 2)
        page.locator("#number-value").fill("3")
        page.keyboard.press("Enter")
        at_step(page, 3)
        page.keyboard.press("Enter")  # the next episode, from the field
        at_step(page, 0)
        page.keyboard.type("3")
        page.keyboard.press("Enter")
        at_step(page, 1)
    assert [r["actions"][0] for r in steps(session)] == [7, 9, 3, 3]


def test_what_the_agent_does_not_see_is_not_sent(page: Page, tmp_path: Path) -> None:
    session = session_of(
        tmp_path / "s", "commons_harvest", own_view=True, world_config={"view_ahead": 2}
    )
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda f: frames.append(str(f))))
    with served(session) as server:
        enter(page, server.address)
        page.keyboard.press("ArrowLeft")
        at_step(page, 1)
        hidden = page.evaluate("document.getElementById('scene-words').children.length")
        assert hidden < 7 + 60
    assert any('"hidden":[[' in frame for frame in frames)
    assert page.locator("#agents tr").nth(1).inner_text().count("–") == 3


def test_screen_readers_are_told_what_happens(page: Page, tmp_path: Path) -> None:
    session = session_of(tmp_path / "s", "caregiver_grid", caregiver={})
    with served(session) as server:
        enter(page, server.address)
        page.keyboard.press("ArrowUp")
        at_step(page, 1)
        expect(page.locator("#announcer")).to_contain_text("Step 1")
        expect(page.locator("#announcer")).to_have_attribute("aria-live", "polite")
        assert "row" in (page.locator("#grid").get_attribute("aria-label") or "")
        assert page.locator("[aria-label=''], button:empty").count() == 0
        unnamed = "[...document.querySelectorAll('input')].filter((one) => !one.labels.length)"
        assert page.evaluate(f"{unnamed}.length") == 0


@pytest.mark.parametrize("width", [400, 1000, 2000])
@pytest.mark.parametrize(
    ("world", "seat"),
    [("caregiver_grid", "caregiver"), ("commons_harvest", "agent"), ("fishery", "agent")],
)
def test_nothing_is_wider_than_the_window(
    page: Page, tmp_path: Path, width: int, world: str, seat: str
) -> None:
    session = session_of(tmp_path / "s", world, seat=seat, consent=CONSENT, pace=0)
    page.set_viewport_size({"width": width, "height": 900})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with served(session) as server:
        page.goto(server.address)
        page.wait_for_selector("#consent:visible")
        assert page.evaluate(overflow) <= 0
        page.locator("#agree").click()
        page.wait_for_selector("#world:visible")
        picture = "document.getElementById('grid').getBoundingClientRect()"
        page.wait_for_function(f"() => {picture}.width > 100")
        assert page.evaluate(overflow) <= 0
        # A window that was made narrower takes the picture with it.
        page.set_viewport_size({"width": 400, "height": 900})
        page.wait_for_function(f"() => {picture}.right <= 400 && {picture}.width > 100")
        assert page.evaluate(overflow) <= 0
