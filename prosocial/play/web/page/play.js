"use strict";

// Puts the page together: messages of the server go to the screens, keys and buttons to the server.

const NOTICE_SECONDS = 6;
const LOST_SEAT = ["no_seat", "taken"]; // refusals after which another seat is to be chosen
const SLOWEST = 0.25; // steps per second at the left end of the slider, after "wait for me"

class Play {
  #seat = null; // name of the seat, null in the lobby
  #seating = null;
  #view = null;
  #grid = null;
  #keys = new Map(); // KeyboardEvent.key -> what it does
  #noticeTimer = null;
  #repeated = ""; // the step for which a key that is held down has counted
  #announcer = new Announcer();
  #world = ""; // its name

  constructor() {
    this.theme = new ThemeSwitch(element("theme"));
    this.connection = new Connection(
      (message) => this.#hear(message), (state, words) => this.#report(state, words));
    this.entrance = new Entrance((message) => this.connection.send(message));
    this.#listen();
    this.connection.open();
  }

  // What the server says

  #hear(message) {
    const { type } = message;
    if (type === "welcome") this.#welcome(message);
    else if (type === "seats") this.entrance.update(message.seats);
    else if (type === "seated") this.#sit(message);
    else if (type === "view") this.#show(message.view);
    else if (type === "ack") this.#acknowledge(message.record);
    else if (type === "error") this.#fail(message);
    else if (type === "over") this.#end(() => showOver(message.summary));
    else if (type === "gone") this.#end(() => 
      showGone(message.message, this.#seat !== null, this.entrance.declined));
  }

  #welcome({ about, back }) {
    document.title = about.title;
    write("title", about.title);
    this.#world = about.world;
    element("exposed").hidden = !about.exposed;
    // Whoever comes back is seated at once; otherwise the way to a seat begins.
    if (!back) {
      if (this.#seat !== null) this.#notify("Your seat was given up while the connection was lost.");
      this.#seat = null;
      this.entrance.begin(about);
    }
  }

  #sit({ seat, scene, seating }) {
    const again = this.#seat === seat;
    this.#seat = seat;
    this.#seating = seating;
    this.#grid ??= new GridView(element("grid"), scene.sprites, scene.legend);
    element("leave").hidden = false;
    const acts = seating.agent !== null;
    element("actor").hidden = !acts;
    element("caregiver").hidden = acts;
    this.#learnKeys();
    if (acts) this.#offerActions();
    listKeys(seating);
    // A study that instructs its participants may not want more to be said.
    element("help").hidden = this.entrance.instructs || seating.world_help === "";
    write("help", `${plainName(this.#world)}: ${seating.world_help}`);
    showScreen("world");
    if (!again && acts && seating.actions.kind === "number") element("number-value").focus();
  }

  #show(view) {
    const before = this.#view;
    this.#view = view;
    const moved = !before || before.step !== view.step || before.episode !== view.episode;
    const { agent } = this.#seating;
    showCounters(view, this.#seat);
    showAgents(view, agent);
    if (agent === null) showCaregiver(view, this.#seating);
    else showActor(view, this.#seating);
    this.#showPacing(view);
    if (!moved) return;
    const own = agent === null ? [] : [agent];
    this.#grid.draw({ ...view.scene, highlight: own });
    showWords(view.scene);
    addEvents(view);
    drawCurve(view.returns);
    write("chosen", "");
    this.#announce(view);
  }

  #announce(view) {
    const happened = eventWords(view).join(". ");
    const deeds = this.#seating.agent === null ? element("deed").textContent : "";
    this.#announcer.say([`Step ${view.step}`, deeds, happened, standing(view, this.#seat)]
      .filter(Boolean).join(". "));
  }

  #acknowledge(record) {
    const { kind, accepted, why, episode, step } = record;
    if (!accepted) {
      this.#notify(`Not counted: ${why}.`);
      return;
    }
    if (kind === "feedback") {
      const word = record.value === "praise" ? "Praise" : "Blame";
      write("credited", `✓ ${word} (${rewardText(record.amount)}) counted for step ${step} of episode ${
        episode + 1}`);
      flash(record.value);
    } else if (kind === "press") {
      write("chosen", `✓ ${this.#actionLabel(record.action)} for step ${step + 1}`);
    }
  }

  #fail({ code, message }) {
    if (this.entrance.joining) {
      this.entrance.retry();
      if (!LOST_SEAT.includes(code)) this.entrance.joining = false;
    }
    this.#notify(message);
  }

  #end(show) {
    this.connection.end();
    this.connection.key = null;
    this.#report("over", "Closed");
    show();
    this.#view = null;
  }

  #report(state, words) {
    const status = element("status");
    status.dataset.state = state;
    write("status", state === "gone" ? "Closed" : words);
    document.body.classList.toggle("offline", state === "lost");
    if (state === "gone") {
      showGone(words, this.#seat !== null, false);
      this.#view = null;
    }
  }

  #notify(words) {
    const notice = element("notice");
    notice.textContent = words;
    notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { notice.hidden = true; }, NOTICE_SECONDS * 1000);
  }

  // What the person does

  #listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    const clicks = {
      praise: () => this.#judge("praise"),
      blame: () => this.#judge("blame"),
      next: () => this.#next(),
      pause: () => this.#pause(),
      leave: () => element("sure").showModal(),
      "sure-stay": () => element("sure").close(),
      "sure-leave": () => this.#leave(),
      again: () => location.reload(),
    };
    for (const [id, act] of Object.entries(clicks)) element(id).addEventListener("click", act);
    element("pace").addEventListener("input", () => write("pace-words", paceWords(this.#chosenPace())));
    element("pace").addEventListener("change", () => {
      this.connection.press({ type: "pace", value: this.#chosenPace() });
    });
    element("number").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = element("number-value");
      this.#act(field.valueAsNumber);
      field.select();
    });
  }

  #key(event) {
    if (!this.#view || element("sure").open) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const onControl = event.target.closest?.("button, summary, a");
    if (onControl && (event.key === " " || event.key === "Enter")) return; // it presses that
    if (event.target.closest?.("input") && !this.#passes(event)) return;
    const act = this.#keys.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!act) return;
    event.preventDefault();
    // A key held down counts once for each step that is shown.
    const shown = `${this.#view.episode}.${this.#view.step}`;
    if (event.repeat && (shown === this.#repeated || this.#seating.agent === null)) return;
    this.#repeated = shown;
    act();
  }

  /** Tells whether a key that was pressed in a field is none of the field's own. */
  #passes({ target, key }) {
    if (target.type === "range") return !/^(Arrow|Page|Home|End)/.test(key);
    return key === "Escape" || (key === "Enter" && this.#view.ended);
  }

  #learnKeys() {
    const { actions, controls, agent } = this.#seating;
    const known = {
      next: () => this.#next(), pause: () => this.#pause(),
      ...(agent === null && { praise: () => this.#judge("praise"), blame: () => this.#judge("blame") }),
    };
    this.#keys.clear();
    for (const [name, act] of Object.entries(known)) {
      for (const key of controls[name] ?? []) this.#keys.set(key, act);
      const hint = element(name).querySelector("kbd");
      if (controls[name]?.length) hint.textContent = keyName(controls[name][0]);
    }
    if (agent === null || actions.kind !== "keys") return;
    for (const action of actions.list) {
      for (const key of action.keys) this.#keys.set(key, () => this.#act(action.number));
    }
  }

  #offerActions() {
    const { actions } = this.#seating;
    const byKeys = actions.kind === "keys";
    element("number").hidden = byKeys;
    element("actions").hidden = !byKeys;
    if (!byKeys) {
      element("number").querySelector("label").textContent =
        `${actions.label}, ${actions.low} to ${actions.high}`;
      const field = element("number-value");
      [field.min, field.max] = [actions.low, actions.high];
      return;
    }
    element("actions").replaceChildren(...actions.list.map((action) => {
      const hint = action.keys.length > 0 ? [make("kbd", "", keyName(action.keys[0]))] : [];
      const button = make("button", "", `${action.label} `, ...hint);
      button.type = "button";
      button.dataset.number = action.number;
      button.addEventListener("click", () => this.#act(action.number));
      return button;
    }));
  }

  #actionLabel(number) {
    const { actions } = this.#seating;
    if (actions.kind !== "keys") return `${actions.label} ${number}`;
    return actions.list.find((action) => action.number === number).label;
  }

  #act(action) {
    if (!this.#view) return;
    if (this.#view.next && this.#view.ended) this.#next();
    else this.#press({ type: "press", action });
  }

  #judge(value) {
    this.#press({ type: "feedback", value });
  }

  #next() {
    if (this.#view?.next) this.#press({ type: "next" });
  }

  #pause() {
    if (!this.#view) return;
    this.connection.press({ type: this.#view.paused ? "resume" : "pause" });
  }

  /** Sends what is about the step on the screen. */
  #press(message) {
    if (!this.#view) return;
    this.connection.press({ ...message, episode: this.#view.episode, step: this.#view.step });
  }

  #leave() {
    element("sure").close();
    this.connection.send({ type: "leave", reason: "done", time: clientTime() });
  }

  // The pace

  #showPacing(view) {
    const next = element("next");
    // While the button is in use it stays, so that the focus is not lost between two steps.
    next.hidden = !view.turns || (this.#seating.agent !== null && !view.ended);
    next.disabled = !view.next;
    const pause = element("pause");
    pause.firstChild.data = view.paused ? "Go on " : "Pause ";
    pause.hidden = view.turns && !view.paused;
    element("pace-label").hidden = this.#seating.agent !== null;
    if (document.activeElement !== element("pace")) {
      element("pace").value = this.#position(view.pace);
      write("pace-words", paceWords(view.pace));
    }
  }

  /** Returns the pace of the slider: 0 at its left end, then by ratios up to the fastest. */
  #chosenPace() {
    const position = element("pace").valueAsNumber;
    if (position === 0) return 0;
    const most = this.#seating.max_pace;
    const pace = SLOWEST * (most / SLOWEST) ** ((position - 1) / 99);
    return Number(pace.toPrecision(2));
  }

  #position(pace) {
    if (pace <= 0) return 0;
    const ratio = Math.log(pace / SLOWEST) / Math.log(this.#seating.max_pace / SLOWEST);
    return Math.max(1, Math.round(1 + 99 * ratio));
  }
}

function paceWords(pace) {
  if (pace === 0) return "waits for you";
  return pace < 1 ? `a step every ${Number((1 / pace).toFixed(1))} s` : `${pace} steps a second`;
}

/** Makes a button light up for a moment; the acknowledgement says the same in words. */
function flash(id) {
  const button = element(id);
  button.classList.remove("counted");
  void button.offsetWidth; // restarts the animation
  button.classList.add("counted");
}

document.addEventListener("DOMContentLoaded", () => new Play());
