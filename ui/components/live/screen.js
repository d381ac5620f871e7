/** One decoder and its canvas, on the page's own thread: what follows the hand. */

import { context2d, make } from "../elements.js";
import { Engine } from "./engine.js";
import { writePixels } from "./pixels.js";

/** @typedef {import("./unpack.js").Decoder} Decoder */

export class Screen {
  /** @param {string} className */
  constructor(className) {
    this.canvas = make("canvas", { className, role: "img" });
    this.caption = make("figcaption", {});
    this.element = make("figure", { className: "screen" }, this.canvas, this.caption);
    this.context = context2d(this.canvas, { alpha: false });
    this.image = new ImageData(1, 1);
    /** @type {Engine|null} */
    this.engine = null;
    this.choice = "";
  }

  /** Use a decoder, unless it is in use already. @param {Decoder} decoder @param {import("./engine.js").EngineChoice} choice */
  use(decoder, choice) {
    if (this.engine?.decoder === decoder && this.choice === choice) return;
    this.engine = new Engine(decoder, { choice });
    this.choice = choice;
    this.canvas.width = this.engine.width;
    this.canvas.height = this.engine.height;
    this.image = new ImageData(this.engine.width, this.engine.height);
  }

  /** Decode a code and show it. @param {Float32Array} code @param {number|null} label */
  draw(code, label) {
    if (!this.engine) return;
    writePixels(this.engine, this.engine.run(code, 1, this.engine.decoder.classes ? label : null), this.image);
    this.context.putImageData(this.image, 0, 0);
  }

  /** @param {string} text what the image is, for those who cannot see it @param {string} caption */
  name(text, caption) {
    if (this.canvas.ariaLabel !== text) this.canvas.ariaLabel = text;
    this.caption.textContent = caption;
    this.caption.hidden = !caption;
  }
}
