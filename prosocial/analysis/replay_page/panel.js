"use strict";

// One recording on the page: its grid, the values of the step, the minds, and what it is.

class Panel {
  /**
   * @param {object} recording - What packing.py wrote of it.
   * @param {string} badge - "A" or "B" side by side, else empty.
   * @param {object} data - The data of the page: sprites and colours.
   */
  constructor(recording, badge, data) {
    this.recording = recording;
    this.badge = badge;
    this.colours = data.colours;
    this.canvas = element("canvas", { class: "grid", role: "img" });
    this.caregiver = element("span", { class: "chip caregiver" });
    this.ending = element("span", { class: "chip" });
    this.words = element("ul", { class: "words" });
    this.details = element("details", {}, element("summary", {}, "The scene in words"), this.words);
    this.details.addEventListener("toggle", () => this.#describe());
    this.stage = element("section", { class: "card stage", "aria-label": this.#name("Grid") },
      this.#head(), element("div", { class: "picture" }, this.canvas), this.details);
    this.now = element("section", { class: "card now", "aria-label": this.#name("Values of the step") });
    this.about = element("section", { class: "card about", "aria-label": this.#name("About") });
    this.grid = new GridView(this.canvas, data.sprites, recording.legend);
  }

  #name(what) {
    return this.badge ? `${what} of ${this.badge}` : what;
  }

  #head() {
    const head = element("div", { class: "card-head" });
    if (this.badge) head.append(element("span", { class: "badge" }, this.badge));
    head.append(element("h2", { class: "grow" }, this.recording.name));
    head.append(this.caregiver, this.ending);
    return head;
  }

  /** Takes an episode; `parts` are its nodes in the order of the page. */
  load(episode, timeline, open) {
    this.episode = episode;
    this.timeline = timeline;
    this.minds = episode.head.minds ? new MindBars(episode) : null;
    this.channels = episode.channels.filter((channel, place) => channel.used || place === 0);
    this.caregiver.hidden = !episode.caregiver;
    this.#buildTable();
    this.#buildAbout(open);
    const side = element("div", { class: "side" }, this.now);
    if (this.minds) side.append(this.minds.node);
    this.parts = [this.stage, side, timeline.node, this.about];
  }

  /** Shows a moment; an episode that is over by then shows its last one. */
  show(step) {
    const own = Math.min(step, this.episode.steps);
    this.step = own;
    this.grid.draw(this.episode.scene(own));
    this.#fillTable(own);
    this.minds?.show(own);
    this.timeline.show(step);
    const present = this.episode.present(own);
    this.caregiver.classList.toggle("is-present", present);
    this.caregiver.textContent = own === 0 ? "Caregiver: before step 1"
      : present ? "Caregiver present" : "Caregiver absent";
    this.ending.hidden = own < this.episode.steps;
    this.ending.textContent = this.#ending();
    this.#describe();
  }

  #ending() {
    const { end } = this.episode.head;
    return `${end[0].toUpperCase()}${end.slice(1)} after step ${this.episode.steps}`;
  }

  /** Returns what a screen reader hears when a step is reached. */
  announcement() {
    const { episode, step } = this;
    const care = episode.caregiver && step ? (episode.present(step) ? ", caregiver present" : ", caregiver absent") : "";
    const done = step === episode.steps ? ` ${this.#ending()}.` : "";
    const acted = episode.numAgents > 2 || !step ? ""
      : ` ${episode.recording.agents.map((name, agent) => `${name}: ${episode.action(step, agent)}`).join(", ")}.`;
    return `${this.badge} Step ${step} of ${episode.steps}${care}.${acted} `
      + `${episode.eventsInWords(step)}.${done}`;
  }

  #describe() {
    const short = `${this.recording.world.replaceAll("_", " ")}, step ${this.step}.`;
    this.canvas.setAttribute("aria-label", `${short} The scene in words follows.`);
    if (!this.details.open) return;
    const lines = this.episode.sceneInWords(this.step);
    this.words.replaceChildren(...lines.map((line) => element("li", {}, line)));
  }

  #buildTable() {
    const { recording } = this;
    const heads = ["Agent", "Action"].map((name) => element("th", { scope: "col" }, name));
    for (const { name } of this.channels) {
      const { sign, norm } = symbol(name);
      const head = element("th", { scope: "col", class: "number" }, sign);
      if (norm) head.append(element("span", { class: "muted norm" }, norm));
      heads.push(head);
    }
    this.cells = recording.agents.map(() => [0, ...this.channels].map((_, place) => (
      element("td", { class: place ? "number" : "" }))));
    const rows = recording.agents.map((name, agent) => element("tr", {},
      element("th", { scope: "row" }, element("span", { class: "who" },
        swatch(recording.labels[agent], this.colours[agent % this.colours.length]),
        element("span", {}, name, element("span", { class: "muted actor" }, recording.actors[agent])))),
      ...this.cells[agent]));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows));
    this.events = element("p", { class: "step-events" });
    const legend = element("p", { class: "muted small" }, "Of the step, with its running sum (Σ) below.");
    this.now.replaceChildren(
      element("div", { class: "card-head" }, element("h2", {}, "This step")),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.#name("Rewards") },
        table),
      this.events, legend);
    for (const cells of this.cells) {
      cells.slice(1).forEach((cell) => {
        cell.append(element("span", { class: "value" }), element("span", { class: "muted sum" }));
      });
    }
  }

  #fillTable(step) {
    this.cells.forEach(([action, ...values], agent) => {
      action.textContent = this.episode.action(step, agent);
      values.forEach((cell, place) => {
        const value = this.episode.value(this.channels[place], step, agent);
        cell.firstChild.textContent = signed(value);
        cell.firstChild.className = value > 0 ? "value up" : value < 0 ? "value down" : "value";
        cell.lastChild.textContent = `Σ ${shown(this.episode.sum(this.channels[place], step, agent))}`;
      });
    });
    const words = step ? this.episode.eventsInWords(step) : "before the first step";
    this.events.textContent = `Events: ${words}`;
  }

  #buildAbout(open) {
    const { recording, episode } = this;
    const listed = (entries) => element("dl", {}, ...entries.flatMap(([name, value]) => (
      [element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, value)])));
    const facts = [
      ["world", `${recording.world}, version ${recording.version}`],
      ["episode", `${episode.head.number}, ${episode.steps} steps, ${episode.head.end}`],
      ["seed of the world", episode.head.seed],
      ["agents", recording.agents.map((name, agent) => `${name} (${recording.actors[agent]})`).join(", ")],
      ["norms", recording.norms.join(", ") || "none"],
      ...Object.entries(recording.source),
    ];
    const details = element("details", { open },
      element("summary", {}, this.#name("About this recording")),
      element("h3", {}, "Recording"), listed(facts),
      element("h3", {}, "Configuration of the world"), listed(Object.entries(recording.config)));
    this.about.replaceChildren(details);
  }
}
