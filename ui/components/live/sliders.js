/** Sliders over the axes of a basis; under each its strip: what the picture becomes along it. */

import { make } from "./elements.js";
import { showBitmap } from "./grids.js";

/** @typedef {import("./basis.js").Axis} Axis */

export const STRIP_PICTURES = 9;
const SHOWN = 8; // the rest fold away
const FINE_STEPS = 100; // of the arrow keys, over a slider's range; Page Up and Down go ten times as far

export class Sliders {
  /** @param {{onMove: (axis: Axis, value: number, event: Event) => void, onRelease: (byKey: boolean) => void}} calls */
  constructor(calls) {
    this.calls = calls;
    this.first = make("div", { className: "dimensions" });
    this.rest = make("div", { className: "dimensions" });
    this.summary = make("summary", {});
    this.more = make("details", { className: "more" }, this.summary, this.rest);
    this.element = make("div", { className: "sliders" }, this.first, this.more);
    this.more.addEventListener("toggle", () => this.onUnfold?.());
    /** @type {{axis: Axis, row: HTMLElement, input: HTMLInputElement, output: HTMLOutputElement,
     *  strip: HTMLCanvasElement}[]} */
    this.rows = [];
  }

  /** Make the sliders anew. @param {Axis[]} axes those that carry most first */
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
    const strip = make("canvas", { className: "strip", ariaHidden: "true", width: STRIP_PICTURES, height: 1 });
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
    /** @type {Record<string, number>} */
    const goals = {
      ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step,
      PageDown: value - 10 * step, PageUp: value + 10 * step, Home: low, End: high,
    };
    const goal = goals[event.key];
    if (goal === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.calls.onMove(axis, Math.min(high, Math.max(low, goal)), event);
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

  /** Those that can be seen, for their strips. */
  visible() {
    return this.more.open ? this.rows : this.rows.filter(({ row }) => row.parentElement === this.first);
  }

  /**
   * The codes of a strip: along its axis at the middles of its pictures, with all else as it is.
   * @param {{axis: Axis, input: HTMLInputElement}} row @param {Float32Array} code
   */
  static stripCodes({ axis, input }, code) {
    const codes = new Float32Array(STRIP_PICTURES * code.length);
    const [low, high] = [Number(input.min), Number(input.max)];
    const now = axis.value(code);
    for (let at = 0; at < STRIP_PICTURES; at++) {
      const part = codes.subarray(at * code.length, (at + 1) * code.length);
      part.set(code);
      axis.move(part, low + ((high - low) * (at + 0.5)) / STRIP_PICTURES - now);
    }
    return codes;
  }

  /** @param {HTMLCanvasElement} strip @param {ImageBitmap} bitmap */
  static showStrip(strip, bitmap) {
    showBitmap(strip, bitmap);
  }
}
