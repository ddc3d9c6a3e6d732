"use strict";

// The socket to the server: comes back after a drop, and loses no press that was not acknowledged.

const PROTOCOL_VERSION = 1; // of prosocial.play.session.protocol
const PING_SECONDS = 10;
const SILENT_SECONDS = 25; // without an answer the socket is taken for dead
const RESEND_SECONDS = 3;
const FIRST_WAIT = 0.4; // seconds before the first attempt to come back, doubled with each
const LONGEST_WAIT = 5;
const PATIENCE = 30; // seconds after which the server is taken for gone
const FINAL_CODES = [1001, 1008, 1013]; // of a socket that the server closed for good

/** Returns the time as the log takes it: ms since 1970, to parts of a millisecond. */
function clientTime() {
  return performance.timeOrigin + performance.now();
}

class Connection {
  #socket = null;
  #timer = null; // of the next attempt
  #attempts = 0;
  #lost = null; // when the connection was lost, in ms of performance.now()
  #heard = 0; // when the server last said something
  #said = 0; // when this page last did
  #seated = false;
  #ended = false; // nothing more is to be said
  #pending = new Map(); // id -> {message, sent}: presses that were not acknowledged
  // From the clock, so that a person who takes over a seat uses none of the former one's numbers.
  #lastId = Date.now() * 1000;

  /**
   * @param {(message: object) => void} hear - Called with each message of the server.
   * @param {(state: string, detail: string) => void} report - Called with "connecting", "connected",
   *   "lost" (it is tried again) or "gone" (it is not), and words.
   */
  constructor(hear, report) {
    this.hear = hear;
    this.report = report;
    this.address = new URL("socket", location.href);
    this.address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    setInterval(() => this.#beat(), 1000);
    window.addEventListener("online", () => this.#hurry());
  }

  /** Opens the socket; after `gone` it begins anew. */
  open() {
    this.#ended = false;
    this.#lost = performance.now();
    this.report("connecting", "Connecting …");
    this.#connect();
  }

  /** Sends a message that needs no acknowledgement. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#said = performance.now();
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends what a person did until it is acknowledged; the server counts each id once. */
  press(message) {
    const id = ++this.#lastId;
    const numbered = { ...message, id, time: clientTime() };
    this.#pending.set(id, { message: numbered, sent: performance.now() });
    if (this.#seated) this.send(numbered);
    return id;
  }

  /** Says nothing more: the session is over for this page. */
  end() {
    this.#ended = true;
  }

  /** The key with which this tab takes its seat again; it is kept for the tab alone. */
  get key() {
    try {
      return sessionStorage.getItem(`seat ${location.pathname}`);
    } catch {
      return null; // storage is switched off: a reload then loses the seat
    }
  }

  set key(value) {
    try {
      if (value === null) sessionStorage.removeItem(`seat ${location.pathname}`);
      else sessionStorage.setItem(`seat ${location.pathname}`, value);
    } catch {
      // As above.
    }
  }

  #connect() {
    this.#timer = null;
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    this.#heard = performance.now();
    socket.addEventListener("open", () => {
      this.send({ type: "hello", version: PROTOCOL_VERSION, key: this.key });
    });
    socket.addEventListener("message", (event) => this.#receive(socket, event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event));
  }

  #receive(socket, text) {
    if (socket !== this.#socket) return;
    this.#heard = performance.now();
    const message = JSON.parse(text);
    if (message.type === "welcome") this.#welcomed(message);
    if (message.type === "seated") this.#sit(message.key);
    if (message.type === "over" || message.type === "gone") this.#ended = true;
    // A press that was sent twice is answered twice; the person is told once.
    if (message.type === "ack" && !this.#pending.has(message.id)) return;
    if (["ack", "error"].includes(message.type)) this.#pending.delete(message.id);
    if (message.type !== "pong") this.hear(message);
  }

  #welcomed(message) {
    this.#attempts = 0;
    this.#lost = null;
    if (!message.back) {
      this.key = null;
      this.#pending.clear(); // what was pressed in a seat that is lost is for no other seat
    }
    this.report("connected", "Connected");
  }

  #sit(key) {
    this.key = key;
    this.#seated = true;
    for (const [, entry] of this.#pending) this.#resend(entry);
  }

  #resend(entry) {
    entry.sent = performance.now();
    this.send(entry.message);
  }

  #closed(socket, event) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#seated = false;
    if (this.#ended) return;
    if (FINAL_CODES.includes(event.code)) {
      this.#give(event.reason || "The server has closed the connection.");
      return;
    }
    this.#lost ??= performance.now();
    const gone = (performance.now() - this.#lost) / 1000;
    if (gone > PATIENCE) {
      this.#give("The server does not answer. It was stopped, or the network is down.");
      return;
    }
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts) * (0.75 + Math.random() / 2);
    this.#attempts += 1;
    this.report("lost", "Connection lost, trying again …");
    this.#timer = setTimeout(() => this.#connect(), wait * 1000);
  }

  #give(words) {
    this.#ended = true;
    this.report("gone", words);
  }

  #hurry() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** Once a second: asks for a sign of life, repeats what was not acknowledged. */
  #beat() {
    const now = performance.now();
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (now - this.#heard > SILENT_SECONDS * 1000) {
      const dead = this.#socket;
      dead.close();
      this.#closed(dead, { code: 1006, reason: "" });
      return;
    }
    if (now - this.#said > PING_SECONDS * 1000) this.send({ type: "ping", time: clientTime() });
    if (!this.#seated) return;
    for (const [, entry] of this.#pending) {
      if (now - entry.sent > RESEND_SECONDS * 1000) this.#resend(entry);
    }
  }
}
