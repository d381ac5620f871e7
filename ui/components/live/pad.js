/** A plane over two axes: a point that is dragged, and behind it the images that are decoded there. */

import { make, sharesOf } from "../elements.js";
import { ARROWS, hasModifier } from "../keyboard.js";
import { showBitmap } from "./grids.js";

/** @typedef {import("./basis.js").Axis} Axis */

export const FIELD_SIDE = 8;
const PAD_STEPS = 50; // of the arrow keys, across the plane

export class Pad {
  /**
   * @param {{onMove: (changes: [Axis, number][], event: Event) => void, onRelease: (byKey: boolean) => void,
   *   onAxes: (names: [string, string]) => void}} calls
   */
  constructor(calls) {
    this.calls = calls;
    this.field = make("canvas", { className: "field", ariaHidden: "true", width: 1, height: 1 });
    this.dot = make("div", { className: "dot" });
    this.surface = make("div", { className: "surface", tabIndex: 0, role: "application" }, this.field, this.dot);
    const [across, up] = [this.#select("Across"), this.#select("Up")];
    this.selects = [across.select, up.select];
    this.element = make("div", { className: "pad" }, this.surface,
      make("div", { className: "axes" }, across.label, up.label));
    /** All of the basis. @type {Axis[]} */
    this.all = [];
    /** The two of the pad. @type {Axis[]} */
    this.axes = [];
    /** Their ends. @type {[number, number][]} */
    this.range = [];
    /** @type {Float32Array|null} */
    this.code = null;
    this.dragging = false;
    this.surface.addEventListener("pointerdown", (event) => this.#press(event));
    this.surface.addEventListener("pointermove", (event) => this.dragging && this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.surface.addEventListener(end, () => this.#lift());
    this.surface.addEventListener("keydown", (event) => this.#key(event));
  }

  #select(/** @type {string} */ word) {
    const select = make("select", { ariaLabel: `${word}: the pad's axis` });
    select.addEventListener("change", () => this.#chosen());
    return { select, label: make("label", {}, `${word} `, select) };
  }

  /** @param {Axis[]} axes all of the basis @param {string[]|null} names the two to begin with */
  build(axes, names) {
    this.all = axes;
    this.element.hidden = axes.length < 2;
    if (this.element.hidden) return;
    const find = (/** @type {number} */ at) => axes.find((axis) => axis.name === names?.[at]);
    const first = find(0) ?? axes[0];
    const second = find(1) ?? (first === axes[0] ? axes[1] : axes[0]);
    this.axes = first === second ? [axes[0], axes[1]] : [first, second];
    for (const [at, select] of this.selects.entries()) {
      select.replaceChildren(...axes.map(({ name }) => make("option", { value: name }, name)));
      select.value = this.axes[at].name;
    }
    this.#describe();
  }

  #describe() {
    const [across, up] = this.axes.map(({ name }) => name);
    this.surface.ariaLabel = `Pad over ${across} and ${up}: drag the point, or move it with the arrow keys`;
  }

  #chosen() {
    const names = /** @type {[string, string]} */ (this.selects.map((select) => select.value));
    if (names[0] === names[1]) names[1] = this.all.find(({ name }) => name !== names[0])?.name ?? names[0];
    this.build(this.all, names);
    this.calls.onAxes(names);
  }

  /** An axis's ends, wide enough for a code. @returns {[number, number]} */
  #ends(/** @type {Axis} */ axis, /** @type {Float32Array} */ code) {
    const value = axis.value(code);
    return [Math.min(axis.low, value), Math.max(axis.high, value)];
  }

  /** Put the point where a code lies. @param {Float32Array} code */
  show(code) {
    if (this.element.hidden) return;
    this.code = code;
    if (!this.dragging) this.range = this.axes.map((axis) => this.#ends(axis, code));
    const shares = this.axes.map((axis, at) => {
      const [low, high] = this.range[at];
      return (axis.value(code) - low) / (high - low);
    });
    this.dot.style.left = `${100 * shares[0]}%`;
    this.dot.style.top = `${100 * (1 - shares[1])}%`;
  }

  /** The codes of the field, row by row from the top. @param {Float32Array} code */
  fieldCodes(code) {
    const codes = new Float32Array(FIELD_SIDE ** 2 * code.length);
    const now = this.axes.map((axis) => axis.value(code));
    for (let cell = 0; cell < FIELD_SIDE ** 2; cell++) {
      const part = codes.subarray(cell * code.length, (cell + 1) * code.length);
      part.set(code);
      const shares = [((cell % FIELD_SIDE) + 0.5) / FIELD_SIDE, 1 - (Math.floor(cell / FIELD_SIDE) + 0.5) / FIELD_SIDE];
      for (const [at, axis] of this.axes.entries()) {
        const [low, high] = this.range[at];
        axis.move(part, low + (high - low) * shares[at] - now[at]);
      }
    }
    return codes;
  }

  /** @param {ImageBitmap} bitmap */
  showField(bitmap) {
    showBitmap(this.field, bitmap);
  }

  #press(/** @type {PointerEvent} */ event) {
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected, no page is scrolled
    this.surface.focus({ preventScroll: true });
    this.surface.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.#drag(event);
  }

  #drag(/** @type {PointerEvent} */ event) {
    this.#goTo(sharesOf(event, this.surface).map((share) => Math.min(1, Math.max(0, share))), event);
  }

  #lift() {
    if (!this.dragging) return;
    this.dragging = false;
    this.calls.onRelease(false);
  }

  #key(/** @type {KeyboardEvent} */ event) {
    const { code } = this;
    const step = ARROWS[event.key];
    if (!step || hasModifier(event) || !code) return;
    const far = event.shiftKey ? 5 : 1;
    event.preventDefault();
    const shares = this.axes.map((axis, at) => {
      const [low, high] = this.range[at];
      return Math.min(1, Math.max(0, (axis.value(code) - low) / (high - low) + (far * step[at]) / PAD_STEPS));
    });
    this.#goTo(shares, event);
    this.calls.onRelease(true);
  }

  #goTo(/** @type {number[]} */ shares, /** @type {Event} */ event) {
    const values = shares.map((share, at) => this.range[at][0] + share * (this.range[at][1] - this.range[at][0]));
    this.calls.onMove([[this.axes[0], values[0]], [this.axes[1], values[1]]], event);
  }
}
