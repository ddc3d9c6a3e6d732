"use strict";

// Plots over the steps of an episode on canvases, which are drawn once and not while it plays.

const LANE = 13; // CSS pixels an agent where values are drawn as bars
const EVENT_LANE = 5; // and where events are drawn as marks
const LINE_HEIGHT = 96;

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
    const surface = this.#luminance(this.surface);
    this.faint = this.colours.map((colour) => {
      const own = this.#luminance(colour);
      return (Math.max(own, surface) + 0.05) / (Math.min(own, surface) + 0.05) < 3;
    });
  }

  agent(number) {
    return this.colours[number % this.colours.length];
  }

  /** Whether a colour needs an edge to be seen on the surface (contrast below 3, as WCAG has it). */
  isFaint(number) {
    return this.faint[number % this.colours.length];
  }

  #resolve(colour) {
    this.probe.style.color = colour;
    return getComputedStyle(this.probe).color;
  }

  #luminance(colour) {
    const channels = this.#resolve(colour).match(/[\d.]+/g).slice(0, 3);
    const [red, green, blue] = channels.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
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
  return ((step + 0.5) / (steps + 1)) * width;
}

/** Draws when the caregiver was present: a band; a dashed line while it was absent. */
function paintPresence(context, width, height, episode, steps, ink) {
  const side = width / (steps + 1);
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
  const mark = Math.max(2, Math.min(8, width / (steps + 1)));
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
  const bar = Math.max(1.5, Math.min(8, (width / (steps + 1)) * 0.8));
  const lane = height / agents.length;
  const [low, high] = range;
  agents.forEach((agent, place) => {
    const scale = (lane - 2) / (high - low || 1);
    const base = place * lane + 1 + high * scale;
    const colour = ink.agent(agent);
    const faint = ink.isFaint(agent);
    context.fillStyle = ink.line;
    context.fillRect(0, base - 0.5, width, 1);
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

/** Draws the running sums of a channel as lines with round numbers of the scale. */
function paintSums(context, width, height, episode, steps, ink, channel, agents, range) {
  const [low, high] = range;
  const y = (value) => height - 5 - ((value - low) / (high - low || 1)) * (height - 10);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "bottom";
  for (const tick of ticks(low, high, 3)) {
    context.fillStyle = tick === 0 ? ink.edge : ink.line;
    context.fillRect(0, Math.round(y(tick)) - 0.5, width, 1);
  }
  const line = (agent, colour, thickness) => {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.beginPath();
    for (let step = 0; step <= episode.steps; step += 1) {
      context.lineTo(position(step, steps, width), y(episode.sum(channel, step, agent)));
    }
    context.stroke();
  };
  context.lineJoin = "round";
  for (const agent of agents) {
    const colour = ink.agent(agent);
    if (ink.isFaint(agent)) line(agent, ink.edge, 3.5);
    line(agent, colour, 2);
  }
  context.fillStyle = ink.muted;
  for (const tick of ticks(low, high, 3)) {
    const above = y(tick) > 12;
    context.textBaseline = above ? "bottom" : "top";
    context.fillText(shown(tick), 2, y(tick) + (above ? 0 : 1));
  }
}

/** Draws the axis of steps. */
function paintAxis(context, width, steps, ink) {
  context.fillStyle = ink.muted;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const tick of ticks(0, steps, Math.max(2, width / 90))) {
    if (!Number.isInteger(tick)) continue;
    const x = position(tick, steps, width);
    context.fillRect(x - 0.5, 0, 1, 4);
    const text = String(tick);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x - half, 0), width - 2 * half), 6);
  }
}
