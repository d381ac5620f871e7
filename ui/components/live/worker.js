/**
 * What the worker runs: grids of images, so that they never keep the main image waiting. It decodes slice by slice:
 * where it shares its processor with the page, a long go would make several frames late, and a slice hardly one.
 */

import { Engine } from "./engine.js";
import { writePixels } from "./pixels.js";

const MOST_AT_ONCE = 16; // more at once are not quicker
const SLICE = 4; // milliseconds in one go, more or less
const LONGEST_REST = 50;

/** @type {Map<string, Engine>} */
const engines = new Map();
/** How long to rest between slices, in times of what the last one took. */
let rest = 0;
/** Milliseconds that the last slice took. */
let took = 0;

/** @typedef {{decoder: import("./unpack.js").Decoder, choice: import("./engine.js").EngineChoice}} NewDecoder */
/** @typedef {{key: string, codes: Float32Array, columns: number, label: number|null}} Job */
/** @typedef {{postMessage(message: any, transfer: Transferable[]): void}} Port */

self.onmessage = (/** @type {MessageEvent} */ { data }) => {
  if (data.decoder) engines.set(data.decoder.key, new Engine(data.decoder, { batch: MOST_AT_ONCE, choice: data.choice }));
  else if (data.forget) engines.delete(data.forget);
  else if (data.rest !== undefined) rest = data.rest;
  else void decodeGrid(data);
};

async function decodeGrid(/** @type {Job} */ { key, codes, columns, label }) {
  const engine = engines.get(key);
  if (!engine) return;
  const { latent } = engine.decoder;
  const count = codes.length / latent;
  const image = new ImageData(engine.width * columns, engine.height * Math.ceil(count / columns));
  let milliseconds = 0; // without the rests
  for (let first = 0, size = 1; first < count; ) {
    const pause = Math.min(LONGEST_REST, rest * took);
    if (pause >= 1) await new Promise((done) => setTimeout(done, pause));
    const start = performance.now();
    const part = codes.subarray(first * latent, (first + size) * latent);
    writePixels(engine, engine.run(part, size, label), image, { count: size, first, columns });
    took = performance.now() - start;
    milliseconds += took;
    first += size;
    size = Math.max(1, Math.min(Math.floor((size * SLICE) / took), engine.batch, count - first));
  }
  const bitmap = await createImageBitmap(image);
  /** @type {Port} */ (/** @type {any} */ (self)).postMessage({ bitmap, milliseconds }, [bitmap]);
}
