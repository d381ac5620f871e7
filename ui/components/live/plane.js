/** The live view of Generate's plane: all of a two-dimensional latent space, and the picture under the cursor. */

import { make } from "./elements.js";
import { Grids, showBitmap } from "./grids.js";
import { Pace } from "./pace.js";
import { Screen } from "./screen.js";
import { heldDecoder, onDecoder } from "./store.js";

const KEY_WAIT = 150; // milliseconds after the last key until the server is told

/**
 * What the server says.
 * @typedef {object} PlaneData
 * @property {[number[], number[]]} axes the numbers at the middles of the cells, rising: across and up
 * @property {[number, number]} code the shared point @property {number|null} label
 * @property {number} serial of the last move from here that the server knows
 * @property {string} source what a point that is picked here is called
 * @property {string[]} arriving @property {string[]} decoders
 */

export class Plane {
  /** @param {ParentNode & Node} root */
  constructor(root) {
    this.serial = 0;
    /** Whether the point has moved and the server has not been told yet. */
    this.pending = false;
    this.frame = 0;
    this.pace = new Pace();
    this.point = [0, 0];
    /** @type {number[]|null} where the pointer hovers */
    this.hover = null;
    this.field = make("canvas", { className: "field", ariaHidden: "true", width: 1, height: 1 });
    this.dot = make("div", { className: "dot" });
    this.surface = make("div", {
      className: "surface", tabIndex: 0, role: "application",
      ariaLabel: "Plane of the two numbers: move the point with the arrow keys",
    }, this.field, this.dot);
    this.screen = new Screen("main-picture");
    this.element = make("div", { className: "plane" }, this.surface, this.screen.element);
    this.#listen();
    root.append(this.element);
    this.grids = new Grids("auto");
    this.unlisten = onDecoder(() => this.#begin());
  }

  #listen() {
    this.surface.addEventListener("pointermove", (event) => this.#hovered(event));
    this.surface.addEventListener("pointerleave", () => {
      this.hover = null;
      this.#schedule();
    });
    this.surface.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.surface.focus({ preventScroll: true });
      this.surface.setPointerCapture(event.pointerId);
      this.#hovered(event);
    });
    this.surface.addEventListener("pointerup", (event) => {
      this.#hovered(event);
      this.point = this.hover ?? this.point;
      this.#tell();
    });
    this.surface.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {any} component what Streamlit calls a component with */
  update(component) {
    this.component = component;
    /** @type {PlaneData} */
    this.data = component.data;
    if (!this.pending && this.data.serial >= this.serial) {
      this.serial = this.data.serial;
      this.point = this.data.code;
    }
    const missing = this.data.decoders.filter((key) => !heldDecoder(key) && !this.data.arriving.includes(key));
    if (missing.length) component.setTriggerValue("missing", missing);
    this.#begin();
  }

  #begin() {
    const decoder = this.data && heldDecoder(this.data.decoders[0]);
    if (!decoder) return;
    this.screen.use(decoder, "auto");
    const look = JSON.stringify([decoder.key, this.data.axes, this.data.label]);
    if (look !== this.look) {
      this.look = look;
      this.grids.ask("the plane", decoder, this.#cells(), this.data.axes[0].length, this.#label(),
        (bitmap) => showBitmap(this.field, bitmap));
    }
    this.#schedule();
  }

  #label() {
    return heldDecoder(this.data.decoders[0]).classes ? (this.data.label ?? 0) : null;
  }

  /** The codes of all cells, row by row from the top. */
  #cells() {
    const [across, up] = this.data.axes;
    return Float32Array.from([...up].reverse().flatMap((second) => across.flatMap((first) => [first, second])));
  }

  /** The code at a place, given as shares of the plane: between the cells' middles as far as it lies between them. */
  #codeAt(/** @type {number[]} */ shares) {
    return this.data.axes.map((values, axis) => {
      const cell = Math.min(values.length - 1, Math.max(0, shares[axis] * values.length - 0.5));
      const before = Math.min(values.length - 2, Math.floor(cell));
      return values[before] + (cell - before) * (values[before + 1] - values[before]);
    });
  }

  /** Where a code lies, as shares of the plane. */
  #placeOf(/** @type {number[]} */ code) {
    return this.data.axes.map((values, axis) => {
      const above = values.findIndex((value) => value >= code[axis]);
      if (above < 0) return 1 - 0.5 / values.length;
      if (above === 0) return 0.5 / values.length;
      const share = (code[axis] - values[above - 1]) / (values[above] - values[above - 1]);
      return (above - 1 + share + 0.5) / values.length;
    });
  }

  #hovered(/** @type {PointerEvent} */ event) {
    if (!this.data) return;
    const box = this.surface.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    this.hover = this.#codeAt(shares);
    this.pace.moved(event.timeStamp);
    this.#schedule();
  }

  #key(/** @type {KeyboardEvent} */ event) {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const fine = event.shiftKey ? 1 : 4; // parts of a cell
    const place = this.#placeOf(this.point).map((share, axis) => share + step[axis] / fine / this.data.axes[axis].length);
    this.hover = null;
    this.point = this.#codeAt(place);
    this.pending = true;
    this.pace.moved(event.timeStamp);
    this.#schedule();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tell(), KEY_WAIT);
  }

  #tell() {
    clearTimeout(this.timer);
    this.pending = false;
    this.point = this.point.map((number) => Math.round(number * 1000) / 1000);
    this.serial += 1;
    this.component.setStateValue("moved", {
      decoder: this.data.decoders[0], serial: this.serial, code: this.point, label: this.data.label,
      source: this.data.source,
    });
  }

  #schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.frame = 0;
    if (!this.screen.engine) return;
    const start = performance.now();
    const code = this.hover ?? this.point;
    this.screen.draw(Float32Array.from(code), this.#label());
    const [across, up] = this.#placeOf(code);
    this.dot.style.left = `${100 * across}%`;
    this.dot.style.top = `${100 * (1 - up)}%`;
    const words = `z0 at ${code[0].toFixed(2)}, z1 at ${code[1].toFixed(2)}`;
    this.screen.name(`Picture decoded from ${words}`, words);
    this.surface.setAttribute("aria-description", words);
    this.pace.drawn(performance.now() - start);
  }

  /** Let all go; the page has been left. */
  close() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.unlisten();
    this.grids.close();
    this.element.remove();
  }
}
