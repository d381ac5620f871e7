/** The workbench's left column: the decoded image or images, labels, typicality, and the buttons that move the point. */

import { make } from "../elements.js";
import { Screen } from "./screen.js";

/**
 * @typedef {object} StageActions
 * @property {() => void} random @property {() => void} centre @property {() => void} play
 * @property {(name: "undo"|"redo"|"real") => void} request something that only the server can do
 * @property {(label: number) => void} setLabel
 */

export class Stage {
  /** @param {StageActions} actions */
  constructor(actions) {
    this.actions = actions;
    this.screens = /** @type {const} */ ([new Screen("main-picture"), new Screen("main-picture")]);
    this.labels = make("div", { className: "labels", role: "group" });
    this.gauge = make("meter", { min: 0, max: 1, low: 0.05, high: 0.95, optimum: 0.5, ariaLabel: "Typicality" });
    this.gaugeText = make("span", { className: "gauge-text" });
    this.buttons = {
      random: button("Random", "R", actions.random),
      centre: button("Zero", "0", actions.centre),
      undo: button("Undo", "Z", () => actions.request("undo")),
      redo: button("Redo", "", () => actions.request("redo")),
      real: button("Real image", "", () => actions.request("real")),
      play: button("Play", "P", actions.play),
    };
    this.speed = make("p", { className: "pace", hidden: true });
    this.element = make("div", { className: "stage" },
      make("div", { className: "screens" }, ...this.screens.map(({ element }) => element)),
      this.labels,
      make("div", { className: "typical" }, this.gauge, this.gaugeText),
      make("div", { className: "commands", role: "toolbar", ariaLabel: "Move the point" },
        ...Object.values(this.buttons).map(({ element }) => element)),
      this.speed);
  }

  /** Whether a second model is shown beside the first. */
  get isDouble() {
    return !this.screens[1].element.hidden;
  }

  /**
   * @param {import("./unpack.js").Decoder} decoder @param {import("./unpack.js").Decoder|undefined} other beside it
   * @param {import("./engine.js").EngineChoice} engine
   */
  use(decoder, other, engine) {
    this.screens[0].use(decoder, engine);
    if (other) this.screens[1].use(other, engine);
    this.screens[1].element.hidden = !other;
  }

  /** @param {string[]} names of a conditional model's labels @param {string} title what they are for */
  buildLabels(names, title) {
    this.labels.hidden = !names.length;
    this.labels.ariaLabel = title;
    this.labels.replaceChildren(...names.map((name, label) => button(name, "", () => this.actions.setLabel(label)).element));
  }

  /** @param {Float32Array} code @param {number|null} label */
  draw(code, label) {
    for (const screen of this.screens) if (!screen.element.hidden) screen.draw(code, label);
    for (const [at, element] of [...this.labels.children].entries()) element.ariaPressed = String(at === label);
  }

  /** @param {number} share of a distribution that lies nearer its centre @param {string} distribution in words */
  showTypicality(share, distribution) {
    this.gauge.value = share;
    this.gaugeText.textContent = `Farther from the centre than ${(100 * share).toFixed(1)} % of ${distribution}`;
  }

  /** @param {boolean} playing */
  showPlaying(playing) {
    this.buttons.play.text.textContent = playing ? "Stop" : "Play";
    this.buttons.play.element.ariaPressed = String(playing);
  }

  /** Say what the images show, for those who cannot see them. @param {string} words @param {string[]} models */
  describe(words, models) {
    this.screens[0].name(`Image decoded from ${words}`, this.isDouble ? models[0] : "");
    if (this.isDouble) this.screens[1].name(`Image decoded by ${models[1]} from ${words}`, models[1]);
  }
}

/** @param {string} words @param {string} key that does the same, if there is one @param {() => void} act */
function button(words, key, act) {
  const text = make("span", {}, words);
  const element = make("button", { type: "button", title: key ? `${words} (key ${key})` : words }, text);
  if (key) {
    element.setAttribute("aria-keyshortcuts", key);
    element.append(make("kbd", { ariaHidden: "true" }, key));
  }
  element.addEventListener("click", act);
  return { element, text };
}
