/** The decoders that have come. They outlive the pages of the app, so that each travels to a browser once. */

import { unpack } from "./unpack.js";

/** @typedef {import("./unpack.js").Decoder} Decoder */

const MOST_HELD = 24;

/** @type {Map<string, Decoder>} */
const held = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/** Keep a decoder; what waits for one is told. @param {Uint8Array} bytes from vae_core/export/browser.py */
export function keepDecoder(bytes) {
  const decoder = unpack(bytes);
  held.delete(decoder.key);
  held.set(decoder.key, decoder);
  if (held.size > MOST_HELD) held.delete(held.keys().next().value);
  for (const tell of [...listeners]) tell();
}

/** @param {string} key @returns {Decoder|undefined} */
export function heldDecoder(key) {
  return held.get(key);
}

/**
 * Be told whenever a decoder comes.
 * @param {() => void} listener
 * @returns {() => void} ends it
 */
export function onDecoder(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
