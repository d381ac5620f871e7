/** Single-precision floats as the server writes them: base64 of little-endian values. */

import { bytesFromBase64 } from "../elements.js";

/** @param {string} text @returns {Float32Array} */
export function singlesFromBase64(text) {
  return new Float32Array(bytesFromBase64(text).buffer);
}
