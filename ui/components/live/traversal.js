/** A gentle traversal of the latent space: from sample to sample, slowing down at each. */

import { wantsStillness } from "../elements.js";

const SECONDS = 2.4; // from one sample to the next

export class Traversal {
  /** @param {(code: Float32Array) => void} onStep @param {() => Float32Array} sample */
  constructor(onStep, sample) {
    this.onStep = onStep;
    this.sample = sample;
    this.running = false;
    this.path = straight;
    /** @type {Float32Array} */
    this.from = new Float32Array();
    /** @type {Float32Array} */
    this.to = this.from;
    this.begun = 0;
  }

  /** @param {Float32Array} code where to begin @param {boolean} spherical whether the codes lie about the origin */
  start(code, spherical) {
    this.running = true;
    this.path = spherical ? spherically : straight;
    this.from = code.slice();
    this.to = this.sample();
    this.begun = performance.now();
    this.#step();
  }

  stop() {
    this.running = false;
  }

  #step() {
    if (!this.running) return;
    const share = Math.min(1, (performance.now() - this.begun) / (1000 * SECONDS));
    const still = wantsStillness(); // then there is one image for each sample, and nothing glides
    if (!still || share === 1) {
      this.onStep(this.path(this.from, this.to, still ? 1 : (1 - Math.cos(Math.PI * share)) / 2));
    }
    if (share === 1) {
      this.from = this.to;
      this.to = this.sample();
      this.begun = performance.now();
    }
    requestAnimationFrame(() => this.#step());
  }
}

const straight = (/** @type {Float32Array} */ a, /** @type {Float32Array} */ b, /** @type {number} */ share) =>
  a.map((value, at) => value + share * (b[at] - value));

/**
 * Between two codes along the shell where the prior has its mass; see slerp in vae_core/latent/paths.py.
 * @param {Float32Array} a @param {Float32Array} b @param {number} share
 */
function spherically(a, b, share) {
  const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)];
  const cosine = a.reduce((sum, value, at) => sum + value * b[at], 0) / (lengthA * lengthB);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (!(Math.sin(angle) > 1e-4)) return straight(a, b, share);
  const size = lengthA + share * (lengthB - lengthA);
  const [left, right] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map((part) => part / Math.sin(angle));
  return a.map((value, at) => size * ((left * value) / lengthA + (right * b[at]) / lengthB));
}
