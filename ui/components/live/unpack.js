/** Reading what vae_core/export/browser.py packed. */

/**
 * One step of the decoder; which properties there are depends on `op`.
 * @typedef {object} Layer
 * @property {"linear"|"convolution"|"transposed"|"finish"|"shuffle"|"enlarge"|"remember"|"add"} op
 * @property {[number, number, number]} after height, width and floats a pixel of what it gives
 * @property {number} inputs @property {number} outputs
 * @property {number} weight @property {number} bias @property {number} scale where its arrays begin
 * @property {string} activation @property {number} slope
 * @property {[number, number]} kernel @property {number} stride @property {number} padding
 * @property {number} factor @property {number} slot
 */

/**
 * A decoder as it comes from the server.
 * @typedef {object} Decoder
 * @property {string} key stands for the bytes
 * @property {number} latent dimensions of a code
 * @property {number} classes labels of a conditional model, else 0
 * @property {[number, number, number]} input channels, height and width of what the first layer takes
 * @property {[number, number, number]} image channels, height and width of an image
 * @property {"logistic"|"clipped"} output what makes pixels in [0, 1] of the last layer's output
 * @property {Layer[]} layers
 * @property {Float32Array} weights
 * @property {Record<string, Float32Array>} extras
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Decoder}
 */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.format !== 1) throw new Error(`this decoder has the format ${header.format}, and this page reads 1`);
  const size = header.precision === "half" ? 2 : 4;
  const begin = 4 + length;
  const end = begin + header.weights * size;
  const body = bytes.slice(begin, end).buffer; // a copy, so that it begins where floats may
  const weights = size === 2 ? singles(new Uint16Array(body)) : new Float32Array(body);
  const others = new Float32Array(bytes.slice(end).buffer);
  /** @type {Record<string, Float32Array>} */
  const extras = {};
  for (const [name, { at, shape }] of Object.entries(header.extras)) {
    extras[name] = others.subarray(at, at + shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1));
  }
  return { ...header, weights, extras };
}

/** Half-precision floats as single ones. @param {Uint16Array} halves */
export function singles(halves) {
  if (typeof Float16Array === "function") return Float32Array.from(new Float16Array(halves.buffer));
  return Float32Array.from(halves, singleOf);
}

/** @param {number} bits of one finite half-precision float */
export function singleOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}
