/** From a decoder's output to pixels. */

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
 * Write decoded images into a larger one, side by side in rows.
 * @param {Engine} engine that gave the output
 * @param {Float32Array} output what its `run` returned
 * @param {ImageData} target
 * @param {{count?: number, first?: number, columns?: number}} [place] how many images; where in the grid they begin
 */
export function writePixels(engine, output, target, { count = 1, first = 0, columns = 1 } = {}) {
  const { width, height } = engine;
  for (let image = 0; image < count; image++) {
    const cell = first + image;
    const left = (cell % columns) * width;
    const top = Math.floor(cell / columns) * height;
    writeOne(engine, output, image * engine.imageSize, target, left, top);
  }
}

function writeOne(
  /** @type {Engine} */ engine, /** @type {Float32Array} */ output, /** @type {number} */ start,
  /** @type {ImageData} */ target, /** @type {number} */ left, /** @type {number} */ top,
) {
  const { width, height, channels, pixelSize } = engine;
  const level = engine.decoder.output === "logistic" ? logisticLevel : clippedLevel;
  const pixels = target.data;
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0];
  let from = start;
  for (let y = 0; y < height; y++) {
    let to = ((top + y) * target.width + left) * 4;
    for (let x = 0; x < width; x++, from += pixelSize, to += 4) {
      pixels[to] = level(output[from]);
      pixels[to + 1] = level(output[from + green]);
      pixels[to + 2] = level(output[from + blue]);
      pixels[to + 3] = 255;
    }
  }
}
