"use strict";

// Plots over the steps of an episode on canvases, which are drawn once and not while it plays.

const LANE = 13; // CSS pixels an agent where values are drawn as bars
const EVENT_LANE = 5; // and where events are drawn as marks
const LINE_HEIGHT = 96;
const LINE_EDGE = 7; // above and below lines, for the numbers of their scale
const GUTTER = 36; // CSS pixels at the left of every plot, for the numbers of scales
const DASH = 6; // CSS pixels of one colour where the lines of several agents are one
const READABLE = 4.5; // contrast of thin marks on a dark surface, as WCAG asks of text
const LIGHTER = [0, 0.1, 0.2, 0.3, 0.4]; // share of white in an agent's colour

/** Returns a new element with attributes; text is text, never markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Returns a number as it is shown: short, with a true minus. */
function shown(value) {
  const text = Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toFixed(2)));
  return text.replace("-", "−");
}

/** Returns a number with its sign, and nothing for 0. */
function signed(value) {
  const text = shown(value);
  return value === 0 || text === "0" ? "0" : value > 0 ? `+${text}` : text;
}

/** Reads colours of the style sheet, as canvases take them. */
class Ink {
  constructor(colours) {
    this.colours = colours;
    this.probe = element("span", { hidden: true });
    document.body.append(this.probe);
    this.refresh();
  }

  /** Reads the colours again, after light and dark have changed. */
  refresh() {
    for (const name of ["edge", "line", "muted", "present", "surface"]) {
      this[name] = this.#resolve(`var(--${name})`);
    }
    const surface = luminance(channelsOf(this.surface));
    const contrast = (colour) => {
      const own = luminance(colour);
      return (Math.max(own, surface) + 0.05) / (Math.min(own, surface) + 0.05);
    };
    // Thin marks on dark need more light than a tile of the grid; faint ones on light get an edge.
    const lit = (colour) => {
      if (surface > 0.5) return colour;
      const shades = LIGHTER.map((share) => colour.map((one) => one + (255 - one) * share));
      return shades.find((shade) => contrast(shade) >= READABLE) ?? shades.at(-1);
    };
    const marks = this.colours.map((colour) => lit(channelsOf(this.#resolve(colour))));
    this.marks = marks.map((mark) => `rgb(${mark.map(Math.round).join(", ")})`);
    this.faint = marks.map((mark) => contrast(mark) < 3);
  }

  /** Returns the colour of an agent in plots. */
  agent(number) {
    return this.marks[number % this.marks.length];
  }

  /** Whether a colour needs an edge to be seen on the surface (contrast below 3, as WCAG has it). */
  isFaint(number) {
    return this.faint[number % this.faint.length];
  }

  #resolve(colour) {
    this.probe.style.color = colour;
    return getComputedStyle(this.probe).color;
  }
}

/** Returns red, green and blue from 0 to 255 of a colour as the browser resolves it. */
function channelsOf(colour) {
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** Returns the relative luminance of a colour as WCAG defines it. */
function luminance(channels) {
  const [red, green, blue] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Returns about five round numbers within a range. */
function ticks(low, high, most = 5) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) {
    found.push(Math.abs(tick) < step / 1e6 ? 0 : tick);
  }
  return found;
}

/** A canvas as wide as its column; `paint(context, width, height)` works in CSS pixels. */
class Plot {
  constructor(height, label, paint) {
    this.height = height;
    this.paint = paint;
    this.canvas = element("canvas", { class: "plot", role: "img", "aria-label": label });
    this.canvas.style.height = `${height}px`;
    this.context = this.canvas.getContext("2d");
  }

  draw() {
    const density = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    if (!width) return;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(this.height * density);
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, width, this.height);
    this.paint(this.context, width, this.height);
  }
}

/** Returns where a step stands: its middle, with half a step to spare at both ends. */
function position(step, steps, width) {
  return GUTTER + ((step + 0.5) / (steps + 1)) * (width - GUTTER);
}

/** Returns how wide a step is. */
function stepWidth(steps, width) {
  return (width - GUTTER) / (steps + 1);
}

/** Returns the name of a channel such as "R_s helping" as nodes: its symbol, set as such, and its norm. */
function symbol(name) {
  const [, letter, index, norm] = name.match(/^(\w)_(\w)(?: (.*))?$/);
  const sign = element("span", { class: "symbol" }, element("i", {}, letter), element("sub", {}, index));
  return { sign, norm: norm ?? "" };
}

/** Draws when the caregiver was present: a band; a dashed line while it was absent. */
function paintPresence(context, width, height, episode, steps, ink) {
  const side = stepWidth(steps, width);
  context.fillStyle = ink.present;
  context.strokeStyle = ink.edge;
  context.setLineDash([3, 4]);
  for (let step = 1; step <= episode.steps; step += 1) {
    const left = position(step, steps, width) - side / 2;
    if (episode.present(step)) context.fillRect(left, 2, side + 0.5, height - 4);
  }
  let begun = null;
  for (let step = 1; step <= episode.steps + 1; step += 1) {
    const absent = step <= episode.steps && !episode.present(step);
    if (absent && begun === null) begun = step;
    if (absent || begun === null) continue;
    context.beginPath();
    context.moveTo(position(begun, steps, width) - side / 2, height / 2);
    context.lineTo(position(step, steps, width) - side / 2, height / 2);
    context.stroke();
    begun = null;
  }
  context.setLineDash([]);
}

/** Draws the events of a kind as marks, a lane for each agent. */
function paintEvents(context, width, height, episode, steps, ink, kind, agents) {
  const mark = Math.max(2, Math.min(8, stepWidth(steps, width)));
  const lane = height / agents.length;
  agents.forEach((agent, place) => {
    const colour = ink.agent(agent);
    const faint = ink.isFaint(agent);
    for (let step = 1; step <= episode.steps; step += 1) {
      if (!episode.count(kind, step, agent)) continue;
      const left = position(step, steps, width) - mark / 2;
      const top = place * lane + 0.5;
      if (faint) {
        context.fillStyle = ink.edge;
        context.fillRect(left - 0.75, top - 0.75, mark + 1.5, lane + 0.5);
      }
      context.fillStyle = colour;
      context.fillRect(left, top, mark, lane - 1);
    }
  });
}

/** Draws the values of a channel as bars up and down, a lane for each agent. */
function paintValues(context, width, height, episode, steps, ink, channel, agents, range) {
  const bar = Math.max(1.5, Math.min(8, stepWidth(steps, width) * 0.8));
  const lane = height / agents.length;
  const [low, high] = range;
  agents.forEach((agent, place) => {
    const scale = (lane - 2) / (high - low || 1);
    const base = place * lane + 1 + high * scale;
    const colour = ink.agent(agent);
    const faint = ink.isFaint(agent);
    context.fillStyle = ink.line;
    context.fillRect(GUTTER, base - 0.5, width - GUTTER, 1);
    for (let step = 1; step <= episode.steps; step += 1) {
      const value = episode.value(channel, step, agent);
      if (!value) continue;
      const left = position(step, steps, width) - bar / 2;
      const length = Math.max(1.5, Math.abs(value) * scale);
      const top = value > 0 ? base - length : base;
      if (faint) {
        context.fillStyle = ink.edge;
        context.fillRect(left - 0.75, top - 0.75, bar + 1.5, length + 1.5);
      }
      context.fillStyle = colour;
      context.fillRect(left, top, bar, length);
    }
  });
}

/** Draws the running sums of a channel as lines, with round numbers of the scale. */
function paintSums(context, width, height, episode, steps, ink, channel, agents, range) {
  const [low, high] = range;
  const y = (value) => height - LINE_EDGE
    - ((value - low) / (high - low || 1)) * (height - 2 * LINE_EDGE);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of ticks(low, high, 3)) {
    context.fillStyle = tick === 0 ? ink.edge : ink.line;
    context.fillRect(GUTTER, Math.round(y(tick)) - 0.5, width - GUTTER, 1);
    context.fillStyle = ink.muted;
    context.fillText(shown(tick), GUTTER - 5, y(tick) + 0.5);
  }
  context.textAlign = "left";
  context.lineJoin = "round";
  const at = (step, agent) => [
    position(step, steps, width), y(episode.sum(channel, step, agent))];
  for (const { agent, share, place, first, last } of runsOfLines(episode, channel, agents)) {
    context.setLineDash(share > 1 ? [DASH, DASH * (share - 1)] : []);
    context.lineDashOffset = -DASH * place;
    context.beginPath();
    for (let step = first; step <= last; step += 1) context.lineTo(...at(step, agent));
    for (const [colour, thickness] of ink.isFaint(agent) ? [[ink.edge, 3.5], [ink.agent(agent), 2]]
      : [[ink.agent(agent), 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = thickness;
      context.stroke();
    }
  }
  context.setLineDash([]);
}

/**
 * Returns the pieces of the lines of running sums: `share` agents have the same piece, of whom this
 * one is number `place`; their colours take turns, so that nobody's line is hidden.
 */
function runsOfLines(episode, channel, agents) {
  const found = [];
  const open = new Map();
  for (let step = 1; step <= episode.steps; step += 1) {
    const alike = new Map();
    for (const agent of agents) {
      const key = `${episode.sum(channel, step - 1, agent)} ${episode.sum(channel, step, agent)}`;
      if (!alike.has(key)) alike.set(key, []);
      alike.get(key).push(agent);
    }
    for (const together of alike.values()) {
      together.forEach((agent, place) => {
        const run = open.get(agent);
        const name = together.join();
        if (run?.name === name) {
          run.last = step;
          return;
        }
        const next = { agent, name, share: together.length, place, first: step - 1, last: step };
        open.set(agent, next);
        found.push(next);
      });
    }
  }
  return found.sort((one, other) => one.agent - other.agent);
}

/** Draws the axis of steps. */
function paintAxis(context, width, steps, ink) {
  context.fillStyle = ink.muted;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const tick of ticks(0, steps, Math.max(2, (width - GUTTER) / 90))) {
    if (!Number.isInteger(tick)) continue;
    const x = position(tick, steps, width);
    context.fillRect(x - 0.5, 0, 1, 4);
    const text = String(tick);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x - half, 0), width - 2 * half), 6);
  }
}
