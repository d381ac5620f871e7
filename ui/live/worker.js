/** What the worker runs: grids of pictures, so that they never keep the main picture waiting. */

import { Engine } from "./engine.js";
import { paint } from "./paint.js";

const MOST_AT_ONCE = 64;

/** @type {Map<string, Engine>} */
const engines = new Map();

/** @typedef {{decoder: import("./unpack.js").Decoder, wish: import("./engine.js").Wish}} NewDecoder */
/** @typedef {{key: string, codes: Float32Array, columns: number, label: number|null}} Job */

self.onmessage = ({ data }) => {
  if (data.decoder) engines.set(data.decoder.key, new Engine(data.decoder, { batch: MOST_AT_ONCE, wish: data.wish }));
  else if (data.forget) engines.delete(data.forget);
  else void decodeGrid(data);
};

async function decodeGrid(/** @type {Job} */ { key, codes, columns, label }) {
  const engine = engines.get(key);
  const start = performance.now();
  const { latent } = engine.decoder;
  const count = codes.length / latent;
  const image = new ImageData(engine.width * columns, engine.height * Math.ceil(count / columns));
  for (let first = 0; first < count; first += engine.batch) {
    const size = Math.min(engine.batch, count - first);
    const part = codes.subarray(first * latent, (first + size) * latent);
    paint(engine, engine.run(part, size, label), image, { count: size, first, columns });
  }
  const bitmap = await createImageBitmap(image);
  self.postMessage({ bitmap, milliseconds: performance.now() - start }, [bitmap]);
}
