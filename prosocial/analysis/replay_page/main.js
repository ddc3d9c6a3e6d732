"use strict";

// The page: episodes, panels, controls, keyboard, address.

const SETTLED = 250; // milliseconds without change before address and screen reader are told

class Page {
  constructor(data) {
    this.data = data;
    this.ink = new Ink(data.colours);
    this.view = new View();
    const badges = data.recordings.length > 1 ? ["A", "B"] : [""];
    this.panels = data.recordings.map((one, side) => new Panel(one, badges[side], data));
    this.player = new Player(() => this.#schedule());
    this.filters = new Filters(find("filters"), this.view, data.colours, () => this.#buildTimelines());
    this.place = -1; // of the episode among those of the page
    this.unpacked = new Map();
    this.drawn = 0; // moments shown so far
    this.theme = new ThemeSwitch(find("theme"), () => this.#recolour());
    find("panels").classList.toggle("double", this.panels.length > 1);
    this.#buildControls();
    this.ready = this.#begin();
  }

  async #begin() {
    await Promise.all(this.panels.map((panel) => panel.grid.ready));
    const { place, step } = this.#address();
    await this.choose(place ?? 0, step ?? 0);
  }

  /** Shows an episode, by its place among those of the page, at a step. */
  async choose(place, step = 0) {
    const heads = this.data.episodes[place];
    const episodes = await Promise.all(heads.map((head, side) => this.#unpack(head, place, side)));
    this.place = place;
    this.episodes = episodes;
    this.steps = Math.max(...episodes.map((episode) => episode.steps));
    find("episodes").value = String(place);
    this.view.offer(episodes);
    const open = this.panels.map(({ about }) => about.querySelector("details")?.open ?? false);
    this.panels.forEach((panel, side) => {
      const timeline = new Timeline(
        episodes[side], this.steps, this.view, this.ink, (to) => this.player.seek(to));
      panel.load(episodes[side], timeline, open[side]);
    });
    find("panels").replaceChildren(...this.#order());
    this.filters.build(episodes);
    this.#buildTimelines();
    this.#subtitle();
    const scrub = find("scrub");
    scrub.max = String(this.steps);
    this.player.load(this.steps, step);
    this.show();
  }

  /** Returns the parts of the panels in their order: alike ones of two recordings stand together. */
  #order() {
    const [first] = this.panels;
    const filters = find("filters");
    return first.parts.flatMap((_, place) => {
      const alike = this.panels.map((panel) => panel.parts[place]);
      return place === 2 ? [filters, ...alike] : alike;
    });
  }

  async #unpack(head, place, side) {
    const key = `${place}-${side}`;
    if (!this.unpacked.has(key)) {
      const bytes = await unpack(find(`episode-${key}`).textContent);
      this.unpacked.set(key, new Episode(head, bytes, this.data.recordings[side]));
    }
    return this.unpacked.get(key);
  }

  /** Shows the step of the player everywhere. */
  show() {
    const { step, playing, speed } = this.player;
    for (const panel of this.panels) panel.show(step);
    const scrub = find("scrub");
    scrub.value = String(step);
    scrub.setAttribute("aria-valuetext", `step ${step} of ${this.steps}`);
    scrub.style.setProperty("--share", `${(100 * step) / (this.steps || 1)}%`);
    find("count").textContent = `${step} / ${this.steps}`;
    const play = find("play");
    play.classList.toggle("is-playing", playing);
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    for (const name of ["first", "back"]) find(name).disabled = step === 0;
    for (const name of ["last", "forward"]) find(name).disabled = step === this.steps;
    play.disabled = this.steps === 0;
    find("speed").value = String(speed);
    this.drawn += 1;
    this.#settle();
  }

  /** Draws at most once a picture of the screen, however often the slider moves. */
  #schedule() {
    if (this.place < 0 || this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.show();
    });
  }

  #settle() {
    clearTimeout(this.settling);
    if (this.player.playing) return;
    this.settling = setTimeout(() => {
      find("said").textContent = this.panels.map((panel) => panel.announcement()).join(" ");
      this.#writeAddress();
    }, SETTLED);
  }

  #buildTimelines() {
    const ranges = this.#ranges();
    for (const panel of this.panels) panel.timeline.build(ranges);
  }

  /** Returns for each channel in use the range of values and sums, alike on both sides. */
  #ranges() {
    const ranges = new Map();
    this.episodes[0].channels.forEach(({ name }, place) => {
      if (place && !this.episodes.some(({ channels }) => channelNamed(channels, name)?.used)) return;
      const range = { values: [0, 0], sums: [0, 0] };
      for (const episode of this.episodes) {
        const channel = channelNamed(episode.channels, name);
        if (channel) widen(range, channel, this.view.agents, episode.numAgents);
      }
      ranges.set(name, range);
    });
    return ranges;
  }

  #recolour() {
    this.ink.refresh();
    for (const panel of this.panels) panel.timeline?.draw();
  }

  #subtitle() {
    const [head] = this.data.episodes[this.place];
    find("subtitle").textContent = `Episode ${head.number}, seed ${head.seed}`;
  }

  #buildControls() {
    const { player } = this;
    this.data.episodes.forEach(([head], place) => {
      const text = `${head.number} · ${head.steps} steps`;
      find("episodes").append(element("option", { value: String(place) }, text));
    });
    find("chooser").hidden = this.data.episodes.length < 2;
    find("episodes").addEventListener("change", ({ target }) => this.choose(Number(target.value)));
    for (const speed of SPEEDS) {
      find("speed").append(element("option", { value: String(speed) }, `${speed} / s`));
    }
    find("speed").addEventListener("change", ({ target }) => player.setSpeed(Number(target.value)));
    find("scrub").addEventListener("input", ({ target }) => player.seek(Number(target.value)));
    const actions = {
      play: () => player.toggle(),
      first: () => player.move(-this.steps),
      back: () => player.move(-1),
      forward: () => player.move(1),
      last: () => player.move(this.steps),
      "event-back": () => this.#jump(-1),
      "event-on": () => this.#jump(1),
      "help-button": () => find("help").showModal(),
    };
    for (const [name, act] of Object.entries(actions)) find(name).addEventListener("click", act);
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => {
      const { place, step } = this.#address();
      if (place !== null && place !== this.place) this.choose(place, step ?? 0);
      else if (step !== null) player.move(step - player.step);
    });
  }

  #key(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || find("help").open) return;
    if (target.matches("select, textarea, input:not([type=range])")) return;
    const pressed = target.closest("button, summary");
    if (key === " " && pressed) return; // the button itself is meant
    const { player } = this;
    const stride = event.shiftKey ? 10 : 1;
    const actions = {
      " ": () => player.toggle(),
      ArrowLeft: () => player.move(-stride),
      ArrowRight: () => player.move(stride),
      Home: () => player.move(-this.steps),
      End: () => player.move(this.steps),
      "[": () => this.#jump(-1),
      "]": () => this.#jump(1),
      "+": () => player.changeSpeed(1),
      "=": () => player.changeSpeed(1),
      "-": () => player.changeSpeed(-1),
      PageUp: () => this.#neighbour(-1),
      PageDown: () => this.#neighbour(1),
      "?": () => find("help").showModal(),
    };
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key]();
  }

  #neighbour(direction) {
    const place = this.place + direction;
    if (place >= 0 && place < this.data.episodes.length) this.choose(place);
  }

  /** Goes to the nearest step before or after with an event that is shown, on any side. */
  #jump(direction) {
    const { agents, kinds } = this.view;
    let step = this.player.step + direction;
    const happens = (episode) => step <= episode.steps && episode.events(step).some(
      ({ agent, kind }) => agents.includes(agent) && kinds.has(episode.head.kinds[kind]));
    while (step > 0 && step <= this.steps && !this.episodes.some(happens)) step += direction;
    if (step > 0 && step <= this.steps) this.player.move(step - this.player.step);
  }

  /** Returns the episode and step that the address names; null for what it does not. */
  #address() {
    const named = new URLSearchParams(location.hash.slice(1));
    const number = (name) => (/^\d+$/.test(named.get(name) ?? "") ? Number(named.get(name)) : null);
    const wanted = number("episode");
    const place = this.data.episodes.findIndex(([head]) => head.number === wanted);
    return { place: place < 0 ? null : place, step: number("step") };
  }

  #writeAddress() {
    if (location.protocol === "about:") return; // a frame in a notebook has no address of its own
    const [head] = this.data.episodes[this.place];
    history.replaceState(null, "", `#episode=${head.number}&step=${this.player.step}`);
  }
}

function find(name) {
  return document.getElementById(name);
}

function channelNamed(channels, name) {
  return channels.find((channel) => channel.name === name);
}

/** Widens a range so that it holds the values and sums of some agents. */
function widen(range, channel, agents, numAgents) {
  for (const name of ["values", "sums"]) {
    const numbers = channel[name];
    for (let first = 0; first < numbers.length; first += numAgents) {
      for (const agent of agents) {
        range[name][0] = Math.min(range[name][0], numbers[first + agent]);
        range[name][1] = Math.max(range[name][1], numbers[first + agent]);
      }
    }
  }
}

window.replay = new Page(JSON.parse(find("data").textContent));
