/** Grids of images from the worker. */

import { context2d } from "../elements.js";

/** @typedef {import("./unpack.js").Decoder} Decoder */

/* WORKER_SOURCE, the worker's whole text, is put before this module by ui/components/live/__init__.py. */

const LATE = 21; // milliseconds between two frames, which are to be 60 a second
const REST_FOR_STRAIN = 40; // times what a slice took: at one late frame in twenty, the worker works a third

/**
 * Asks the worker for grids, one at a time. Of several requests by one name only the newest is answered, and each name
 * gets its turn.
 */
export class Grids {
  /** @param {import("./engine.js").EngineChoice} engine */
  constructor(engine) {
    this.engine = engine;
    this.address = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
    this.worker = new Worker(this.address, { type: "module" });
    this.closed = false;
    this.worker.onmessage = ({ data }) => this.#answer(data);
    /** @type {Set<string>} decoders that the worker has */
    this.known = new Set();
    /** @type {Map<string, {decoder: Decoder, codes: Float32Array, columns: number, label: number|null,
     *  show: (bitmap: ImageBitmap) => void}>} */
    this.waiting = new Map();
    /** @type {((bitmap: ImageBitmap) => void)|null} */
    this.busy = null;
    this.milliseconds = 0;
    /** The share of late frames among the last ones, from 0 to 1. */
    this.strain = 0;
  }

  /**
   * A frame of the main image, while it moves, came so many milliseconds after the one before. The more frames are
   * late, the longer the worker rests, so that the main image gets the processor.
   */
  yieldTo(/** @type {number} */ gap) {
    this.#setStrain(0.95 * this.strain + (gap > LATE ? 0.05 : 0));
  }

  /** The main image stands still. */
  hurry() {
    this.#setStrain(0);
  }

  #setStrain(/** @type {number} */ strain) {
    if (strain !== this.strain) this.worker.postMessage({ rest: REST_FOR_STRAIN * strain });
    this.strain = strain;
  }

  /**
   * @param {string} name @param {Decoder} decoder
   * @param {Float32Array} codes one after the other @param {number} columns images in a row
   * @param {number|null} label @param {(bitmap: ImageBitmap) => void} show
   */
  ask(name, decoder, codes, columns, label, show) {
    this.waiting.set(name, { decoder, codes, columns, label, show });
    this.#next();
  }

  #next() {
    if (this.busy || this.closed) return;
    const first = this.waiting.entries().next();
    if (first.done) return;
    const [name, { decoder, codes, columns, label, show }] = first.value;
    this.waiting.delete(name);
    if (!this.known.has(decoder.key)) {
      const { extras, ...needed } = decoder;
      this.worker.postMessage({ decoder: needed, choice: this.engine });
      this.known.add(decoder.key);
    }
    this.busy = show;
    this.worker.postMessage({ key: decoder.key, codes, columns, label });
  }

  #answer(/** @type {{bitmap: ImageBitmap, milliseconds: number}} */ { bitmap, milliseconds }) {
    const show = this.busy;
    this.busy = null;
    this.milliseconds = milliseconds;
    if (!this.closed) show?.(bitmap);
    bitmap.close();
    this.#next();
  }

  /** Let decoders go that are no longer shown. @param {string[]} keys those that are */
  keepOnly(keys) {
    for (const key of [...this.known].filter((known) => !keys.includes(known))) {
      this.known.delete(key);
      this.worker.postMessage({ forget: key });
    }
  }

  close() {
    this.worker.terminate();
    this.closed = true;
    URL.revokeObjectURL(this.address);
  }
}

/**
 * Show a grid on a canvas, which becomes as large as it.
 * @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap
 */
export function showBitmap(canvas, bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  context2d(canvas, { alpha: false }).drawImage(bitmap, 0, 0);
}
