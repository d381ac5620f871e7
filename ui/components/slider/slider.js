/**
 * A slider that tells the server each value that the hand passes, one at a time: the next goes out when the last one
 * is answered. All texts are set as text.
 */

const LONGEST_SILENCE = 3000; // milliseconds without an answer after which the next value goes out all the same

const sliders = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  let slider = sliders.get(parentElement);
  if (!slider?.element.isConnected) sliders.set(parentElement, (slider = new Slider(parentElement)));
  slider.update(component);
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class Slider {
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
    this.sent = 0; // number of the last message
    this.waiting = false; // for its answer
    this.next = null; // what to send then
    this.moving = false;
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const { input } = this;
    this.label.textContent = data.label;
    this.element.title = data.help;
    input.ariaLabel = data.label;
    input.ariaDescription = data.help;
    Object.assign(input, { min: data.low, max: data.high, step: data.step });
    if (this.waiting && data.answer !== this.sent) return; // the answer to an earlier one
    this.#answered();
    if (!this.moving && !this.waiting) input.value = data.value; // nobody's hand is on it
    this.#tell();
  }

  #move(moving) {
    this.moving = moving;
    this.#tell();
    this.next = { value: Number(this.input.value), moving };
    if (!this.waiting) this.#send();
  }

  #send() {
    clearTimeout(this.patience);
    this.waiting = true;
    this.sent = Date.now(); // unlike that of any other message, of a former page as well
    this.setStateValue("moved", { ...this.next, sent: this.sent });
    this.next = null;
    this.patience = setTimeout(() => this.#answered(), LONGEST_SILENCE);
  }

  #answered() {
    clearTimeout(this.patience);
    this.waiting = false;
    if (this.next) this.#send();
  }

  #tell() {
    const digits = (this.input.step.split(".")[1] ?? "").length;
    this.output.value = Number(this.input.value).toFixed(digits);
  }
}
