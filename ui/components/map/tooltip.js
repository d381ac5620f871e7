/** The picture and the words beside the pointer. */

/** @typedef {import("./thumbnails.js").Thumbnail} Thumbnail */

const AWAY = 16; // pixels from the point

export class Tooltip {
  /** @param {HTMLElement} root with a canvas and a paragraph @param {HTMLElement} ring around the point */
  constructor(root, ring) {
    this.root = root;
    this.ring = ring;
    this.canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.words = /** @type {HTMLElement} */ (root.querySelector("p"));
  }

  /** @param {number} left @param {number} top of the point @param {string[]} lines @param {boolean} silent only a ring */
  show(left, top, lines, silent = false) {
    this.ring.hidden = false;
    this.ring.style.transform = `translate(${left}px, ${top}px)`;
    this.root.hidden = silent;
    if (silent) return;
    this.words.replaceChildren(
      ...lines.map((line, number) => Object.assign(document.createElement(number ? "span" : "b"), { textContent: line })),
    );
    const { clientWidth: wide, clientHeight: high } = /** @type {HTMLElement} */ (this.root.offsetParent ?? this.root);
    const x = left + AWAY + this.root.offsetWidth > wide ? left - AWAY - this.root.offsetWidth : left + AWAY;
    const y = Math.min(Math.max(4, top + AWAY), high - this.root.offsetHeight - 4);
    this.root.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
  }

  /** @param {Thumbnail | null} picture */
  paint(picture) {
    this.canvas.hidden = !picture;
    if (!picture) return;
    this.canvas.width = picture.width;
    this.canvas.height = picture.height;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    pen.drawImage(picture.image, picture.left, 0, picture.width, picture.height, 0, 0, picture.width, picture.height);
  }

  hide() {
    this.root.hidden = true;
    this.ring.hidden = true;
  }
}
