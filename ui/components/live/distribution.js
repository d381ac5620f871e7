/** Random codes, and how far out a code lies. */

/** @typedef {import("./unpack.js").Decoder} Decoder */

const ITERATIONS = 500;
const PRECISION = 1e-12;

/** A sample from N(0, 1), by Box and Muller (1958). */
export function standardNormal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * A code from the prior N(0, temperature² I), or, for a deterministic model, from the Gaussian fitted to its codes.
 * @param {Decoder} decoder @param {boolean} variational @param {number} temperature
 */
export function sampleCode(decoder, variational, temperature) {
  if (variational) return Float32Array.from({ length: decoder.latent }, () => temperature * standardNormal());
  const { mean, principal } = decoder.extras;
  const code = Float32Array.from(mean);
  for (let row = 0; row * decoder.latent < principal.length; row++) {
    const amount = temperature * standardNormal();
    for (let at = 0; at < decoder.latent; at++) code[at] += amount * principal[row * decoder.latent + at];
  }
  return code;
}

/**
 * The share of the prior's mass (or the fitted Gaussian's) that lies nearer its centre: 0 at the centre, 1 far out.
 * The squared (Mahalanobis) norm of a sample is chi-square distributed.
 * @param {Decoder} decoder @param {boolean} variational @param {ArrayLike<number>} code
 */
export function typicality(decoder, variational, code) {
  const square = variational ? sumOfSquares(code) : mahalanobis(decoder, code);
  return lowerGamma(decoder.latent / 2, square / 2);
}

function sumOfSquares(/** @type {ArrayLike<number>} */ code) {
  let sum = 0;
  for (let at = 0; at < code.length; at++) sum += code[at] ** 2;
  return sum;
}

/** Squared distance from the codes' mean, along each principal direction in that direction's standard deviations. */
function mahalanobis(/** @type {Decoder} */ { latent, extras }, /** @type {ArrayLike<number>} */ code) {
  const { mean, principal } = extras;
  let sum = 0;
  for (let start = 0; start < principal.length; start += latent) {
    let along = 0;
    let length = 0;
    for (let at = 0; at < latent; at++) {
      along += principal[start + at] * (code[at] - mean[at]);
      length += principal[start + at] ** 2;
    }
    if (length > 0) sum += (along / length) ** 2;
  }
  return sum;
}

/**
 * The regularised lower incomplete gamma function P(a, x): by its series for small x, else by Lentz's continued
 * fraction (Press et al., Numerical Recipes, section 6.2).
 * @param {number} a above 0 @param {number} x
 */
export function lowerGamma(a, x) {
  if (!(x > 0)) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < ITERATIONS && term > sum * PRECISION; n++) sum += term *= x / (a + n);
    return Math.min(1, front * sum);
  }
  let b = x + 1 - a;
  let c = 1 / Number.MIN_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < ITERATIONS; n++) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return Math.max(0, 1 - front * fraction);
}

/** Stirling's series for log Γ(a), after lifting a above 8, where five terms are exact to single rounding. */
function logGamma(/** @type {number} */ a) {
  let lift = 0;
  for (; a < 8; a++) lift += Math.log(a);
  const inverse = 1 / (a * a);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / a;
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + series - lift;
}
