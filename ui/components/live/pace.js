/** How quickly the picture follows: frames a second, milliseconds from the hand to the paint. */

const KEPT = 600;

export class Pace {
  constructor() {
    /** @type {number[]} milliseconds from an event to the frame after its paint */
    this.delays = [];
    /** @type {number[]} milliseconds that decoding and painting took */
    this.decodes = [];
    /** @type {number[]} when pictures were painted */
    this.paints = [];
    /** Events of the hand, and paints that came of them. */
    this.moves = 0;
    this.painted = 0;
    /** @type {number|null} */
    this.since = null;
  }

  /** An event of the hand. @param {number} timeStamp */
  moved(timeStamp) {
    this.moves += 1;
    this.since ??= timeStamp;
  }

  /** A picture has been painted that took so long. @param {number} milliseconds */
  drawn(milliseconds) {
    const since = this.since;
    this.since = null;
    keep(this.decodes, milliseconds);
    keep(this.paints, performance.now());
    if (since === null) return;
    this.painted += 1;
    requestAnimationFrame(() => keep(this.delays, performance.now() - since));
  }

  /** What to show of it. @param {string} engine */
  text(engine) {
    const decode = quantile(this.decodes.slice(-60), 0.5);
    const delay = quantile(this.delays.slice(-60), 0.95);
    const recent = this.paints.filter((time) => time > performance.now() - 1000).length;
    const parts = [`${engine}`, `${decode.toFixed(1)} ms a picture`, `${recent} pictures in the last second`];
    if (this.delays.length) parts.push(`hand to picture ${delay.toFixed(0)} ms (95 % within)`);
    return parts.join(" · ");
  }
}

function keep(/** @type {number[]} */ numbers, /** @type {number} */ number) {
  numbers.push(number);
  if (numbers.length > KEPT) numbers.shift();
}

/** @param {number[]} numbers @param {number} share */
export function quantile(numbers, share) {
  if (!numbers.length) return 0;
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
