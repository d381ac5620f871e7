/** The points' pictures: strips of many thumbnails each, kept encoded, and decoded when one of them is wanted. */

import { deliveredUnder } from "./store.js";

const MOST_DECODED = 256; // strips

/** @typedef {{image: ImageBitmap, left: number, width: number, height: number}} Thumbnail a part of a strip */

export class Thumbnails {
  /** @type {Map<number, ImageBitmap | null>} null while it is being decoded */
  #decoded = new Map();

  /** @type {import("./store.js").Parcel[]} */
  parcels = [];

  /** @param {string} set the pictures' digest @param {() => void} onReady called when more pictures can be shown */
  constructor(set, onReady) {
    this.set = set;
    this.onReady = onReady;
    this.closed = false;
    this.refresh();
  }

  /** Look for parcels that have arrived. */
  refresh() {
    this.parcels = deliveredUnder(`thumbnails:${this.set}:`).sort((a, b) => a.header.first - b.header.first);
    const strips = this.parcels.reduce((sum, { arrays }) => sum + arrays.ends.length, 0);
    if (strips && strips <= MOST_DECODED) this.#warm(0);
  }

  /** Decode all strips while nothing else is to be done, so that no picture is waited for. @param {number} next */
  #warm(next) {
    const { each } = this.parcels[0].header;
    const position = next * each;
    const last = this.parcels.at(-1);
    if (this.closed || !last || position >= last.header.first + last.arrays.ends.length * each) return;
    const soon = globalThis.requestIdleCallback ?? setTimeout; // Safari has no idle callback
    soon(() => {
      if (this.closed) return;
      this.get(position);
      this.#warm(next + 1);
    });
  }

  /** A point's picture, or null if it is not here yet; then `onReady` will be called. @returns {Thumbnail | null} */
  get(/** @type {number} */ position) {
    const parcel = this.parcels.findLast(({ header }) => header.first <= position);
    if (!parcel) return null;
    const { first, each, width, height } = parcel.header;
    const strip = Math.floor((position - first) / each);
    const image = this.#strip(parcel, strip);
    return image && { image, left: ((position - first) % each) * width, width, height };
  }

  #strip(/** @type {import("./store.js").Parcel} */ { header, arrays }, /** @type {number} */ strip) {
    const index = header.first / header.each + strip;
    const known = this.#decoded.get(index);
    if (known !== undefined) {
      this.#decoded.delete(index); // so that those not wanted for longest come first
      this.#decoded.set(index, known);
      return known;
    }
    const begin = arrays.ends[strip - 1] ?? 0;
    const end = arrays.ends[strip];
    if (end === undefined) return null;
    this.#decoded.set(index, null);
    this.#decode(index, new Blob([arrays.strips.subarray(begin, end)], { type: "image/webp" }));
    return null;
  }

  async #decode(/** @type {number} */ index, /** @type {Blob} */ blob) {
    const image = await createImageBitmap(blob);
    if (this.closed) return image.close();
    this.#decoded.set(index, image);
    this.#forgetOldest();
    this.onReady();
  }

  #forgetOldest() {
    for (const [index, image] of this.#decoded) {
      if (this.#decoded.size <= MOST_DECODED) return;
      image?.close();
      this.#decoded.delete(index);
    }
  }

  close() {
    this.closed = true;
    for (const image of this.#decoded.values()) image?.close();
    this.#decoded.clear();
  }
}
