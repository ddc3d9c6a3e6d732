"use strict";

// The screens around the world: what a person is told and asked before, and what is said at the end.

const SCREENS = ["waiting", "consent", "participant", "instructions", "seats", "world", "over", "gone"];

/** Returns the element with an id. */
function element(id) {
  return document.getElementById(id);
}

/** Returns a new element that holds text or other elements; markup in a text stays text. */
function make(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

/** Shows one screen, and moves the focus to its heading when it was another one before. */
function showScreen(name) {
  if (!element(name).hidden) return;
  for (const screen of SCREENS) element(screen).hidden = screen !== name;
  element(name).querySelector("h2").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Writes paragraphs into an element: they are separated by empty lines, list items by any break. */
function writeProse(id, text) {
  const broken = /[ \t]*\n(?![ \t]*([-*•]|\d+[.)])[ \t])[ \t]*/g; // a line of a file that goes on
  const paragraphs = text.trim().split(/\n\s*\n/).map(
    (part) => make("p", "", part.trim().replaceAll(broken, " ")));
  element(id).replaceChildren(...paragraphs);
}

class Entrance {
  #about = null;
  #participant = "";
  #consent = false;
  #steps = []; // screens that are still to be passed

  /**
   * @param {(message: object) => void} send - Sends a message to the server.
   */
  constructor(send) {
    this.send = send;
    this.joining = false; // whether a seat was asked for, and no answer came yet
    this.declined = false; // whether the person does not take part
    element("agree").addEventListener("click", () => {
      this.#consent = true;
      this.#advance();
    });
    element("decline").addEventListener("click", () => {
      this.declined = true;
      send({ type: "leave", reason: "declined", time: clientTime() });
    });
    element("begin").addEventListener("click", () => this.#advance());
    element("participant-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#identify(element("participant-id").value.trim());
    });
  }

  /** Begins with the first screen, or goes on where a dropped connection left it. */
  begin(about) {
    const first = this.#about === null;
    this.#about = about;
    this.joining = false;
    if (!first) {
      if (this.#steps.length === 0) this.#seat();
      return;
    }
    if (about.consent !== null) writeProse("consent-text", about.consent);
    if (about.instructions !== null) writeProse("instructions-text", about.instructions);
    this.#steps = [
      about.consent !== null && "consent",
      about.ask_participant && "participant",
      about.instructions !== null && "instructions",
    ].filter(Boolean);
    this.#show();
  }

  /** Whether people read instructions before they begin. */
  get instructs() {
    return this.#about !== null && this.#about.instructions !== null;
  }

  /** Takes in who sits where now. */
  update(seats) {
    if (this.#about === null) return;
    this.#about.seats = seats;
    if (!element("seats").hidden) this.#list();
  }

  /** Asks again for a seat: the one that was asked for cannot be had. */
  retry() {
    this.joining = false;
    this.#list();
    showScreen("seats");
  }

  #advance() {
    this.#steps.shift();
    this.#show();
  }

  #show() {
    if (this.#steps.length === 0) this.#seat();
    else showScreen(this.#steps[0]);
  }

  #identify(name) {
    if (name === "") {
      element("participant-fault").textContent = "Enter the id that you were given.";
      element("participant-id").focus();
      return;
    }
    element("participant-fault").textContent = "";
    this.#participant = name;
    this.#advance();
  }

  /** Takes the only seat that there is; lets the person choose among several. */
  #seat() {
    const { seats } = this.#about;
    if (seats.length === 1 && seats[0].state === "free") this.#join(seats[0].name);
    else this.retry();
  }

  #join(seat) {
    this.joining = true;
    this.send({
      type: "join", seat, participant: this.#participant, consent: this.#consent, time: clientTime(),
    });
  }

  #list() {
    const states = { free: "free", taken: "taken", away: "kept for a person who dropped out" };
    const { seats } = this.#about;
    const free = seats.filter((seat) => seat.state !== "taken").length;
    write("seats-words", free > 0
      ? "Each person has one seat."
      : "All seats are taken. As soon as one becomes free, it can be chosen here.");
    element("seats-list").replaceChildren(...seats.map((seat) => {
      const button = make("button", "", make("strong", "", seat.label),
        make("span", "muted", ` ${states[seat.state]}`));
      button.type = "button";
      button.disabled = seat.state === "taken";
      button.addEventListener("click", () => this.#join(seat.name));
      return make("li", "", button);
    }));
  }
}

/** Shows that the session is over, and what was recorded. */
function showOver(summary) {
  const rows = [
    ["Episodes", summary.episodes], ["Steps", summary.steps], ["Key presses", summary.inputs],
  ].filter(([, value]) => value !== undefined);
  element("over-words").textContent = "What was done is recorded, to the last acknowledged key press.";
  element("over-list").replaceChildren(...rows.map(([name, value]) => make(
    "div", "", make("dt", "", name), make("dd", "", String(value)))));
  element("leave").hidden = true;
  showScreen("over");
}

/** Shows that the server is gone, or has sent this page away. */
function showGone(words, seated, declined) {
  if (declined) write("gone-title", "You do not take part");
  element("again").hidden = declined;
  element("gone-words").textContent = words;
  element("gone-kept").textContent = seated
    ? "Everything that this page showed as counted is recorded." : "";
  if (declined) element("gone-kept").textContent = "You can close this page.";
  element("leave").hidden = true;
  showScreen("gone");
}
