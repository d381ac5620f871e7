/** How quickly the image follows: frames a second, milliseconds from the hand to the image. */

const KEPT = 600;

export class Pace {
  constructor() {
    /** @type {number[]} milliseconds from an event to the frame after its image */
    this.delays = [];
    /** @type {number[]} milliseconds that decoding and drawing took */
    this.decodes = [];
    /** @type {number[]} when images were drawn */
    this.frames = [];
    /** Events of the hand, and images that came of them. */
    this.moves = 0;
    this.followed = 0;
    /** @type {number|null} */
    this.since = null;
  }

  /** An event of the hand. @param {number} timeStamp */
  moved(timeStamp) {
    this.moves += 1;
    this.since ??= timeStamp;
  }

  /** An image has been drawn that took so long. @param {number} milliseconds */
  drawn(milliseconds) {
    const since = this.since;
    this.since = null;
    keep(this.decodes, milliseconds);
    keep(this.frames, performance.now());
    if (since === null) return;
    this.followed += 1;
    requestAnimationFrame(() => keep(this.delays, performance.now() - since));
  }

  /** What to show of it. @param {string} engine */
  text(engine) {
    const decode = quantile(this.decodes.slice(-60), 0.5);
    const delay = quantile(this.delays.slice(-60), 0.95);
    const recent = this.frames.filter((time) => time > performance.now() - 1000).length;
    const parts = [`${engine}`, `${decode.toFixed(1)} ms an image`, `${recent} images in the last second`];
    if (this.delays.length) parts.push(`hand to image ${delay.toFixed(0)} ms (95 % within)`);
    return parts.join(" · ");
  }
}

function keep(/** @type {number[]} */ values, /** @type {number} */ value) {
  values.push(value);
  if (values.length > KEPT) values.shift();
}

/** @param {number[]} values @param {number} share */
export function quantile(values, share) {
  if (!values.length) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
