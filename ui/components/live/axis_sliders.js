/** Sliders over the axes of a basis; under each its strip: what the image becomes along it. */

import { make } from "../elements.js";
import { sliderGoal } from "../keyboard.js";
import { showBitmap } from "./grids.js";

/** @typedef {import("./basis.js").Axis} Axis */

export const STRIP_IMAGES = 9;
const SHOWN = 8; // the rest fold away
const FINE_STEPS = 100; // of the arrow keys, over a slider's range; Page Up and Down go ten times as far

export class AxisSliders {
  /**
   * @param {{onMove: (axis: Axis, value: number, event: Event) => void, onRelease: (byKey: boolean) => void,
   *   onUnfold: () => void}} calls onUnfold: the sliders that were folded away are shown
   */
  constructor(calls) {
    this.calls = calls;
    this.first = make("div", { className: "dimensions" });
    this.rest = make("div", { className: "dimensions" });
    this.summary = make("summary", {});
    this.more = make("details", { className: "more" }, this.summary, this.rest);
    this.element = make("div", { className: "sliders" }, this.first, this.more);
    this.more.addEventListener("toggle", () => calls.onUnfold());
    /** @type {{axis: Axis, row: HTMLElement, input: HTMLInputElement, output: HTMLOutputElement,
     *  strip: HTMLCanvasElement}[]} */
    this.rows = [];
  }

  /** Make new sliders. @param {Axis[]} axes those that carry most first */
  build(axes) {
    const active = axes.filter((axis) => axis.active).length;
    const shown = Math.min(SHOWN, Math.max(1, active));
    this.rows = axes.map((axis, rank) => this.#row(axis, rank));
    this.first.replaceChildren(...this.rows.slice(0, shown).map(({ row }) => row));
    this.rest.replaceChildren(...this.rows.slice(shown).map(({ row }) => row));
    const hidden = axes.length - shown;
    const dead = axes.slice(shown).filter((axis) => !axis.active).length;
    this.more.hidden = !hidden;
    this.summary.textContent = `${hidden} more${dead ? `, ${dead} of them inactive` : ""}`;
  }

  #row(/** @type {Axis} */ axis, /** @type {number} */ rank) {
    const input = make("input", { type: "range", min: "0", max: "1", step: "any" });
    const strip = make("canvas", { className: "strip", ariaHidden: "true", width: STRIP_IMAGES, height: 1 });
    const output = make("output", {});
    const mark = axis.active ? "" : "inactive";
    const label = make("span", { className: "axis", title: "Double-click the slider to bring it back to the centre" },
      make("span", { className: "rank" }, String(rank + 1)), axis.name,
      make("span", { className: "note" }, [axis.note, mark].filter(Boolean).join(" · ")));
    input.ariaLabel = [axis.name, axis.note, mark].filter(Boolean).join(", ");
    const row = make("div", { className: axis.active ? "dimension" : "dimension dead" },
      make("div", { className: "head" }, label, output), make("div", { className: "track" }, strip, input));
    input.addEventListener("input", (event) => this.calls.onMove(axis, Number(input.value), event));
    input.addEventListener("change", () => this.calls.onRelease(false));
    input.addEventListener("dblclick", (event) => {
      this.calls.onMove(axis, axis.rest, event);
      this.calls.onRelease(false);
    });
    input.addEventListener("keydown", (event) => this.#key(event, axis, input));
    return { axis, row, input, output, strip };
  }

  /** The same steps in every browser: arrows a hundredth of the range, Page Up and Down a tenth. */
  #key(/** @type {KeyboardEvent} */ event, /** @type {Axis} */ axis, /** @type {HTMLInputElement} */ input) {
    const [low, high, value] = [Number(input.min), Number(input.max), Number(input.value)];
    const step = (high - low) / FINE_STEPS;
    const goal = sliderGoal(event, { value, low, high, step, pageDown: value - 10 * step, pageUp: value + 10 * step });
    if (goal === null) return;
    event.preventDefault();
    this.calls.onMove(axis, goal, event);
    this.calls.onRelease(true);
  }

  /** Put the thumbs where a code lies; a slider widens for a code beyond its ends. @param {Float32Array} code */
  show(code) {
    for (const { axis, input, output } of this.rows) {
      const value = axis.value(code);
      const low = String(Math.min(axis.low, value));
      const high = String(Math.max(axis.high, value));
      if (input.min !== low) input.min = low;
      if (input.max !== high) input.max = high;
      input.value = String(value);
      const text = value.toFixed(2).replace(/^-(0\.00)$/, "$1");
      if (output.value !== text) {
        output.value = text;
        input.setAttribute("aria-valuetext", text);
      }
    }
  }

  /** Whether a hand is on one of them. */
  isHeld() {
    return this.rows.some(({ input }) => input.matches(":active"));
  }

  /** Those that can be seen, for their strips. */
  visible() {
    return this.more.open ? this.rows : this.rows.filter(({ row }) => row.parentElement === this.first);
  }

  /**
   * The codes of a strip: along its axis at the middles of its images, with everything else as it is.
   * @param {{axis: Axis, input: HTMLInputElement}} row @param {Float32Array} code
   */
  static stripCodes({ axis, input }, code) {
    const codes = new Float32Array(STRIP_IMAGES * code.length);
    const [low, high] = [Number(input.min), Number(input.max)];
    const now = axis.value(code);
    for (let at = 0; at < STRIP_IMAGES; at++) {
      const part = codes.subarray(at * code.length, (at + 1) * code.length);
      part.set(code);
      axis.move(part, low + ((high - low) * (at + 0.5)) / STRIP_IMAGES - now);
    }
    return codes;
  }

  /** @param {HTMLCanvasElement} strip @param {ImageBitmap} bitmap */
  static showStrip(strip, bitmap) {
    showBitmap(strip, bitmap);
  }
}
