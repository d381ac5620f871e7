/** Arrays of numbers as the server writes them: base64 of little-endian singles or bytes. */

/** @param {string} text @returns {Uint8Array} */
export function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** @param {string} text @returns {Float32Array} */
export function numbersOf(text) {
  return new Float32Array(bytesOf(text).buffer);
}
