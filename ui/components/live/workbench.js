/** The live view of the page Explore: picture, sliders, pad, commands. The server hears of it on release. */

import { axesOf } from "./basis.js";
import { drawCode, typicality } from "./chance.js";
import { make } from "./elements.js";
import { Grids } from "./grids.js";
import { FIELD_SIDE, Pad } from "./pad.js";
import { Pace } from "./pace.js";
import { Screen } from "./screen.js";
import { Sliders, STRIP_PICTURES } from "./sliders.js";
import { heldDecoder, onDecoder } from "./store.js";
import { Walk } from "./walk.js";

const KEY_PAUSE = 150; // milliseconds after the last key until the server is told
const DIGITS = 1000; // a code in the address has three, and what is shown is what the link shows
const SLIM = 560; // CSS pixels, below which all stands in one column
const NARROW = 820; // and below which the pad stands under the picture
const PACE_PAUSE = 250; // milliseconds between two reports of the pace

/**
 * What the server says.
 * @typedef {object} WorkbenchData
 * @property {string[]} decoders keys of the model's, and of another's beside it
 * @property {string[]} names of these models
 * @property {string[]} arriving decoders that come with this very message
 * @property {number[]} code @property {number|null} label @property {string} source where the code is from
 * @property {number} serial of the last move from here that the server knows
 * @property {string[]} labels of a conditional model
 * @property {boolean} variational @property {number} temperature
 * @property {import("./basis.js").BasisName} basis @property {string[]} attributes
 * @property {{name: string, step: number[]}[]} own directions that the visitor made
 * @property {"nats"|"share"} scoreUnit
 * @property {[string, string]|null} pad its axes' names
 * @property {boolean} smooth @property {boolean} pace whether to show it
 * @property {import("./engine.js").Wish} wish
 * @property {boolean} compact without a pad, for a narrow place beside something else
 * @property {boolean} canUndo @property {boolean} canRedo
 */

export class Workbench {
  /** @param {ParentNode & Node} root */
  constructor(root) {
    this.code = new Float32Array();
    /** @type {number|null} */
    this.label = null;
    this.serial = 0;
    this.source = "";
    /** Whether something has moved here that the server has not been told. */
    this.pending = false;
    this.frame = 0;
    /** When the last frame was painted. */
    this.painted = 0;
    this.pace = new Pace();
    this.#build();
    root.append(this.element);
    this.walk = new Walk((code) => this.#walkTo(code), () => this.#draw());
    this.unlisten = onDecoder(() => this.#begin());
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    addEventListener("keydown", this.onKey, true); // before Streamlit's own keys, of which R is one
    this.reporter = setInterval(() => this.#report(), PACE_PAUSE);
    this.sizes = new ResizeObserver(([{ contentRect }]) => {
      this.element.classList.toggle("slim", contentRect.width < SLIM);
      this.element.classList.toggle("narrow", contentRect.width >= SLIM && contentRect.width < NARROW);
    });
    this.sizes.observe(this.element);
  }

  #build() {
    this.screens = [new Screen("main-picture"), new Screen("main-picture")];
    this.sliders = new Sliders({
      onMove: (axis, value, event) => this.#move([[axis, value]], event),
      onRelease: (byKey) => this.#release(byKey),
    });
    this.sliders.onUnfold = () => this.#schedule();
    this.pad = new Pad({
      onMove: (changes, event) => this.#move(changes, event),
      onRelease: (byKey) => this.#release(byKey),
      onAxes: (names) => {
        this.#schedule();
        this.component.setStateValue("pad", names);
      },
    });
    this.labels = make("div", { className: "labels", role: "group", ariaLabel: "Label told to the decoder" });
    this.gauge = make("meter", { min: 0, max: 1, low: 0.05, high: 0.95, optimum: 0.5, ariaLabel: "Typicality" });
    this.gaugeText = make("span", { className: "gauge-text" });
    this.buttons = this.#makeButtons();
    this.speed = make("p", { className: "pace", hidden: true });
    this.element = make("div", { className: "workbench" },
      make("div", { className: "stage" },
        make("div", { className: "screens" }, ...this.screens.map(({ element }) => element)),
        this.labels,
        make("div", { className: "typical" }, this.gauge, this.gaugeText),
        make("div", { className: "commands", role: "toolbar", ariaLabel: "Move the point" },
          ...Object.values(this.buttons)),
        this.speed),
      this.sliders.element, this.pad.element);
  }

  #makeButtons() {
    const button = (/** @type {string} */ text, /** @type {string} */ key, /** @type {() => void} */ act) => {
      const made = make("button", { type: "button", title: key ? `${text} (key ${key})` : text }, text);
      if (key) {
        made.setAttribute("aria-keyshortcuts", key);
        made.append(make("kbd", { ariaHidden: "true" }, key));
      }
      made.addEventListener("click", act);
      return made;
    };
    return {
      random: button("Random", "R", () => this.#random()),
      zero: button("Zero", "0", () => this.#zero()),
      undo: button("Undo", "Z", () => this.#ask("undo")),
      redo: button("Redo", "", () => this.#ask("redo")),
      real: button("Real picture", "", () => this.#ask("real")),
      play: button("Play", "P", () => this.#play()),
    };
  }

  // --- what the server says ---------------------------------------------------------------------------------------

  /** @param {any} component what Streamlit calls a component with */
  update(component) {
    this.component = component;
    const before = this.data;
    /** @type {WorkbenchData} */
    this.data = component.data;
    this.serial = Math.max(this.serial, this.data.serial);
    const here = this.pending || this.walk.running || this.data.serial < this.serial;
    const another = before?.decoders[0] !== this.data.decoders[0];
    if (!here || another) {
      this.code = Float32Array.from(this.data.code);
      this.label = this.data.label;
      this.source = this.data.source;
      this.pending = false;
    }
    this.#askForMissing();
    this.#begin();
  }

  #askForMissing() {
    const missing = this.data.decoders.filter((key) => !heldDecoder(key) && !this.data.arriving.includes(key));
    if (missing.length) this.component.setTriggerValue("missing", missing);
  }

  /** Show all anew, as soon as the decoders are there. */
  #begin() {
    const decoder = this.data && heldDecoder(this.data.decoders[0]);
    if (!decoder) return;
    const { wish, compact, decoders, basis, labels, own, pad, smooth, variational } = this.data;
    const other = heldDecoder(decoders[1] ?? "");
    this.screens[0].use(decoder, wish);
    if (other) this.screens[1].use(other, wish);
    this.screens[1].element.hidden = !other;
    this.element.classList.toggle("two", Boolean(other));
    this.element.classList.toggle("smooth", smooth);
    if (this.grids?.wish !== wish) {
      this.grids?.close();
      this.grids = new Grids(wish);
    }
    this.grids.keepOnly([decoder.key]);
    this.element.classList.toggle("compact", compact);
    const look = JSON.stringify([decoder.key, basis, labels, own, compact]);
    if (look !== this.look) {
      this.look = look;
      this.axes = axesOf(decoder, basis, this.data);
      this.sliders.build(this.axes);
      this.pad.build(this.axes, pad);
      if (compact) this.pad.element.hidden = true;
      this.#buildLabels(labels);
    }
    this.buttons.zero.firstChild.textContent = variational ? "Zero" : "Mean";
    this.buttons.undo.disabled = !this.data.canUndo;
    this.buttons.redo.disabled = !this.data.canRedo;
    this.speed.hidden = !this.data.pace;
    this.#schedule();
  }

  #buildLabels(/** @type {string[]} */ labels) {
    this.labels.hidden = !labels.length;
    this.labels.replaceChildren(...labels.map((name, label) => {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => this.#setLabel(label));
      return button;
    }));
  }

  // --- what the hand does -----------------------------------------------------------------------------------------

  #move(/** @type {[import("./basis.js").Axis, number][]} */ changes, /** @type {Event} */ event) {
    if (this.walk.running) this.#play();
    for (const [axis, value] of changes) axis.move(this.code, value - axis.value(this.code));
    this.source = "moved by hand";
    this.pending = true;
    this.pace.moved(event.timeStamp);
    this.#schedule();
  }

  #release(/** @type {boolean} */ byKey) {
    clearTimeout(this.timer);
    if (byKey) this.timer = setTimeout(() => this.#tell(), KEY_PAUSE);
    else this.#tell();
  }

  /** Tell the server where the point is now. */
  #tell() {
    clearTimeout(this.timer);
    this.pending = false;
    this.code = this.code.map((number) => Math.round(number * DIGITS) / DIGITS);
    this.serial += 1;
    this.component.setStateValue("moved", {
      decoder: this.data.decoders[0], serial: this.serial, code: Array.from(this.code), label: this.label, source: this.source,
    });
    this.#schedule();
  }

  #goTo(/** @type {Float32Array} */ code, /** @type {string} */ source) {
    if (this.walk.running) this.#play();
    this.code = code;
    this.source = source;
    this.pending = true;
    this.#schedule();
    this.#tell();
  }

  #draw() {
    return drawCode(heldDecoder(this.data.decoders[0]), this.data.variational, this.data.temperature);
  }

  #random() {
    this.#goTo(this.#draw(), this.data.variational ? "a prior sample" : "a draw from a Gaussian fitted to the codes");
  }

  #zero() {
    const { centre } = heldDecoder(this.data.decoders[0]).extras;
    this.#goTo(Float32Array.from(centre), this.data.variational ? "the prior's centre" : "the mean of all codes");
  }

  #setLabel(/** @type {number} */ label) {
    this.label = label;
    this.pending = true;
    this.#schedule();
    if (!this.#handIsDown()) this.#tell();
  }

  /** Whether a drag is going on, at whose end the server is told anyway. */
  #handIsDown() {
    return this.pad.dragging || this.sliders.rows.some(({ input }) => input.matches(":active"));
  }

  #play() {
    if (this.walk.running) {
      this.walk.stop();
      this.#tell();
    } else {
      this.walk.start(this.code, this.data.variational);
      this.source = "a walk through the codes";
    }
    this.buttons.play.firstChild.textContent = this.walk.running ? "Stop" : "Play";
    this.buttons.play.ariaPressed = String(this.walk.running);
  }

  #walkTo(/** @type {Float32Array} */ code) {
    this.code = code;
    this.#schedule();
  }

  /** Something only the server can do. */
  #ask(/** @type {string} */ what) {
    if (this.walk.running) this.#play();
    this.component.setTriggerValue("asked", what);
  }

  #key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.grids) return;
    const target = event.composedPath()[0];
    if (target instanceof HTMLElement && target.matches("input:not([type=range]), textarea, select, [contenteditable]")) {
      return;
    }
    const count = this.data.labels.length;
    /** @type {Record<string, () => void>} */
    const acts = {
      r: () => this.#random(), 0: () => this.#zero(), z: () => this.#ask("undo"), p: () => this.#play(),
      l: () => count && this.#setLabel(((this.label ?? 0) + 1) % count),
      L: () => count && this.#setLabel(((this.label ?? 0) + count - 1) % count),
    };
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }

  // --- painting ---------------------------------------------------------------------------------------------------

  #schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.frame = 0;
    const decoder = this.data && heldDecoder(this.data.decoders[0]);
    if (!decoder || !this.axes || this.code.length !== decoder.latent) return;
    const start = performance.now();
    if (this.pending || this.walk.running) this.grids.yieldTo(start - this.painted);
    else this.grids.hurry();
    this.painted = start;
    for (const screen of this.screens) if (!screen.element.hidden) screen.draw(this.code, this.label);
    this.sliders.show(this.code);
    this.pad.show(this.code);
    this.#showTypicality(decoder);
    this.#showLabel();
    this.pace.drawn(performance.now() - start);
    if (!this.pending && !this.walk.running) this.#describe();
    else dispatchEvent(new CustomEvent("latent-moved", { detail: { decoder: this.data.decoders[0], code: this.code } }));
    this.#askForGrids(decoder);
  }

  /** The strips and the pad's field, at leisure. */
  #askForGrids(/** @type {import("./unpack.js").Decoder} */ decoder) {
    const label = decoder.classes ? this.label : null;
    for (const row of this.sliders.visible()) {
      this.grids.ask(row.axis.name, decoder, Sliders.stripCodes(row, this.code), STRIP_PICTURES, label,
        (bitmap) => Sliders.showStrip(row.strip, bitmap));
    }
    if (this.pad.element.hidden) return;
    this.grids.ask("the pad", decoder, this.pad.fieldCodes(this.code), FIELD_SIDE, label,
      (bitmap) => this.pad.showField(bitmap));
  }

  #showTypicality(/** @type {import("./unpack.js").Decoder} */ decoder) {
    const share = typicality(decoder, this.data.variational, this.code);
    const measure = this.data.variational ? "the prior's draws" : "draws from a Gaussian fitted to the codes";
    this.gauge.value = share;
    this.gaugeText.textContent = `Farther out than ${(100 * share).toFixed(1)} % of ${measure}`;
  }

  #showLabel() {
    for (const [label, button] of [...this.labels.children].entries()) {
      button.ariaPressed = String(label === this.label);
    }
  }

  #describe() {
    const told = this.data.labels[this.label ?? -1];
    const words = `the current code: ${this.source}${told ? `, label ${told}` : ""}`;
    const both = !this.screens[1].element.hidden;
    this.screens[0].name(`Picture decoded from ${words}`, both ? this.data.names[0] : "");
    if (both) this.screens[1].name(`${this.data.names[1]}'s picture of ${words}`, this.data.names[1]);
  }

  #report() {
    if (this.speed.hidden || !this.screens[0].engine) return;
    const grids = this.grids.milliseconds ? ` · a grid ${this.grids.milliseconds.toFixed(0)} ms, beside it` : "";
    this.speed.textContent = this.pace.text(this.screens[0].engine.kind) + grids;
  }

  /** Let all go; the page has been left. */
  close() {
    this.walk.stop();
    if (this.pending) this.#tell();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    clearInterval(this.reporter);
    this.sizes.disconnect();
    removeEventListener("keydown", this.onKey, true);
    this.unlisten();
    this.grids?.close();
    this.element.remove();
  }
}
