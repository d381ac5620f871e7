/** The picture and the words beside the pointer. */

import { context2d, find, make } from "../elements.js";

/** @typedef {import("./thumbnails.js").Thumbnail} Thumbnail */

const AWAY = 16; // pixels from the point

export class Tooltip {
  /** @param {HTMLElement} root with a canvas and a paragraph @param {HTMLElement} ring around the point */
  constructor(root, ring) {
    this.root = root;
    this.ring = ring;
    this.canvas = find(root, "canvas", HTMLCanvasElement);
    this.words = find(root, "p", HTMLElement);
  }

  /** @param {number} left @param {number} top of the point @param {string[]} lines @param {boolean} silent only a ring */
  show(left, top, lines, silent = false) {
    this.ring.hidden = false;
    this.ring.style.transform = `translate(${left}px, ${top}px)`;
    this.root.hidden = silent;
    if (silent) return;
    this.words.replaceChildren(...lines.map((line, at) => make(at ? "span" : "b", {}, line)));
    const { clientWidth: wide, clientHeight: high } = /** @type {HTMLElement} */ (this.root.offsetParent ?? this.root);
    const x = left + AWAY + this.root.offsetWidth > wide ? left - AWAY - this.root.offsetWidth : left + AWAY;
    const y = Math.min(Math.max(4, top + AWAY), high - this.root.offsetHeight - 4);
    this.root.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
  }

  /** @param {Thumbnail | null} picture */
  showPicture(picture) {
    this.canvas.hidden = !picture;
    if (!picture) return;
    this.canvas.width = picture.width;
    this.canvas.height = picture.height;
    const pen = context2d(this.canvas);
    pen.drawImage(picture.image, picture.left, 0, picture.width, picture.height, 0, 0, picture.width, picture.height);
  }

  hide() {
    this.root.hidden = true;
    this.ring.hidden = true;
  }
}
