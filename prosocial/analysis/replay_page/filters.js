"use strict";

// What the timeline shows: which agents, which kinds of events, values or their running sums.

const DENSE = 0.4; // share of all steps and agents above which a kind of event starts hidden
const MODES = [["values", "Each step"], ["sums", "Running sum"], ["both", "Both"]];

/** What is chosen. */
class View {
  constructor() {
    this.agents = [];
    this.kinds = new Set();
    this.mode = "both";
    this.seen = new Set(); // kinds that were offered before; the choice about them stays
  }

  /** Takes in the agents and events of episodes that are shown now. */
  offer(episodes) {
    const total = episodes[0].numAgents;
    if (!this.agents.length || this.agents.at(-1) >= total) {
      this.agents = Array.from({ length: total }, (_, agent) => agent);
    }
    const counts = countEvents(episodes);
    const rare = [...counts].filter(([, { share }]) => share <= DENSE);
    for (const [kind] of rare.length ? rare : counts) {
      if (!this.seen.has(kind)) this.kinds.add(kind);
    }
    for (const kind of counts.keys()) this.seen.add(kind);
  }
}

/** Returns for each kind of event how often it happened, and in which share of steps and agents. */
function countEvents(episodes) {
  const counts = new Map();
  for (const episode of episodes) {
    const kinds = episode.head.kinds.length;
    const { events } = episode.arrays;
    const size = events.length / (kinds || 1) || 1;
    episode.head.kinds.forEach((kind, place) => {
      const entry = counts.get(kind) ?? { total: 0, share: 0 };
      for (let index = place; index < events.length; index += kinds) {
        entry.total += events[index];
        entry.share += (events[index] > 0) / size / episodes.length;
      }
      counts.set(kind, entry);
    });
  }
  return counts;
}

class Filters {
  /**
   * @param {HTMLElement} node - Where the buttons go.
   * @param {View} view
   * @param {string[]} colours - Of the agents.
   * @param {() => void} changed - Called when something else is chosen.
   */
  constructor(node, view, colours, changed) {
    Object.assign(this, { node, view, colours, changed });
  }

  build(episodes) {
    const { recording } = episodes[0];
    this.all = recording.agents.map((_, agent) => agent);
    const agents = recording.agents.map((name, agent) => this.#button(
      () => this.view.agents.includes(agent), () => this.#pickAgent(agent),
      swatch(recording.labels[agent], this.colours[agent % this.colours.length]), name));
    const kinds = [...countEvents(episodes)].map(([kind, { total }]) => this.#button(
      () => this.view.kinds.has(kind), () => this.#toggleKind(kind),
      `${kind} `, element("span", { class: "muted" }, String(total))));
    const modes = MODES.map(([mode, name]) => this.#button(
      () => this.view.mode === mode, () => { this.view.mode = mode; }, name));
    const groups = [["Rewards", modes]];
    if (agents.length > 1) groups.unshift(["Agents", agents]);
    if (kinds.length) groups.push(["Events", kinds]);
    this.buttons = groups.flatMap(([, buttons]) => buttons);
    this.node.replaceChildren(...groups.map(([name, buttons]) => element("div",
      { class: "group", role: "group", "aria-label": name },
      element("span", { class: "muted" }, name), ...buttons.map(({ node }) => node))));
    this.#refresh();
  }

  #button(isOn, act, ...content) {
    const node = element("button", { type: "button", class: "small" }, ...content);
    node.addEventListener("click", () => {
      act();
      this.#refresh();
      this.changed();
    });
    return { node, isOn };
  }

  #refresh() {
    for (const { node, isOn } of this.buttons) node.setAttribute("aria-pressed", String(isOn()));
  }

  /** The first click leaves that agent alone, later ones add or take away; never none. */
  #pickAgent(agent) {
    const { agents } = this.view;
    if (agents.length === this.all.length) this.view.agents = [agent];
    else if (!agents.includes(agent)) this.view.agents = [...agents, agent].sort((a, b) => a - b);
    else this.view.agents = agents.length > 1 ? agents.filter((one) => one !== agent) : this.all;
  }

  #toggleKind(kind) {
    if (!this.view.kinds.delete(kind)) this.view.kinds.add(kind);
  }
}
