/**
 * A slider that tells the server each value that the hand passes, one at a time: the next goes out when the last one
 * is answered.
 */

import { make } from "../elements.js";

/**
 * What the slider shows.
 * @typedef {object} SliderProps
 * @property {string} label
 * @property {string} help
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {number} value
 * @property {number} answer the number of the last message that the server has answered
 */

const LONGEST_SILENCE = 3000; // milliseconds without an answer after which the next value goes out all the same

/** @type {WeakMap<Node, Slider>} */
const sliders = new WeakMap();

/** @param {StreamlitComponent<SliderProps>} component */
export default function (component) {
  const { parentElement } = component;
  let slider = sliders.get(parentElement);
  if (!slider?.element.isConnected) sliders.set(parentElement, (slider = new Slider(parentElement)));
  slider.update(component);
}

class Slider {
  /** The number of the last message. */
  sent = 0;
  /** Whether its answer is still to come. */
  waiting = false;
  moving = false;
  /** What to send after the answer. @type {{value: number, moving: boolean}|null} */
  next = null;
  /** @type {StreamlitComponent<SliderProps>["setStateValue"]|undefined} */
  setStateValue;
  /** @type {number|undefined} */
  timer;

  /** @param {Node} root */
  constructor(root) {
    this.label = make("span");
    this.output = make("output");
    this.input = make("input", { type: "range" });
    this.input.addEventListener("input", () => this.#move(true));
    this.input.addEventListener("change", () => this.#move(false));
    // "change" is silent about a hand that lets go where it began
    this.input.addEventListener("pointerup", () => this.moving && this.#move(false));
    this.element = make("div", { className: "slider" },
      make("span", { className: "head" }, this.label, this.output), this.input);
    root.appendChild(this.element);
  }

  /** @param {StreamlitComponent<SliderProps>} component */
  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const { input } = this;
    this.label.textContent = data.label;
    this.element.title = data.help;
    input.ariaLabel = data.label;
    input.setAttribute("aria-description", data.help);
    Object.assign(input, { min: String(data.low), max: String(data.high), step: String(data.step) });
    if (this.waiting && data.answer !== this.sent) return; // the answer to an earlier one
    this.#answered();
    if (!this.moving && !this.waiting) input.value = String(data.value); // nobody's hand is on it
    this.#showValue();
  }

  #move(/** @type {boolean} */ moving) {
    this.moving = moving;
    this.#showValue();
    this.next = { value: Number(this.input.value), moving };
    if (!this.waiting) this.#send();
  }

  #send() {
    clearTimeout(this.timer);
    this.waiting = true;
    this.sent = Date.now(); // unlike that of any other message, of a former page as well
    this.setStateValue?.("moved", { ...this.next, sent: this.sent });
    this.next = null;
    this.timer = setTimeout(() => this.#answered(), LONGEST_SILENCE);
  }

  #answered() {
    clearTimeout(this.timer);
    this.waiting = false;
    if (this.next) this.#send();
  }

  #showValue() {
    const digits = (this.input.step.split(".")[1] ?? "").length;
    this.output.value = Number(this.input.value).toFixed(digits);
  }
}
