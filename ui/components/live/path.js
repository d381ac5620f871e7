/** The live view of the page Interpolate: a scrubber, and under it the same place on every path, decoded at once. */

import { make, wantsStillness } from "./elements.js";
import { bytesOf, numbersOf } from "./numbers.js";
import { Pace } from "./pace.js";
import { Screen } from "./screen.js";
import { heldDecoder, onDecoder } from "./store.js";

const KEY_DELAY = 150; // milliseconds after the last key until the server is told
const SECONDS_ACROSS = 3; // of Play, from one end to the other

/**
 * One model's path.
 * @typedef {object} PathRow
 * @property {string} name @property {string} decoder
 * @property {string} codes many along the path, as numbers.js reads them
 * @property {[number, number]|null} labels of the two ends, for a conditional model; it changes half-way
 * @property {boolean[]} far which of the codes lie far from every real one
 */

/**
 * What the server says.
 * @typedef {object} PathData
 * @property {PathRow[]} rows
 * @property {{a: string, b: string, shape: [number, number, number]}} blend both pictures, bytes, channels last
 * @property {number} steps @property {number} position from 0 to steps - 1
 * @property {number} revision counts the server's own moves
 * @property {string[]} arriving @property {string[]} decoders
 */

export class PathView {
  /** @param {ParentNode & Node} root */
  constructor(root) {
    this.position = 0;
    this.revision = -1;
    this.frame = 0;
    this.pace = new Pace();
    this.input = make("input", { type: "range", min: "0", step: "any", ariaLabel: "Along the path" });
    this.output = make("output", {});
    this.play = make("button", { type: "button" }, "Play");
    this.screens = make("div", { className: "along" });
    this.element = make("div", { className: "path" },
      make("div", { className: "scrub" }, this.play, make("div", { className: "line" }, this.input), this.output),
      this.screens);
    this.input.addEventListener("input", (event) => this.#moved(Number(this.input.value), event));
    this.input.addEventListener("change", () => this.#tell());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.play.addEventListener("click", () => this.#toggle());
    root.append(this.element);
    this.unlisten = onDecoder(() => this.#begin());
  }

  /** @param {any} component what Streamlit calls a component with */
  update(component) {
    this.component = component;
    /** @type {PathData} */
    this.data = component.data;
    if (this.data.revision !== this.revision) {
      this.revision = this.data.revision;
      this.position = this.data.position;
    }
    this.input.max = String(this.data.steps - 1);
    const missing = this.data.decoders.filter((key) => !heldDecoder(key) && !this.data.arriving.includes(key));
    if (missing.length) component.setTriggerValue("missing", missing);
    this.#begin();
  }

  #begin() {
    if (!this.data?.decoders.every((key) => heldDecoder(key))) return;
    const look = JSON.stringify([this.data.rows, this.data.blend]);
    if (look !== this.look) {
      this.look = look;
      this.rows = this.data.rows.map((row) => this.#row(row));
      this.blend = this.#blendScreen();
      this.screens.replaceChildren(...this.rows.map(({ screen }) => screen.element), this.blend.figure);
    }
    this.#schedule();
  }

  #row(/** @type {PathRow} */ row) {
    const decoder = heldDecoder(row.decoder);
    const screen = new Screen("main-picture");
    screen.use(decoder, "auto");
    return { ...row, screen, codes: numbersOf(row.codes), latent: decoder.latent };
  }

  /** The baseline: both pictures blended pixel by pixel. */
  #blendScreen() {
    const { a, b, shape: [channels, height, width] } = this.data.blend;
    const canvas = make("canvas", { className: "main-picture", role: "img", width, height });
    const caption = make("figcaption", {}, "Pixel cross-fade");
    return {
      canvas, channels, a: bytesOf(a), b: bytesOf(b), image: new ImageData(width, height),
      figure: make("figure", { className: "screen" }, canvas, caption),
    };
  }

  // --- what the hand does ---

  #moved(/** @type {number} */ position, /** @type {Event} */ event) {
    if (this.playing) this.#toggle();
    this.position = position;
    this.pace.moved(event.timeStamp);
    this.#schedule();
  }

  #key(/** @type {KeyboardEvent} */ event) {
    const last = this.data.steps - 1;
    const step = last / 100;
    /** @type {Record<string, number>} */
    const goals = {
      ArrowLeft: this.position - step, ArrowDown: this.position - step, ArrowRight: this.position + step,
      ArrowUp: this.position + step, PageDown: Math.ceil(this.position - 1), PageUp: Math.floor(this.position + 1),
      Home: 0, End: last,
    };
    const goal = goals[event.key];
    if (goal === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#moved(Math.min(last, Math.max(0, goal)), event);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tell(), KEY_DELAY);
  }

  #tell() {
    clearTimeout(this.timer);
    this.component.setStateValue("moved", this.position);
  }

  #toggle() {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? "Stop" : "Play";
    this.play.ariaPressed = String(this.playing);
    this.forward = this.position < this.data.steps - 1;
    this.before = performance.now();
    if (this.playing) requestAnimationFrame(() => this.#glide());
    else this.#tell();
  }

  /** There and back, until it is stopped; step by step for who wants less motion. */
  #glide() {
    if (!this.playing) return;
    const now = performance.now();
    const last = this.data.steps - 1;
    const way = ((now - this.before) / (1000 * SECONDS_ACROSS)) * last;
    if (!wantsStillness() || way >= 1) {
      this.before = now;
      this.position += this.forward ? way : -way;
      if (this.position >= last || this.position <= 0) this.forward = this.position <= 0;
      this.position = Math.min(last, Math.max(0, this.position));
      this.#schedule();
    }
    requestAnimationFrame(() => this.#glide());
  }

  // --- painting ---

  #schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.frame = 0;
    if (!this.rows) return;
    const start = performance.now();
    const last = this.data.steps - 1;
    const share = Math.min(1, Math.max(0, this.position / last));
    for (const row of this.rows) this.#paintRow(row, share);
    this.#paintBlend(share);
    this.input.value = String(this.position);
    this.output.value = `${(this.position + 1).toFixed(1)} of ${this.data.steps}`;
    this.input.setAttribute("aria-valuetext", `step ${this.output.value}`);
    this.pace.drawn(performance.now() - start);
  }

  #paintRow(/** @type {any} */ row, /** @type {number} */ share) {
    const { codes, latent, screen, labels, far, name } = row;
    const between = share * (codes.length / latent - 1);
    const before = Math.min(Math.floor(between), codes.length / latent - 2);
    const rest = between - before;
    const at = before * latent;
    const code = Float32Array.from({ length: latent }, (_, d) =>
      codes[at + d] + rest * (codes[at + latent + d] - codes[at + d]));
    screen.draw(code, labels ? labels[share < 0.5 ? 0 : 1] : null);
    const note = far[Math.round(between)] ? "▲ far from any real code" : "";
    screen.name(`${name} along the path${note && `, ${note.slice(2)}`}`, note ? `${name} ${note}` : name);
  }

  #paintBlend(/** @type {number} */ share) {
    const { canvas, channels, a, b, image } = this.blend;
    for (let pixel = 0, from = 0; pixel < image.data.length; pixel += 4, from += channels) {
      for (let colour = 0; colour < 3; colour++) {
        const source = from + (channels === 3 ? colour : 0);
        image.data[pixel + colour] = a[source] + share * (b[source] - a[source]);
      }
      image.data[pixel + 3] = 255;
    }
    canvas.getContext("2d", { alpha: false }).putImageData(image, 0, 0);
    canvas.ariaLabel = "Pixel cross-fade along the path";
  }

  /** Let all go; the page has been left. */
  close() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.unlisten();
    this.element.remove();
  }
}
