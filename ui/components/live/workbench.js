/** The live view of the page Explore: image, sliders, pad and buttons. The server hears of it on release. */

import { Frame, make } from "../elements.js";
import { AxisSliders, STRIP_IMAGES } from "./axis_sliders.js";
import { axesOf } from "./basis.js";
import { heldDecoder, onDecoder } from "./decoders.js";
import { sampleCode, typicality } from "./distribution.js";
import { Grids } from "./grids.js";
import { Pace } from "./pace.js";
import { FIELD_SIDE, Pad } from "./pad.js";
import { onShortcut } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { Traversal } from "./traversal.js";

/** @typedef {import("./basis.js").Axis} Axis @typedef {import("./unpack.js").Decoder} Decoder */
/** @typedef {import("./props.js").WorkbenchProps} WorkbenchProps @typedef {import("./host.js").Host} Host */

const KEY_PAUSE = 150; // milliseconds after the last key before the server hears of it
const DIGITS = 1000; // a code in the address has three, and what is shown is what the link shows
const SLIM = 560; // CSS pixels, below which everything stands in one column
const NARROW = 820; // and below which the pad stands under the image
const PACE_PAUSE = 250; // milliseconds between two reports of the pace

export class WorkbenchView {
  /** @type {Float32Array} */
  code = new Float32Array();
  /** @type {number|null} */
  label = null;
  serial = 0;
  source = "";
  /** Whether something has moved here that the server does not know yet. */
  pending = false;
  /** When the last frame was drawn. */
  drawn = 0;
  look = "";
  pace = new Pace();
  /** @type {Axis[]} */
  axes = [];
  /** @type {Grids|null} */
  grids = null;
  /** @type {string[]} keys of the decoders */
  decoders = [];
  /** @type {WorkbenchProps|null} */
  props = null;
  /** @type {Host|null} */
  host = null;
  /** @type {number|undefined} */
  timer;

  /** @param {Node} root */
  constructor(root) {
    this.frame = new Frame(() => this.#draw());
    this.stage = new Stage({
      random: () => this.#random(), centre: () => this.#centre(), play: () => this.#play(),
      request: (name) => this.#request(name), setLabel: (label) => this.#setLabel(label),
    });
    this.sliders = new AxisSliders({
      onMove: (axis, value, event) => this.#move([[axis, value]], event),
      onRelease: (byKey) => this.#release(byKey),
      onUnfold: () => this.frame.request(),
    });
    this.pad = new Pad({
      onMove: (changes, event) => this.#move(changes, event),
      onRelease: (byKey) => this.#release(byKey),
      onAxes: (names) => {
        this.frame.request();
        this.host?.setState("pad", names);
      },
    });
    this.element = make("div", { className: "workbench" }, this.stage.element, this.sliders.element, this.pad.element);
    root.appendChild(this.element);
    this.traversal = new Traversal((code) => this.#traverseTo(code), () => this.#sample());
    this.endings = [onDecoder(() => this.#begin()), onShortcut((key) => this.#actionOf(key))];
    this.reporter = setInterval(() => this.#showPace(), PACE_PAUSE);
    this.sizes = new ResizeObserver(([{ contentRect }]) => {
      this.element.classList.toggle("slim", contentRect.width < SLIM);
      this.element.classList.toggle("narrow", contentRect.width >= SLIM && contentRect.width < NARROW);
    });
    this.sizes.observe(this.element);
  }

  /** The decoder of the current model, once it has come. */
  get decoder() {
    return heldDecoder(this.decoders[0]);
  }

  // --- what the server says ---

  /** @param {WorkbenchProps} props @param {string[]} decoders @param {Host} host */
  update(props, decoders, host) {
    const otherModel = this.decoders[0] !== decoders[0];
    Object.assign(this, { props, decoders, host });
    this.serial = Math.max(this.serial, props.serial);
    const isAhead = this.pending || this.traversal.running || props.serial < this.serial;
    if (!isAhead || otherModel) {
      this.code = Float32Array.from(props.code);
      this.label = props.label;
      this.source = props.source;
      this.pending = false;
    }
    this.#begin();
  }

  /** Show everything anew, as soon as the decoders are there. */
  #begin() {
    const { decoder, props, stage } = this;
    if (!decoder || !props) return;
    const { engine, compact, basis, labels, own, smooth } = props;
    stage.use(decoder, heldDecoder(this.decoders[1]), engine);
    this.element.classList.toggle("two", stage.isDouble);
    this.element.classList.toggle("smooth", smooth);
    this.element.classList.toggle("compact", compact);
    if (this.grids?.engine !== engine) {
      this.grids?.close();
      this.grids = new Grids(engine);
    }
    this.grids.keepOnly([decoder.key]);
    const look = JSON.stringify([decoder.key, basis, labels, own, compact]);
    if (look !== this.look) {
      this.look = look;
      this.axes = axesOf(decoder, basis, props);
      this.sliders.build(this.axes);
      this.pad.build(this.axes, props.pad);
      if (compact) this.pad.element.hidden = true;
      stage.buildLabels(labels, props.words.labels);
    }
    stage.buttons.centre.text.textContent = props.words.centre;
    stage.buttons.undo.element.disabled = !props.canUndo;
    stage.buttons.redo.element.disabled = !props.canRedo;
    stage.speed.hidden = !props.pace;
    this.frame.request();
  }

  // --- what the hand does ---

  #move(/** @type {[Axis, number][]} */ changes, /** @type {Event} */ event) {
    if (this.traversal.running) this.#play();
    for (const [axis, value] of changes) axis.move(this.code, value - axis.value(this.code));
    this.source = this.props?.words.handSource ?? "";
    this.pending = true;
    this.pace.moved(event.timeStamp);
    this.frame.request();
  }

  #release(/** @type {boolean} */ byKey) {
    clearTimeout(this.timer);
    if (byKey) this.timer = setTimeout(() => this.#tellServer(), KEY_PAUSE);
    else this.#tellServer();
  }

  /** Tell the server where the point is now. */
  #tellServer() {
    clearTimeout(this.timer);
    this.pending = false;
    this.code = this.code.map((value) => Math.round(value * DIGITS) / DIGITS);
    this.serial += 1;
    const { serial, label, source } = this;
    this.host?.setState("moved", { decoder: this.decoders[0], serial, code: Array.from(this.code), label, source });
    this.frame.request();
  }

  #goTo(/** @type {Float32Array} */ code, /** @type {string} */ source) {
    if (this.traversal.running) this.#play();
    this.code = code;
    this.source = source;
    this.pending = true;
    this.frame.request();
    this.#tellServer();
  }

  /** A random code; where there is no decoder yet, the code as it is. */
  #sample() {
    const { decoder, props } = this;
    return decoder && props ? sampleCode(decoder, props.variational, props.temperature) : this.code;
  }

  #random() {
    if (this.decoder && this.props) this.#goTo(this.#sample(), this.props.words.sampleSource);
  }

  #centre() {
    if (!this.decoder || !this.props) return;
    this.#goTo(Float32Array.from(this.decoder.extras.centre), this.props.words.centreSource);
  }

  #setLabel(/** @type {number} */ label) {
    this.label = label;
    this.pending = true;
    this.frame.request();
    if (!this.pad.dragging && !this.sliders.isHeld()) this.#tellServer(); // else at the end of the drag
  }

  /** Go to the next label, or to the one before. */
  #stepLabel(/** @type {number} */ step) {
    const count = this.props?.labels.length;
    if (count) this.#setLabel(((this.label ?? 0) + count + step) % count);
  }

  #play() {
    if (this.traversal.running) {
      this.traversal.stop();
      this.#tellServer();
    } else if (this.decoder && this.props) {
      this.traversal.start(this.code, this.props.variational);
      this.source = this.props.words.traversalSource;
    }
    this.stage.showPlaying(this.traversal.running);
  }

  #traverseTo(/** @type {Float32Array} */ code) {
    this.code = code;
    this.frame.request();
  }

  /** Something only the server can do. */
  #request(/** @type {string} */ name) {
    if (this.traversal.running) this.#play();
    this.host?.trigger("asked", name);
  }

  #actionOf(/** @type {string} */ key) {
    if (!this.grids) return undefined;
    /** @type {Record<string, () => void>} */
    const actions = {
      r: () => this.#random(), 0: () => this.#centre(), z: () => this.#request("undo"), p: () => this.#play(),
      l: () => this.#stepLabel(1), L: () => this.#stepLabel(-1),
    };
    return actions[key];
  }

  // --- drawing ---

  #draw() {
    const { decoder, props, grids } = this;
    if (!decoder || !props || !grids || this.code.length !== decoder.latent) return;
    const start = performance.now();
    const isMoving = this.pending || this.traversal.running;
    if (isMoving) grids.yieldTo(start - this.drawn);
    else grids.hurry();
    this.drawn = start;
    this.stage.draw(this.code, this.label);
    this.sliders.show(this.code);
    this.pad.show(this.code);
    this.stage.showTypicality(typicality(decoder, props.variational, this.code), props.words.distribution);
    this.pace.drawn(performance.now() - start);
    if (isMoving) dispatchEvent(new CustomEvent("latent-moved", { detail: { decoder: decoder.key, code: this.code } }));
    else this.#describe(props);
    this.#askForGrids(decoder, grids);
  }

  /** The strips and the pad's field, at leisure. */
  #askForGrids(/** @type {Decoder} */ decoder, /** @type {Grids} */ grids) {
    const label = decoder.classes ? this.label : null;
    for (const row of this.sliders.visible()) {
      grids.ask(row.axis.name, decoder, AxisSliders.stripCodes(row, this.code), STRIP_IMAGES, label,
        (bitmap) => AxisSliders.showStrip(row.strip, bitmap));
    }
    if (this.pad.element.hidden) return;
    grids.ask("the pad", decoder, this.pad.fieldCodes(this.code), FIELD_SIDE, label, (bitmap) => this.pad.showField(bitmap));
  }

  #describe(/** @type {WorkbenchProps} */ { labels, names }) {
    const label = labels[this.label ?? -1];
    this.stage.describe(`the current code: ${this.source}${label ? `, label ${label}` : ""}`, names);
  }

  #showPace() {
    const { speed, screens } = this.stage;
    if (speed.hidden || !screens[0].engine) return;
    const milliseconds = this.grids?.milliseconds;
    const grid = milliseconds ? ` · a grid ${milliseconds.toFixed(0)} ms, in the background` : "";
    speed.textContent = this.pace.text(screens[0].engine.kind) + grid;
  }

  /** Let all go; the page has been left. */
  close() {
    this.traversal.stop();
    if (this.pending) this.#tellServer();
    this.frame.cancel();
    clearTimeout(this.timer);
    clearInterval(this.reporter);
    this.sizes.disconnect();
    for (const end of this.endings) end();
    this.grids?.close();
    this.element.remove();
  }
}
