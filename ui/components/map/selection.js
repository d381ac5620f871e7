/** Sets of points: put together, and as text for the server. */

/** @typedef {"replace" | "add" | "subtract"} How */

/**
 * @param {Iterable<number>} before positions
 * @param {Iterable<number>} fresh positions
 * @param {How} how
 */
export function combined(before, fresh, how) {
  if (how === "replace") return new Set(fresh);
  const both = new Set(before);
  for (const position of fresh) {
    if (how === "add") both.add(position);
    else both.delete(position);
  }
  return both;
}

/** A set as one bit a point, lowest bit first, in base64. @param {Iterable<number>} positions @param {number} count */
export function toBits(positions, count) {
  const bytes = new Uint8Array(Math.ceil(count / 8));
  for (const position of positions) bytes[position >> 3] |= 1 << (position & 7);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** What `toBits` made. @param {string} text @param {number} count */
export function fromBits(text, count) {
  const bytes = atob(text);
  const positions = new Set();
  for (let position = 0; position < count; position++) {
    if (bytes.charCodeAt(position >> 3) & (1 << (position & 7))) positions.add(position);
  }
  return positions;
}
