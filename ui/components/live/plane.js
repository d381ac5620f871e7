/** The live view of Generate's plane: all of a two-dimensional latent space, and the image under the pointer. */

import { Frame, make, sharesOf } from "../elements.js";
import { ARROWS, hasModifier } from "../keyboard.js";
import { heldDecoder, onDecoder } from "./decoders.js";
import { Grids, showBitmap } from "./grids.js";
import { Pace } from "./pace.js";
import { Screen } from "./screen.js";

/** @typedef {import("./props.js").PlaneProps} PlaneProps */

const KEY_WAIT = 150; // milliseconds after the last key before the server hears of it

export class PlaneView {
  serial = 0;
  /** Whether the point has moved and the server has not heard of it yet. */
  pending = false;
  look = "";
  pace = new Pace();
  /** @type {number[]} */
  point = [0, 0];
  /** Where the pointer hovers. @type {number[]|null} */
  hover = null;
  /** @type {string[]} keys of the decoders */
  decoders = [];
  /** @type {PlaneProps|null} */
  props = null;
  /** @type {import("./host.js").Host|null} */
  host = null;
  /** @type {number|undefined} */
  timer;

  /** @param {Node} root */
  constructor(root) {
    this.frame = new Frame(() => this.#draw());
    this.field = make("canvas", { className: "field", ariaHidden: "true", width: 1, height: 1 });
    this.dot = make("div", { className: "dot" });
    this.surface = make("div", {
      className: "surface", tabIndex: 0, role: "application",
      ariaLabel: "Plane of the two latent dimensions: move the point with the arrow keys",
    }, this.field, this.dot);
    this.screen = new Screen("main-picture");
    this.element = make("div", { className: "plane" }, this.surface, this.screen.element);
    this.#listen();
    root.appendChild(this.element);
    this.grids = new Grids("auto");
    this.stopListening = onDecoder(() => this.#begin());
  }

  #listen() {
    this.surface.addEventListener("pointermove", (event) => this.#hover(event));
    this.surface.addEventListener("pointerleave", () => {
      this.hover = null;
      this.frame.request();
    });
    this.surface.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.surface.focus({ preventScroll: true });
      this.surface.setPointerCapture(event.pointerId);
      this.#hover(event);
    });
    this.surface.addEventListener("pointerup", (event) => {
      this.#hover(event);
      this.point = this.hover ?? this.point;
      this.#tellServer();
    });
    this.surface.addEventListener("keydown", (event) => this.#key(event));
  }

  get decoder() {
    return heldDecoder(this.decoders[0]);
  }

  /** @param {PlaneProps} props @param {string[]} decoders @param {import("./host.js").Host} host */
  update(props, decoders, host) {
    Object.assign(this, { props, decoders, host });
    if (!this.pending && props.serial >= this.serial) {
      this.serial = props.serial;
      this.point = props.code;
    }
    this.#begin();
  }

  #begin() {
    const { decoder, props } = this;
    if (!decoder || !props) return;
    this.screen.use(decoder, "auto");
    const look = JSON.stringify([decoder.key, props.axes, props.label]);
    if (look !== this.look) {
      this.look = look;
      this.grids.ask("the plane", decoder, cellsOf(props.axes), props.axes[0].length, this.#label(),
        (bitmap) => showBitmap(this.field, bitmap));
    }
    this.frame.request();
  }

  #label() {
    return this.decoder?.classes ? (this.props?.label ?? 0) : null;
  }

  #hover(/** @type {PointerEvent} */ event) {
    if (!this.props) return;
    this.hover = codeAt(this.props.axes, sharesOf(event, this.surface));
    this.pace.moved(event.timeStamp);
    this.frame.request();
  }

  #key(/** @type {KeyboardEvent} */ event) {
    const step = ARROWS[event.key];
    if (!step || hasModifier(event) || !this.props) return;
    event.preventDefault();
    const { axes } = this.props;
    const fine = event.shiftKey ? 1 : 4; // parts of a cell
    const shares = sharesOfCode(axes, this.point).map((share, axis) => share + step[axis] / fine / axes[axis].length);
    this.hover = null;
    this.point = codeAt(axes, shares);
    this.pending = true;
    this.pace.moved(event.timeStamp);
    this.frame.request();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tellServer(), KEY_WAIT);
  }

  #tellServer() {
    clearTimeout(this.timer);
    this.pending = false;
    this.point = this.point.map((value) => Math.round(value * 1000) / 1000);
    this.serial += 1;
    const { label, source } = this.props ?? {};
    this.host?.setState("moved", { decoder: this.decoders[0], serial: this.serial, code: this.point, label, source });
  }

  #draw() {
    if (!this.screen.engine || !this.props) return;
    const start = performance.now();
    const code = this.hover ?? this.point;
    this.screen.draw(Float32Array.from(code), this.#label());
    const [across, up] = sharesOfCode(this.props.axes, code);
    this.dot.style.left = `${100 * across}%`;
    this.dot.style.top = `${100 * (1 - up)}%`;
    const words = `z0 at ${code[0].toFixed(2)}, z1 at ${code[1].toFixed(2)}`;
    this.screen.name(`Image decoded from ${words}`, words);
    this.surface.setAttribute("aria-description", words);
    this.pace.drawn(performance.now() - start);
  }

  /** Let all go; the page has been left. */
  close() {
    this.frame.cancel();
    clearTimeout(this.timer);
    this.stopListening();
    this.grids.close();
    this.element.remove();
  }
}

/** The codes of all cells, row by row from the top. @param {PlaneProps["axes"]} axes */
const cellsOf = ([across, up]) =>
  Float32Array.from([...up].reverse().flatMap((second) => across.flatMap((first) => [first, second])));

/**
 * The code at shares of the plane: between the cells' middles as far as it lies between them.
 * @param {PlaneProps["axes"]} axes @param {number[]} shares
 */
function codeAt(axes, shares) {
  return axes.map((values, axis) => {
    const cell = Math.min(values.length - 1, Math.max(0, shares[axis] * values.length - 0.5));
    const before = Math.min(values.length - 2, Math.floor(cell));
    return values[before] + (cell - before) * (values[before + 1] - values[before]);
  });
}

/** Where a code lies, as shares of the plane. @param {PlaneProps["axes"]} axes @param {number[]} code */
function sharesOfCode(axes, code) {
  return axes.map((values, axis) => {
    const above = values.findIndex((value) => value >= code[axis]);
    if (above < 0) return 1 - 0.5 / values.length;
    if (above === 0) return 0.5 / values.length;
    const share = (code[axis] - values[above - 1]) / (values[above] - values[above - 1]);
    return (above - 1 + share + 0.5) / values.length;
  });
}
