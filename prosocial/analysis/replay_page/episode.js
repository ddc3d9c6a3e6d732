"use strict";

// A recorded episode, unpacked: scenes, rewards and their running sums, events, posteriors.

const ARRAY_TYPES = {
  uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array,
};
const HEADINGS = ["north", "east", "south", "west"];
const PLAIN_CELLS = new Set(["EMPTY", "FLOOR", "WALL", "OUTSIDE", "COUNTER"]);
const MOST_PLACES = 4; // cells of a kind that are named one by one

/** Returns the bytes that were compressed with zlib and written in base64. */
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

class Episode {
  /**
   * @param {object} head - What packing.py wrote of the episode.
   * @param {ArrayBuffer} bytes - The arrays that `head.arrays` lists.
   * @param {object} recording - The recording that it belongs to.
   */
  constructor(head, bytes, recording) {
    this.head = head;
    this.recording = recording;
    this.steps = head.steps;
    this.numAgents = recording.agents.length;
    this.arrays = {};
    for (const [name, type, shape, first] of head.arrays) {
      const size = shape.reduce((product, length) => product * length, 1);
      this.arrays[name] = new ARRAY_TYPES[type](bytes, first, size);
    }
    const area = head.height * head.width;
    for (const name of ["cells", "items"]) {
      if (this.arrays[name]) Episode.#undoDifferences(this.arrays[name], area);
    }
    this.channels = this.#channels();
    this.caregiver = recording.norms.length > 0 || this.arrays.present.some(Boolean);
  }

  static #undoDifferences(moments, size) {
    for (let index = size; index < moments.length; index += 1) {
      moments[index] ^= moments[index - size];
    }
  }

  /** Returns name, values by step and running sums of R_e, of R_s by norm, and of R_i. */
  #channels() {
    const size = this.steps * this.numAgents;
    const { rewards, social, internal } = this.arrays;
    const found = [this.#channel("R_e", "material reward", rewards)];
    this.recording.norms.forEach((norm, place) => {
      const values = social.subarray(place * size, (place + 1) * size);
      found.push(this.#channel(`R_s ${norm.replaceAll("_", " ")}`, "social reward", values));
    });
    found.push(this.#channel("R_i", "internal reward", internal));
    return found;
  }

  #channel(name, meaning, values) {
    const sums = new Float64Array(values.length + this.numAgents);
    values.forEach((value, index) => { sums[index + this.numAgents] = sums[index] + value; });
    return { name, meaning, values, sums, used: values.some((value) => value !== 0) };
  }

  /** Returns a value of a channel in the step that led to a moment; 0 before the first step. */
  value(channel, step, agent) {
    return step ? channel.values[(step - 1) * this.numAgents + agent] : 0;
  }

  /** Returns what a channel has added up to at a moment. */
  sum(channel, step, agent) {
    return channel.sums[step * this.numAgents + agent];
  }

  /** Returns the name of the action that led to a moment; a dash before the first step. */
  action(step, agent) {
    if (!step) return "–";
    return this.recording.actions[this.arrays.actions[(step - 1) * this.numAgents + agent]];
  }

  /** Whether the caregiver was present in the step that led to a moment. */
  present(step) {
    return step > 0 && this.arrays.present[step - 1] === 1;
  }

  /** Returns how often an event happened to an agent in the step that led to a moment. */
  count(kind, step, agent) {
    if (!step) return 0;
    const kinds = this.head.kinds.length;
    return this.arrays.events[((step - 1) * this.numAgents + agent) * kinds + kind];
  }

  /** Returns the events of the step that led to a moment: `{agent, kind, count}`. */
  events(step) {
    const found = [];
    for (let agent = 0; agent < this.numAgents; agent += 1) {
      this.head.kinds.forEach((_, kind) => {
        const count = this.count(kind, step, agent);
        if (count) found.push({ agent, kind, count });
      });
    }
    return found;
  }

  /** Returns the probabilities of all hypotheses about a target at a moment. */
  posterior(step, observer, target) {
    const { observers, targets, names } = this.head.minds;
    const first = ((step * observers.length + observer) * targets.length + target) * names.length;
    const kept = this.arrays.posteriors.subarray(first, first + names.length);
    return Array.from(kept, (share) => share / 65535);
  }

  /** Returns a scene as `GridView.draw` takes it. */
  scene(step) {
    const { height, width } = this.head;
    const cells = [];
    for (let row = 0; row < height; row += 1) {
      const first = (step * height + row) * width;
      cells.push(this.arrays.cells.subarray(first, first + width));
    }
    return { cells, agents: this.#bodies(step), items: this.#items(step) };
  }

  #bodies(step) {
    const found = [];
    this.head.bodies.forEach((name, number) => {
      const first = (step * this.head.bodies.length + number) * 5;
      const [row, column, heading, thing, ball] = this.arrays.bodies.subarray(first, first + 5);
      if (row < 0) return;
      const carrying = thing < 0 ? null : this.head.carried[thing];
      const label = this.head.body_labels[number];
      found.push({ number, name, label, row, column, heading, carrying, ball: ball === 1 });
    });
    return found;
  }

  #items(step) {
    const found = [];
    if (!this.arrays.items) return found;
    const { height, width } = this.head;
    for (let cell = 0; cell < height * width; cell += 1) {
      const code = this.arrays.items[step * height * width + cell];
      if (!code) continue;
      const place = { row: Math.floor(cell / width), column: cell % width };
      found.push({ ...place, ...this.head.items[code - 1] });
    }
    return found;
  }

  /** Returns what happened in the step that led to a moment, in words. */
  eventsInWords(step) {
    const words = this.events(step).map(({ agent, kind, count }) => {
      const times = count > 1 ? ` ×${count}` : "";
      return `${this.recording.agents[agent]} ${this.head.kinds[kind]}${times}`;
    });
    return words.join(", ") || "no events";
  }

  /** Returns the picture of a moment in words, one line for each thing. */
  sceneInWords(step) {
    const { agents, items, cells } = this.scene(step);
    const lines = agents.map((agent) => {
      const looks = agent.heading < 0 ? "" : `, looks ${HEADINGS[agent.heading]}`;
      const carries = agent.carrying ? `, carries ${agent.carrying}` : "";
      return `${agent.name} at row ${agent.row}, column ${agent.column}${looks}${carries}`;
    });
    for (const item of items.filter((one) => !one.held)) {
      lines.push(`${item.words} at row ${item.row}, column ${item.column}`);
    }
    return [...lines, ...this.#cellsInWords(cells)];
  }

  #cellsInWords(cells) {
    const places = new Map();
    cells.forEach((codes, row) => codes.forEach((code, column) => {
      const name = this.recording.legend[code].replace("cell:", "");
      if (PLAIN_CELLS.has(name)) return;
      if (!places.has(name)) places.set(name, []);
      places.get(name).push(`row ${row}, column ${column}`);
    }));
    return [...places].map(([name, where]) => {
      const words = name.toLowerCase().replaceAll("_", " ");
      if (where.length > MOST_PLACES) return `${where.length} cells of ${words}`;
      return `${words} at ${where.join("; ")}`;
    });
  }
}
