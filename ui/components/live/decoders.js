/** The decoders that have come. They outlive the pages of the app, so that each travels to a browser once. */

import { unpack } from "./unpack.js";

/** @typedef {import("./unpack.js").Decoder} Decoder */

const MOST_HELD = 24;

/** @type {Map<string, Decoder>} */
const held = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/** Keep a decoder, and tell those who wait for one. @param {Uint8Array} bytes from vae_core/export/browser.py */
export function keepDecoder(bytes) {
  const decoder = unpack(bytes);
  held.delete(decoder.key);
  held.set(decoder.key, decoder);
  for (const oldest of held.keys()) {
    if (held.size <= MOST_HELD) break;
    held.delete(oldest);
  }
  for (const listener of [...listeners]) listener();
}

/** @param {string} key */
export const hasDecoder = (key) => held.has(key);

/** @param {string|undefined} key @returns {Decoder|undefined} */
export const heldDecoder = (key) => (key === undefined ? undefined : held.get(key));

/**
 * Call a listener whenever a decoder comes.
 * @param {() => void} listener
 * @returns {() => void} ends it
 */
export function onDecoder(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
