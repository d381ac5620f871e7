/** Where a code lies on the map while a hand moves it. The server places it anew, and better, on release. */

import { placeIn } from "./cloud.js";

/** @typedef {import("./cloud.js").Layout} Layout */

/** @typedef {import("./props.js").Following} Following */

const NEAREST = 5; // as many as the server's search starts from

/** What was packed as a map's coordinates, in the server's units. */
export function readCodes(/** @type {{dimensions: number, low: number[], high: number[]}} */ header, /** @type {Uint16Array} */ steps) {
  const { dimensions, low, high } = header;
  return Float32Array.from(steps, (step, at) => {
    const axis = at % dimensions;
    return low[axis] + ((high[axis] - low[axis]) * step) / 65535;
  });
}

/** Exactly, on a plane. @returns {number[]} in the layout's units */
export function placeOnPlane(/** @type {Layout} */ layout, /** @type {Following} */ { mean, axes }, /** @type {ArrayLike<number>} */ code) {
  const along = (axes ?? []).map((axis) => axis.reduce((sum, part, at) => sum + part * (code[at] - (mean?.[at] ?? 0)), 0));
  return placeIn(layout, along);
}

/** The median place of the nearest codes. @returns {number[]} in the layout's units */
export function placeAmong(/** @type {Layout} */ layout, /** @type {Float32Array} */ codes, /** @type {ArrayLike<number>} */ code) {
  const near = nearestCodes(codes, code);
  return [0, 1, 2].map((axis) => {
    const along = near.map((point) => layout.places[3 * point + axis]).sort((one, other) => one - other);
    return along[along.length >> 1];
  });
}

/** @returns {number[]} */
function nearestCodes(/** @type {Float32Array} */ codes, /** @type {ArrayLike<number>} */ code) {
  const size = code.length;
  /** @type {[number, number][]} */
  const found = [];
  for (let point = 0, at = 0; at < codes.length; point++, at += size) {
    let away = 0;
    for (let part = 0; part < size; part++) away += (codes[at + part] - code[part]) ** 2;
    if (found.length === NEAREST && away >= found[NEAREST - 1][0]) continue;
    if (found.length === NEAREST) found.pop();
    found.push([away, point]);
    found.sort((one, other) => one[0] - other[0]);
  }
  return found.map(([, point]) => point);
}
