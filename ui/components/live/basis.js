/** The directions that sliders move along: latent dimensions, principal directions, attributes, or the visitor's own. */

/** @typedef {import("./unpack.js").Decoder} Decoder */

const REACH = 3.5; // standard deviations that a slider over a direction covers, each way

/** @typedef {"dimensions"|"principal"|"attributes"|"own"} BasisName */

/**
 * One direction that can be moved along.
 * @typedef {object} Axis
 * @property {string} name
 * @property {string} note what it carries, in words
 * @property {boolean} active false for one that carries nothing to speak of
 * @property {number} low @property {number} high the slider's ends
 * @property {number} rest the value of the codes' centre
 * @property {(code: ArrayLike<number>) => number} value where a code lies along it
 * @property {(code: Float32Array, change: number) => void} move changes the code
 */

/**
 * The axes of a basis, those that carry most first.
 * @param {Decoder} decoder
 * @param {BasisName} basis
 * @param {{scoreUnit: string, attributes: string[], own: import("./props.js").OwnDirection[]}} props
 * @returns {Axis[]}
 */
export function axesOf(decoder, basis, props) {
  const { principal, principal_share: shares, attributes } = decoder.extras;
  if (basis === "principal") {
    return Array.from(shares, (share, row) =>
      direction(decoder, principal, row, `Direction ${row + 1}`, `${percent(share)} of variance`, share > 1e-4));
  }
  if (basis === "attributes" && attributes) {
    return props.attributes.map((name, row) => direction(decoder, attributes, row, name, "", true));
  }
  if (basis === "own" && props.own.length) {
    const steps = Float32Array.from(props.own.flatMap(({ step }) => step));
    return props.own.map(({ name }, row) => direction(decoder, steps, row, name, "", true));
  }
  return Array.from(decoder.extras.order, (dimension) => latentDimension(decoder, dimension, props.scoreUnit));
}

const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;

/** @returns {Axis} */
function latentDimension(/** @type {Decoder} */ { extras }, /** @type {number} */ dimension, /** @type {string} */ unit) {
  const score = extras.score[dimension];
  const active = extras.active[dimension] > 0;
  return {
    name: `z${dimension}`,
    note: unit === "nats" ? `${score.toFixed(2)} nats` : `${percent(score)} of variance`,
    active,
    low: extras.ranges[2 * dimension],
    high: extras.ranges[2 * dimension + 1],
    rest: extras.centre[dimension],
    value: (code) => code[dimension],
    move: (code, change) => {
      code[dimension] += change;
    },
  };
}

/** A direction given by a row of steps, each one standard deviation of the codes long. @returns {Axis} */
function direction(
  /** @type {Decoder} */ { latent, extras }, /** @type {Float32Array} */ rows, /** @type {number} */ row,
  /** @type {string} */ name, /** @type {string} */ note, /** @type {boolean} */ active,
) {
  const step = rows.subarray(row * latent, (row + 1) * latent);
  const square = step.reduce((sum, part) => sum + part * part, 0) || 1;
  const value = (/** @type {ArrayLike<number>} */ code) => {
    let along = 0;
    for (let at = 0; at < latent; at++) along += step[at] * (code[at] - extras.mean[at]);
    return along / square;
  };
  return {
    name, note, active, value, low: -REACH, high: REACH, rest: value(extras.centre),
    move: (code, change) => {
      for (let at = 0; at < latent; at++) code[at] += change * step[at];
    },
  };
}
