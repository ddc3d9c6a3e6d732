"use strict";

// Draws scenes on a canvas. Sprites and scenes come from prosocial.envs.render.web: `sprites(world)`,
// `legend(world)` and `scene_data(scene)`.

// Where a label stands on an arrow, and where its hands are, by heading: north, east, south, west.
const LABEL_PLACES = [[0.5, 0.64], [0.36, 0.5], [0.5, 0.36], [0.64, 0.5]];
const HANDS = [[0.5, 0.62], [0.38, 0.5], [0.5, 0.38], [0.62, 0.5]];
const INK = "rgb(38, 38, 38)";
const HIDDEN = "rgb(74, 80, 90)"; // a cell that whoever looks cannot see
const GRID_LINE = "rgb(217, 217, 217)";
const SMALLEST_LABELLED = 15; // CSS pixels a cell

class GridView {
  /**
   * @param {HTMLCanvasElement} canvas - Takes the size that its parent leaves it.
   * @param {Object<string, string>} sprites - Name to data URI.
   * @param {Object<string, string>} legend - Cell code to the name of its sprite.
   * @param {{labels?: boolean, maxTile?: number, maxHeight?: () => number}} options - Whether agents
   *   are labelled; the largest side of a cell and the height of the picture, in CSS pixels.
   */
  constructor(canvas, sprites, legend, options = {}) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.legend = legend;
    this.labels = options.labels ?? true;
    this.maxTile = options.maxTile ?? 96;
    this.maxHeight = options.maxHeight ?? (() => 0.72 * window.innerHeight);
    this.scene = null;
    this.tile = 0; // side of a cell in device pixels
    this.frames = 0; // pictures drawn so far
    this.images = new Map();
    this.loaded = false; // all sprites are decoded
    this.scaled = new Map();
    this.ready = this.#load(sprites);
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
  }

  /** Draws a scene; before the sprites are decoded, the last one given is drawn once they are. */
  draw(scene) {
    const sameShape = this.scene && this.scene.cells.length === scene.cells.length
      && this.scene.cells[0].length === scene.cells[0].length;
    this.scene = scene;
    if (!sameShape) this.#fit();
    this.#paint();
  }

  /** Fits the picture into the parent of the canvas; called whenever that changes its size. */
  resize() {
    if (this.scene && this.#fit()) this.#paint();
  }

  async #load(sprites) {
    await Promise.all(Object.entries(sprites).map(async ([name, address]) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      this.images.set(name, image);
    }));
    this.loaded = true;
    this.#paint();
  }

  /** Chooses whole device pixels for a cell, so that no seams show; tells whether that changed. */
  #fit() {
    const rows = this.scene.cells.length;
    const columns = this.scene.cells[0].length;
    const density = window.devicePixelRatio || 1;
    const room = Math.min(
      this.canvas.parentElement.clientWidth / columns, this.maxHeight() / rows, this.maxTile);
    const tile = Math.max(4, Math.floor(room * density));
    const [width, height] = [tile * columns, tile * rows];
    if (tile === this.tile && this.canvas.width === width && this.canvas.height === height) {
      return false;
    }
    if (tile !== this.tile) this.scaled.clear();
    this.tile = tile;
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.style.width = `${width / density}px`;
    this.canvas.style.height = `${height / density}px`;
    return true;
  }

  #paint() {
    if (!this.scene || !this.loaded) return;
    const { cells, agents, items } = this.scene;
    cells.forEach((codes, row) => codes.forEach((code, column) => this.#cell(code, row, column)));
    const laden = new Set(items.map((item) => `${item.row},${item.column}`));
    for (const agent of agents) this.#agent(agent);
    for (const item of items) this.#item(item);
    this.#hide(this.scene.hidden ?? []);
    if (this.labels && this.tile >= SMALLEST_LABELLED * (window.devicePixelRatio || 1)) {
      for (const agent of agents) this.#label(agent, laden.has(`${agent.row},${agent.column}`));
    }
    for (const number of this.scene.highlight ?? []) this.#highlight(number);
    this.frames += 1;
  }

  #cell(code, row, column) {
    const name = this.legend[code];
    this.context.drawImage(this.#sprite(name), column * this.tile, row * this.tile);
  }

  #agent(agent) {
    const [x, y, size] = [agent.column * this.tile, agent.row * this.tile, this.tile];
    const colour = agent.number % 7;
    if (agent.heading < 0) {
      this.context.drawImage(this.#sprite(`disc:${colour}`), x, y);
    } else {
      this.context.save();
      this.context.translate(x + size / 2, y + size / 2);
      this.context.rotate(agent.heading * Math.PI / 2);
      this.context.drawImage(this.#sprite(`arrow:${colour}`), -size / 2, -size / 2);
      this.context.restore();
    }
    if (agent.ball) {
      const [across, down] = agent.heading < 0 ? [0.5, 0.5] : HANDS[agent.heading];
      this.context.drawImage(this.#sprite("ball"), x + (across - 0.5) * size, y + (down - 0.5) * size);
    }
  }

  #item(item) {
    for (const [name, x, y, side] of item.layers) {
      const size = side * this.tile;
      const left = (item.column + x) * this.tile - size / 2;
      const top = (item.row + y) * this.tile - size / 2;
      this.context.drawImage(this.#sprite(name, Math.round(size)), left, top, size, size);
    }
  }

  #hide(places) {
    this.context.fillStyle = HIDDEN;
    for (const [row, column] of places) {
      this.context.fillRect(column * this.tile, row * this.tile, this.tile, this.tile);
    }
  }

  /** Writes on an agent who it is, beside what it holds. */
  #label(agent, laden) {
    const { context, tile } = this;
    const covered = laden || agent.ball;
    const place = agent.heading < 0 ? [0.5, 0.52] : LABEL_PLACES[agent.heading];
    const [across, down] = covered ? [0.18, 0.2] : place;
    const [x, y] = [(agent.column + across) * tile, (agent.row + down) * tile];
    const height = tile * (covered ? 0.28 : 0.36) * (agent.label.length > 1 ? 0.8 : 1);
    context.font = `700 ${height}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (covered) {
      context.fillStyle = INK;
      context.beginPath();
      context.arc(x, y, tile * 0.18, 0, 2 * Math.PI);
      context.fill();
    }
    // White on an edge of ink can be read on every colour.
    context.lineJoin = "round";
    context.lineWidth = height * 0.28;
    context.strokeStyle = INK;
    context.strokeText(agent.label, x, y);
    context.fillStyle = "white";
    context.fillText(agent.label, x, y);
  }

  /** Draws a ring around an agent, such as the one that the viewer controls. */
  #highlight(number) {
    const agent = this.scene.agents.find((one) => one.number === number);
    if (!agent) return;
    const { context, tile } = this;
    const width = Math.max(2, tile / 16);
    for (const [colour, inset] of [[INK, 0], ["white", width]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      const edge = inset + width / 2;
      context.strokeRect(
        agent.column * tile + edge, agent.row * tile + edge, tile - 2 * edge, tile - 2 * edge);
    }
  }

  /** Returns a sprite at the size at which it is drawn; scaling once looks best and is quickest. */
  #sprite(name, size = this.tile) {
    const key = `${name} ${size}`;
    const known = this.scaled.get(key);
    if (known) return known;
    const image = this.images.get(name);
    if (!image) throw new Error(`There is no sprite "${name}".`);
    const scaled = document.createElement("canvas");
    scaled.width = scaled.height = size;
    const context = scaled.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, size, size);
    if (name.startsWith("cell:")) GridView.#line(context, image, size);
    this.scaled.set(key, scaled);
    return scaled;
  }

  /** Draws the line between cells, too thin to survive the scaling of a sprite that has it. */
  static #line(context, image, size) {
    const probe = document.createElement("canvas");
    probe.width = probe.height = 1;
    const corner = probe.getContext("2d");
    corner.drawImage(image, 0, 0);
    if (`rgb(${[...corner.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(", ")})` !== GRID_LINE) return;
    const width = Math.max(1, Math.round(size / 48));
    context.fillStyle = GRID_LINE;
    context.fillRect(0, 0, size, width);
    context.fillRect(0, 0, width, size);
  }
}
