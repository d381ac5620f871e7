/** From the decoder's numbers to pixels. */

/** @typedef {import("./engine.js").Engine} Engine */

const EDGE = 8; // beyond this the logistic function is black or white
const STEPS = 1024; // of the table for each unit
const LOGISTIC = Uint8ClampedArray.from(
  { length: 2 * EDGE * STEPS + 1 },
  (_, step) => 255 / (1 + Math.exp(EDGE - step / STEPS)),
);

/** The logistic function in grey levels. @param {number} v */
const logisticLevel = (v) => LOGISTIC[v <= -EDGE ? 0 : v >= EDGE ? 2 * EDGE * STEPS : ((v + EDGE) * STEPS + 0.5) | 0];
/** Pixel means in grey levels; the byte array cuts off what lies outside. @param {number} v */
const clippedLevel = (v) => v * 255;

/**
 * Paint decoded pictures into an image, side by side in rows.
 * @param {Engine} engine that gave the numbers
 * @param {Float32Array} numbers what its `run` returned
 * @param {ImageData} target
 * @param {{count?: number, first?: number, columns?: number}} [place] how many pictures; where in the grid they begin
 */
export function paint(engine, numbers, target, { count = 1, first = 0, columns = 1 } = {}) {
  const { width, height } = engine;
  for (let picture = 0; picture < count; picture++) {
    const cell = first + picture;
    const left = (cell % columns) * width;
    const top = Math.floor(cell / columns) * height;
    paintOne(engine, numbers, picture * engine.picture, target, left, top);
  }
}

function paintOne(/** @type {Engine} */ engine, numbers, start, /** @type {ImageData} */ target, left, top) {
  const { width, height, channels, pixel } = engine;
  const level = engine.decoder.output === "logistic" ? logisticLevel : clippedLevel;
  const pixels = target.data;
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0];
  let from = start;
  for (let y = 0; y < height; y++) {
    let to = ((top + y) * target.width + left) * 4;
    for (let x = 0; x < width; x++, from += pixel, to += 4) {
      pixels[to] = level(numbers[from]);
      pixels[to + 1] = level(numbers[from + green]);
      pixels[to + 2] = level(numbers[from + blue]);
      pixels[to + 3] = 255;
    }
  }
}
