/** The parameters of the map, under it: dragging shows precomputed maps at once, releasing asks the server. */

import { make } from "../elements.js";

/** @typedef {import("./props.js").Parameter} Parameter */

const KEYS_REST = 400; // milliseconds after the last key until a value counts as chosen

export class ParameterSliders {
  /** Whether a visitor is moving one. */
  moving = false;
  /** @type {number|undefined} */
  timer;

  /**
   * @param {HTMLElement} root
   * @param {(values: Record<string, number>) => void} onMove @param {(values: Record<string, number>) => void} onRelease
   */
  constructor(root, onMove, onRelease) {
    this.root = root;
    this.onMove = onMove;
    this.onRelease = onRelease;
    /** @type {Parameter[]} */
    this.parameters = [];
  }

  /** @param {Parameter[]} parameters */
  show(parameters) {
    if (this.moving || JSON.stringify(parameters) === JSON.stringify(this.parameters)) return;
    const same = parameters.map(({ name }) => name).join() === this.parameters.map(({ name }) => name).join();
    this.parameters = parameters;
    if (!same) this.root.replaceChildren(...parameters.map((parameter) => this.#build(parameter)));
    parameters.forEach((parameter, position) => this.#update(parameter, this.root.children[position]));
  }

  #build(/** @type {Parameter} */ parameter) {
    const range = make("input", { type: "range", min: "0", step: "1" });
    const output = make("output");
    range.oninput = () => {
      this.moving = true;
      this.#showValue(range, output, parameter.name);
      this.onMove(this.values());
    };
    let byKey = false;
    range.onkeydown = () => (byKey = true);
    range.onpointerdown = () => (byKey = false);
    range.onchange = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.moving = false;
        this.onRelease(this.values());
      }, byKey ? KEYS_REST : 0);
    };
    const title = "The dots are maps that are ready; others are computed when you let go";
    return make("label", { className: "parameter" },
      make("span", {}, parameter.label), make("span", { className: "track", title }, range), output);
  }

  #update(/** @type {Parameter} */ { name, values, value, ready }, /** @type {Element} */ row) {
    const range = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    range.max = String(values.length - 1);
    range.value = String(Math.max(0, values.indexOf(value)));
    /** @type {HTMLElement} */ (range.parentElement).style.background = ticks(values, ready);
    this.#showValue(range, /** @type {HTMLOutputElement} */ (row.querySelector("output")), name);
  }

  #showValue(/** @type {HTMLInputElement} */ range, /** @type {HTMLOutputElement} */ output, /** @type {string} */ name) {
    const { values, ready } = /** @type {Parameter} */ (this.parameters.find((parameter) => parameter.name === name));
    const value = values[Number(range.value)];
    output.textContent = `${value}`;
    range.setAttribute("aria-valuetext", ready.includes(value) ? `${value}` : `${value}, to be computed`);
  }

  /** The value of each parameter, as the sliders stand. */
  values() {
    return Object.fromEntries(
      this.parameters.map(({ name, values }, position) => {
        const range = /** @type {HTMLInputElement} */ (this.root.children[position].querySelector("input"));
        return [name, values[Number(range.value)]];
      }),
    );
  }
}

/** Dots under the values that are ready, as a CSS background of the track. @param {number[]} values @param {number[]} ready */
function ticks(values, ready) {
  const place = (/** @type {number} */ value) => `${(100 * values.indexOf(value)) / Math.max(1, values.length - 1)}%`;
  const dots = ready.filter((value) => values.includes(value)).map(
    (value) => `radial-gradient(circle, currentColor 1.8px, transparent 2.4px) ${place(value)} 100% / 16px 5px no-repeat`,
  );
  return dots.join(", ") || "none";
}
