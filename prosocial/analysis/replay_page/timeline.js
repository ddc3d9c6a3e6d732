"use strict";

// Rows over the steps of an episode: the caregiver, events by kind, rewards; one cursor for all.

const CATCH = 7; // CSS pixels from a mark at which a click means it

class Timeline {
  /**
   * @param {Episode} episode
   * @param {number} steps - Steps of the axis, those of the longest episode beside.
   * @param {object} view - What is chosen: agents (numbers), kinds (names of events), mode.
   * @param {Ink} ink
   * @param {(step: number) => void} seek - Called when a step is pointed at.
   */
  constructor(episode, steps, view, ink, seek) {
    Object.assign(this, { episode, steps, view, ink, seek, plots: [], step: 0 });
    this.rows = element("div", { class: "rows" });
    this.cursor = element("div", { class: "cursor" });
    this.tip = element("div", { class: "tip", hidden: true });
    this.node = element("section", { class: "card timeline", "aria-label": "Timeline" }, this.rows);
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(this.rows);
  }

  /** Builds the rows of what is chosen; `ranges` gives low and high by name of the channel. */
  build(ranges) {
    this.plots = [];
    this.rows.replaceChildren(this.cursor, this.tip);
    if (this.episode.caregiver) this.#addPresence();
    this.#kinds().forEach((kind) => this.#addEvents(kind));
    for (const channel of this.episode.channels) {
      if (ranges.has(channel.name)) this.#addChannel(channel, ranges.get(channel.name));
    }
    const axis = (context, width) => paintAxis(context, width, this.steps, this.ink);
    this.#addRow(element("span", {}, "Step"), "", new Plot(20, "Axis of steps", axis), "axis");
    this.draw();
  }

  draw() {
    this.plots.forEach(({ plot }) => plot.draw());
    this.show(this.step);
  }

  /** Moves the cursor; nothing else depends on the step. */
  show(step) {
    this.step = step;
    const plot = this.plots.at(-1)?.plot.canvas;
    if (!plot?.clientWidth) return;
    const x = plot.offsetLeft + position(step, this.steps, plot.clientWidth);
    this.cursor.style.transform = `translateX(${x}px)`;
  }

  /** Numbers of the kinds of events that are shown. */
  #kinds() {
    const all = this.episode.head.kinds.map((_, kind) => kind);
    return all.filter((kind) => this.view.kinds.has(this.episode.head.kinds[kind]));
  }

  #addRow(name, remark, plot, style, describe = () => [], tags = []) {
    const label = element("div", { class: "row-label" }, name);
    if (remark) label.append(element("span", { class: "muted" }, remark));
    const margin = element("div", { class: "tags", "aria-hidden": "true" }, ...tags);
    const row = element("div", { class: `row ${style}` }, label, plot.canvas, margin);
    this.rows.append(row);
    this.plots.push({ plot, describe, row });
    return this.plots.at(-1);
  }

  #addPresence() {
    const { episode, steps, ink } = this;
    const present = episode.arrays.present.reduce((sum, one) => sum + one, 0);
    const label = `The caregiver was present in ${present} of ${episode.steps} steps.`;
    const plot = new Plot(16, label, (context, width, height) => {
      paintPresence(context, width, height, episode, steps, ink);
    });
    this.#addRow(element("span", {}, "Caregiver"), `${present} of ${episode.steps} steps`, plot, "presence", (step) => [
      step && step <= episode.steps ? (episode.present(step) ? "present" : "absent") : "",
    ]);
  }

  #addEvents(kind) {
    const { episode, steps, ink, view } = this;
    const name = episode.head.kinds[kind];
    const marks = this.#marks(kind);
    const total = marks.reduce((sum, mark) => sum + mark.count, 0);
    const range = marks.length ? `, first in step ${marks[0].step}, last in step ${marks.at(-1).step}` : "";
    const height = Math.max(14, EVENT_LANE * view.agents.length);
    const label = `Events ${name}: ${total}${range}.`;
    const plot = new Plot(height, label, (context, width) => {
      paintEvents(context, width, height, episode, steps, ink, kind, view.agents);
    });
    plot.canvas.dataset.kind = name;
    const row = this.#addRow(element("span", {}, name), String(total), plot, "events", (step) => view.agents
      .filter((agent) => episode.count(kind, step, agent))
      .map((agent) => `${episode.recording.agents[agent]} ${name}`
        + ` ×${episode.count(kind, step, agent)}`));
    row.marks = marks;
  }

  /** Returns the events of a kind that happened to the agents that are shown, by step. */
  #marks(kind) {
    const found = [];
    for (let step = 1; step <= this.episode.steps; step += 1) {
      for (const agent of this.view.agents) {
        const count = this.episode.count(kind, step, agent);
        if (count) found.push({ step, agent, count });
      }
    }
    return found;
  }

  #addChannel(channel, range) {
    const { episode, steps, ink, view } = this;
    const describe = (step) => view.agents.map((agent) => {
      const [now, sum] = [episode.value(channel, step, agent), episode.sum(channel, step, agent)];
      return `${episode.recording.agents[agent]}: ${signed(now)}, sum ${shown(sum)}`;
    });
    const ends = view.agents.map((agent) => `${episode.recording.agents[agent]} `
      + shown(episode.sum(channel, episode.steps, agent)));
    if (view.mode !== "sums") {
      const height = Math.max(36, LANE * view.agents.length);
      const plot = new Plot(height, `${channel.name} of each step, ${channel.meaning}.`, (c, width) => {
        paintValues(c, width, height, episode, steps, ink, channel, view.agents, range.values);
      });
      const lane = height / view.agents.length;
      const tags = view.agents.map((agent, place) => this.#tag(agent, (place + 0.5) * lane));
      this.#addRow(this.#title(channel), "each step", plot, "channel", describe, tags);
    }
    if (view.mode !== "values") {
      const label = `Running sum of ${channel.name}, ${channel.meaning}; at the end ${ends.join(", ")}.`;
      const plot = new Plot(LINE_HEIGHT, label, (context, width, height) => {
        paintSums(context, width, height, episode, steps, ink, channel, view.agents, range.sums);
      });
      this.#addRow(this.#title(channel), "running sum", plot, "channel", describe,
        this.#endTags(channel, range.sums));
    }
  }

  #title(channel) {
    const { sign, norm } = symbol(channel.name);
    return element("span", {}, sign, norm ? ` ${norm}` : "");
  }

  /** Returns labels at the ends of the lines, moved apart where they would overlap. */
  #endTags(channel, [low, high]) {
    const [space, reach] = [13, LINE_HEIGHT - 2 * LINE_EDGE];
    const ends = this.view.agents.map((agent) => {
      const share = (this.episode.sum(channel, this.episode.steps, agent) - low) / (high - low || 1);
      return { agent, y: LINE_HEIGHT - LINE_EDGE - share * reach };
    }).sort((one, other) => one.y - other.y);
    ends.forEach((end, place) => {
      end.y = Math.max(end.y, place ? ends[place - 1].y + space : 6);
    });
    let below = LINE_HEIGHT - 6;
    for (const end of ends.toReversed()) {
      end.y = Math.min(end.y, below);
      below = end.y - space;
    }
    return ends.map(({ agent, y }) => this.#tag(agent, y));
  }

  #tag(agent, y) {
    const tag = swatch(this.episode.recording.labels[agent], this.ink.agent(agent));
    tag.style.top = `${y}px`;
    return tag;
  }

  #listen() {
    this.rows.addEventListener("pointerdown", (event) => {
      const place = this.#place(event);
      if (event.button !== 0 || !place) return;
      this.rows.setPointerCapture(event.pointerId);
      this.seek(place.mark?.step ?? place.step);
      event.preventDefault();
    });
    this.rows.addEventListener("pointermove", (event) => {
      const place = this.#place(event);
      if (place && event.buttons & 1 && this.rows.hasPointerCapture(event.pointerId)) {
        this.seek(place.step);
      }
      this.#showTip(place, event);
    });
    this.rows.addEventListener("pointerleave", () => this.#showTip(null));
  }

  /** Returns the step, row and mark at a pointer; null beside the plots. */
  #place(event) {
    const axis = this.plots.at(-1)?.plot.canvas;
    if (!axis) return null;
    const { left, width } = axis.getBoundingClientRect();
    const held = this.rows.hasPointerCapture(event.pointerId);
    if (!held && (event.clientX < left || event.clientX > left + width)) return null;
    const share = (event.clientX - left - GUTTER) / (width - GUTTER);
    const step = Math.min(Math.max(Math.round(share * (this.steps + 1) - 0.5), 0), this.steps);
    const row = this.plots.find((one) => one.row.contains(event.target));
    const distance = (mark) => Math.abs(
      position(mark.step, this.steps, width) - (event.clientX - left));
    const mark = row?.marks?.reduce(
      (best, one) => (distance(one) <= Math.min(CATCH, best ? distance(best) : CATCH) ? one : best),
      null);
    return { step, row, mark };
  }

  #showTip(place, event) {
    this.tip.hidden = !place?.row;
    this.rows.classList.toggle("on-mark", Boolean(place?.mark));
    if (!place?.row) return;
    const step = place.mark?.step ?? place.step;
    const lines = place.row.describe(step).filter(Boolean);
    this.tip.replaceChildren(
      element("strong", {}, `Step ${step}`), ...lines.map((line) => element("div", {}, line)));
    const frame = this.rows.getBoundingClientRect();
    const x = event.clientX - frame.left;
    const onRight = x > frame.width / 2;
    this.tip.style.left = onRight ? "auto" : `${x + 14}px`;
    this.tip.style.right = onRight ? `${frame.width - x + 14}px` : "auto";
    this.tip.style.top = `${place.row.row.offsetTop + place.row.row.offsetHeight + 2}px`;
  }
}

/** Returns the sign of an agent: its label on its colour, as on the grid. */
function swatch(label, colour) {
  const made = element("span", { class: "swatch" }, label);
  made.style.background = colour;
  return made;
}
