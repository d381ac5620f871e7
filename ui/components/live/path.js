/** The live view of the page Interpolate: a scrubber, and under it the same point of every path, decoded at once. */

import { bytesFromBase64, context2d, Frame, make, wantsStillness } from "../elements.js";
import { sliderGoal } from "../keyboard.js";
import { singlesFromBase64 } from "./base64.js";
import { heldDecoder, onDecoder } from "./decoders.js";
import { Pace } from "./pace.js";
import { Screen } from "./screen.js";

/** @typedef {import("./props.js").PathProps} PathProps @typedef {import("./props.js").PathRow} PathRow */
/** @typedef {{name: string, screen: Screen, codes: Float32Array, latent: number, labels: [number, number]|null, far: boolean[]}} Row */

const KEY_DELAY = 150; // milliseconds after the last key before the server hears of it
const SECONDS_ACROSS = 3; // of Play, from one end to the other

export class PathView {
  position = 0;
  revision = -1;
  look = "";
  playing = false;
  forward = true;
  /** When Play moved last. */
  before = 0;
  pace = new Pace();
  /** @type {Row[]} */
  rows = [];
  /** @type {CrossFade|null} */
  blend = null;
  /** @type {PathProps|null} */
  props = null;
  /** @type {import("./host.js").Host|null} */
  host = null;
  /** @type {number|undefined} */
  timer;

  /** @param {Node} root */
  constructor(root) {
    this.frame = new Frame(() => this.#draw());
    this.input = make("input", { type: "range", min: "0", step: "any" });
    this.output = make("output", {});
    this.play = make("button", { type: "button" }, "Play");
    this.screens = make("div", { className: "along" });
    this.element = make("div", { className: "path" },
      make("div", { className: "scrub" }, this.play, make("div", { className: "line" }, this.input), this.output),
      this.screens);
    this.input.addEventListener("input", (event) => this.#moveTo(Number(this.input.value), event));
    this.input.addEventListener("change", () => this.#tellServer());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.play.addEventListener("click", () => this.#toggle());
    root.appendChild(this.element);
    this.stopListening = onDecoder(() => this.#begin());
  }

  /** The position of the path's end. */
  get last() {
    return (this.props?.steps ?? 2) - 1;
  }

  /** @param {PathProps} props @param {string[]} _decoders @param {import("./host.js").Host} host */
  update(props, _decoders, host) {
    Object.assign(this, { props, host });
    if (props.revision !== this.revision) {
      this.revision = props.revision;
      this.position = props.position;
    }
    this.input.max = String(this.last);
    this.input.ariaLabel = props.label;
    this.#begin();
  }

  /** Show everything anew, as soon as all decoders are there. */
  #begin() {
    const { props } = this;
    if (!props?.rows.every(({ decoder }) => heldDecoder(decoder))) return;
    const look = JSON.stringify([props.rows, props.blend]);
    if (look !== this.look) {
      this.look = look;
      this.rows = props.rows.flatMap(openRow);
      this.blend = new CrossFade(props.blend);
      this.screens.replaceChildren(...this.rows.map(({ screen }) => screen.element), this.blend.element);
    }
    this.frame.request();
  }

  // --- what the hand does ---

  #moveTo(/** @type {number} */ position, /** @type {Event} */ event) {
    if (this.playing) this.#toggle();
    this.position = position;
    this.pace.moved(event.timeStamp);
    this.frame.request();
  }

  #key(/** @type {KeyboardEvent} */ event) {
    const { position, last } = this;
    const pages = { pageDown: Math.ceil(position - 1), pageUp: Math.floor(position + 1) };
    const goal = sliderGoal(event, { value: position, low: 0, high: last, step: last / 100, ...pages });
    if (goal === null) return;
    event.preventDefault();
    this.#moveTo(goal, event);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tellServer(), KEY_DELAY);
  }

  #tellServer() {
    clearTimeout(this.timer);
    this.host?.setState("moved", this.position);
  }

  #toggle() {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? "Stop" : "Play";
    this.play.ariaPressed = String(this.playing);
    this.forward = this.position < this.last;
    this.before = performance.now();
    if (this.playing) requestAnimationFrame(() => this.#glide());
    else this.#tellServer();
  }

  /** There and back, until it is stopped; step by step for visitors who want less motion. */
  #glide() {
    if (!this.playing) return;
    const now = performance.now();
    const { last } = this;
    const distance = ((now - this.before) / (1000 * SECONDS_ACROSS)) * last;
    if (!wantsStillness() || distance >= 1) {
      this.before = now;
      this.position += this.forward ? distance : -distance;
      if (this.position >= last || this.position <= 0) this.forward = this.position <= 0;
      this.position = Math.min(last, Math.max(0, this.position));
      this.frame.request();
    }
    requestAnimationFrame(() => this.#glide());
  }

  // --- drawing ---

  #draw() {
    const { props, blend, last } = this;
    if (!props || !blend) return;
    const start = performance.now();
    const share = Math.min(1, Math.max(0, this.position / last));
    for (const row of this.rows) drawRow(row, share, props.farMark);
    blend.draw(share);
    this.input.value = String(this.position);
    this.output.value = `${(this.position + 1).toFixed(1)} of ${props.steps}`;
    this.input.setAttribute("aria-valuetext", `step ${this.output.value}`);
    this.pace.drawn(performance.now() - start);
  }

  /** Let all go; the page has been left. */
  close() {
    this.playing = false;
    this.frame.cancel();
    clearTimeout(this.timer);
    this.stopListening();
    this.element.remove();
  }
}

/** A row that can be drawn; none if its decoder is not here. @param {PathRow} row @returns {Row[]} */
function openRow({ name, decoder: key, codes, labels, far }) {
  const decoder = heldDecoder(key);
  if (!decoder) return [];
  const screen = new Screen("main-picture");
  screen.use(decoder, "auto");
  return [{ name, screen, labels, far, codes: singlesFromBase64(codes), latent: decoder.latent }];
}

/** Decode the code at a share of a path. */
function drawRow(/** @type {Row} */ row, /** @type {number} */ share, /** @type {string} */ farMark) {
  const { codes, latent, screen, labels, far, name } = row;
  const between = share * (codes.length / latent - 1);
  const before = Math.min(Math.floor(between), codes.length / latent - 2);
  const rest = between - before;
  const at = before * latent;
  const code = Float32Array.from({ length: latent }, (_, d) =>
    codes[at + d] + rest * (codes[at + latent + d] - codes[at + d]));
  screen.draw(code, labels ? labels[share < 0.5 ? 0 : 1] : null);
  const caption = far[Math.round(between)] ? `${name} ${farMark}` : name;
  screen.name(`Image decoded by ${caption}, along the path`, caption);
}

/** The baseline: both images blended pixel by pixel. */
class CrossFade {
  /** @param {import("./props.js").Blend} blend */
  constructor({ name, a, b, shape: [channels, height, width] }) {
    this.channels = channels;
    this.a = bytesFromBase64(a);
    this.b = bytesFromBase64(b);
    this.image = new ImageData(width, height);
    const canvas = make("canvas", { className: "main-picture", role: "img", width, height });
    canvas.ariaLabel = `${name} along the path`;
    this.context = context2d(canvas, { alpha: false });
    this.element = make("figure", { className: "screen" }, canvas, make("figcaption", {}, name));
  }

  /** @param {number} share of the second image */
  draw(share) {
    const { channels, a, b, image } = this;
    for (let pixel = 0, from = 0; pixel < image.data.length; pixel += 4, from += channels) {
      for (let colour = 0; colour < 3; colour++) {
        const source = from + (channels === 3 ? colour : 0);
        image.data[pixel + colour] = a[source] + share * (b[source] - a[source]);
      }
      image.data[pixel + 3] = 255;
    }
    this.context.putImageData(image, 0, 0);
  }
}
