"use strict";

// The clock of the page: which step is shown, and how it goes on.

const SPEEDS = [0.5, 1, 2, 4, 8, 15, 30, 60]; // steps per second
const LONGEST_GAP = 250; // milliseconds; a page that was hidden does not catch up

class Player {
  /** @param {() => void} changed - Called when step, length, speed or whether it plays changed. */
  constructor(changed) {
    this.changed = changed;
    this.steps = 0;
    this.step = 0;
    this.playing = false;
    this.speed = 8;
    this.due = 0; // steps that time has brought and that were not shown yet
  }

  /** Takes an episode of another length, and pauses at a step of it. */
  load(steps, step = 0) {
    this.playing = false;
    this.steps = steps;
    this.step = Math.min(Math.max(step, 0), steps);
    this.changed();
  }

  play() {
    if (this.playing || this.steps === 0) return;
    if (this.step === this.steps) this.step = 0;
    this.playing = true;
    this.due = 0;
    this.last = performance.now();
    this.changed();
    requestAnimationFrame((now) => this.#tick(now));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.changed();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Goes to a step; what plays goes on from there. */
  seek(step) {
    const next = Math.min(Math.max(Math.round(step), 0), this.steps);
    if (next === this.step) return;
    this.step = next;
    this.changed();
  }

  /** Pauses and goes some steps on, or back. */
  move(steps) {
    this.playing = false;
    this.step = Math.min(Math.max(this.step + steps, 0), this.steps);
    this.changed();
  }

  /** Takes the next speed up (1) or down (-1). */
  changeSpeed(direction) {
    const place = SPEEDS.indexOf(this.speed) + direction;
    this.setSpeed(SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)]);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.changed();
  }

  /** Shows at most one step a picture, so that none is skipped. */
  #tick(now) {
    if (!this.playing) return;
    this.due += (Math.min(Math.max(now - this.last, 0), LONGEST_GAP) * this.speed) / 1000;
    this.last = now;
    if (this.due >= 1) {
      this.due = Math.min(this.due - 1, 1);
      this.step += 1;
      if (this.step >= this.steps) this.playing = false;
      this.changed();
    }
    if (this.playing) requestAnimationFrame((next) => this.#tick(next));
  }
}
