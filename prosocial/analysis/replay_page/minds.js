"use strict";

// What minds believe: a bar for each hypothesis, for all targets of one observer.

const MOST_BARS = 10;

class MindBars {
  /** @param {Episode} episode - One whose posteriors were recorded. */
  constructor(episode) {
    this.episode = episode;
    this.step = 0;
    this.observer = 0;
    const { observers } = episode.head.minds;
    this.body = element("div", { class: "targets" });
    const heading = element("h2", {}, "What the mind believes");
    const head = element("div", { class: "card-head" }, heading);
    if (observers.length > 1) head.append(this.#chooser(observers));
    this.node = element("section", { class: "card minds", "aria-label": "Posteriors of minds" },
      head, this.body);
    this.#build();
  }

  #chooser(observers) {
    const options = observers.map((name, place) => element("option", { value: String(place) }, name));
    const select = element("select", {}, ...options);
    select.addEventListener("change", () => {
      this.observer = Number(select.value);
      this.#build();
      this.show(this.step);
    });
    return element("label", { class: "choice" }, "Observer ", select);
  }

  #build() {
    const { targets } = this.episode.head.minds;
    this.groups = targets.map((name, target) => this.#group(name, target));
    this.body.replaceChildren(...this.groups.map((group) => group.node));
  }

  /** Returns the bars of a target; of many hypotheses only those that ever get likely. */
  #group(name, target) {
    const { names } = this.episode.head.minds;
    const picked = this.#pick(target, names.length);
    const bars = picked.map((place) => this.#bar(names[place], place));
    const rest = names.length - picked.length;
    if (rest) bars.push(this.#bar(`${rest} others`, null));
    const list = element("ul", { class: "bars" }, ...bars.map((bar) => bar.node));
    return { target, picked, bars, node: element("div", {}, element("h3", {}, `about ${name}`), list) };
  }

  #pick(target, total) {
    const all = Array.from({ length: total }, (_, place) => place);
    if (total <= MOST_BARS) return all;
    const peaks = new Float64Array(total);
    for (let step = 0; step <= this.episode.steps; step += 1) {
      const believed = this.episode.posterior(step, this.observer, target);
      believed.forEach((share, place) => { peaks[place] = Math.max(peaks[place], share); });
    }
    all.sort((one, other) => peaks[other] - peaks[one] || one - other);
    return all.slice(0, MOST_BARS - 1).sort((one, other) => one - other);
  }

  #bar(name, place) {
    const fill = element("span", { class: "fill" });
    const number = element("span", { class: "number" });
    const words = name.replaceAll("_", " ");
    const label = element("span", { class: "name", title: words }, words);
    const track = element("span", { class: "track", "aria-hidden": "true" }, fill);
    return { place, fill, number, node: element("li", {}, label, track, number) };
  }

  show(step) {
    this.step = step;
    for (const { target, picked, bars } of this.groups) {
      const believed = this.episode.posterior(step, this.observer, target);
      const most = Math.max(...believed);
      const rest = 1 - picked.reduce((sum, place) => sum + believed[place], 0);
      for (const { place, fill, number, node } of bars) {
        const share = place === null ? Math.max(rest, 0) : believed[place];
        fill.style.transform = `scaleX(${share})`;
        number.textContent = `${(100 * share).toFixed(share < 0.0995 && share > 0 ? 1 : 0)} %`;
        node.classList.toggle("likeliest", place !== null && share === most);
      }
    }
  }
}
