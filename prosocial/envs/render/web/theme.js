"use strict";

// Light, dark, or as the system has it. The style sheets take their colours from `color-scheme`.

const THEMES = ["auto", "light", "dark"];

class ThemeSwitch {
  /**
   * @param {HTMLButtonElement} button - Goes on to the next theme.
   * @param {() => void} changed - Called when colours have changed, for what is drawn on canvases.
   */
  constructor(button, changed = () => {}) {
    this.button = button;
    this.changed = changed;
    this.theme = "auto";
    button.addEventListener("click", () => this.choose(THEMES[(THEMES.indexOf(this.theme) + 1) % 3]));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.changed());
    this.choose("auto");
  }

  /** Switches to "auto", "light" or "dark". */
  choose(theme) {
    this.theme = theme;
    document.documentElement.style.colorScheme = theme === "auto" ? "light dark" : theme;
    document.documentElement.dataset.theme = theme;
    const name = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[theme];
    this.button.textContent = name;
    this.button.setAttribute("aria-label", `Colours: ${theme}`);
    this.changed();
  }
}
