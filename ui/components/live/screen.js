/** One decoder and its canvas, on the page's own thread: what follows the hand. */

import { Engine } from "./engine.js";
import { paint } from "./paint.js";
import { make } from "./elements.js";

/** @typedef {import("./unpack.js").Decoder} Decoder */

export class Screen {
  /** @param {string} className */
  constructor(className) {
    this.canvas = make("canvas", { className, role: "img" });
    this.caption = make("figcaption", {});
    this.element = make("figure", { className: "screen" }, this.canvas, this.caption);
    /** @type {Engine|null} */
    this.engine = null;
    this.wish = "";
  }

  /** Use a decoder, unless it is in use already. @param {Decoder} decoder @param {import("./engine.js").Wish} wish */
  use(decoder, wish) {
    if (this.engine?.decoder === decoder && this.wish === wish) return;
    this.engine = new Engine(decoder, { wish });
    this.wish = wish;
    this.canvas.width = this.engine.width;
    this.canvas.height = this.engine.height;
    this.image = new ImageData(this.engine.width, this.engine.height);
    this.context = this.canvas.getContext("2d", { alpha: false });
  }

  /** Decode a code and paint it. @param {Float32Array} code @param {number|null} label */
  draw(code, label) {
    if (!this.engine) return;
    paint(this.engine, this.engine.run(code, 1, this.engine.decoder.classes ? label : null), this.image);
    this.context.putImageData(this.image, 0, 0);
  }

  /** @param {string} text what the picture is, for those who cannot see it @param {string} caption */
  name(text, caption) {
    if (this.canvas.ariaLabel !== text) this.canvas.ariaLabel = text;
    this.caption.textContent = caption;
    this.caption.hidden = !caption;
  }
}
