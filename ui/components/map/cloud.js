/** The points of a map: where they are and were, their classes, and which are hidden, selected or set back. */

export const HIDDEN = 1;
export const SELECTED = 2;
export const FAINT = 4;
const OUTLIERS = 0.001; // share of the points at either end that the first view may leave out
const MARGIN_AROUND = 1.1;
const GRID = 24; // cells a side, for finding where a class is densest

/**
 * Where all points lie on one map, in units of its own: centred, and 1 from the middle to the edge of all but outliers.
 * @typedef {object} Layout
 * @property {string} key
 * @property {boolean} spatial
 * @property {Float32Array} places (x, y, z) one after the other
 * @property {number[]} centre of the server's coordinates
 * @property {number} unit of the server's coordinates in one of these
 * @property {[number, number]} extent
 */

/**
 * @param {{key: string, dimensions: number, low: number[], high: number[]}} header
 * @param {Uint16Array} steps from low to high
 * @returns {Layout}
 */
export function readLayout({ key, dimensions, low, high }, steps) {
  const spans = low.map((value, axis) => (high[axis] - value) / 65535);
  const middles = low.map((value, axis) => middleOfMost(steps, dimensions, axis).map((step) => value + step * spans[axis]));
  const centre = middles.map(([first, last]) => (first + last) / 2);
  const reaches = middles.map(([first, last]) => (last - first) / 2);
  const unit = Math.max(...reaches, 1e-12);
  const count = steps.length / dimensions;
  const places = new Float32Array(3 * count);
  for (let axis = 0; axis < dimensions; axis++) {
    const step = spans[axis] / unit;
    const first = (low[axis] - centre[axis]) / unit;
    for (let point = 0; point < count; point++) places[3 * point + axis] = first + step * steps[dimensions * point + axis];
  }
  const spatial = dimensions === 3;
  const extent = spatial ? Array(2).fill(radius(places)) : reaches.map((reach) => Math.max((MARGIN_AROUND * reach) / unit, 0.2));
  return { key, spatial, places, centre, unit, extent: /** @type {[number, number]} */ (extent) };
}

/** The ends between which all but a few outliers lie along an axis. @param {Uint16Array} steps */
function middleOfMost(steps, /** @type {number} */ dimensions, /** @type {number} */ axis) {
  const along = Uint16Array.from({ length: steps.length / dimensions }, (_, point) => steps[dimensions * point + axis]).sort();
  const outliers = Math.floor(OUTLIERS * along.length);
  return [along[outliers] ?? 0, along[along.length - 1 - outliers] ?? 0];
}

/** Within which all but a hundredth of the points lie. @param {Float32Array} places */
function radius(places) {
  const distances = Float32Array.from({ length: places.length / 3 }, (_, point) =>
    Math.hypot(places[3 * point], places[3 * point + 1], places[3 * point + 2]),
  ).sort();
  return Math.max(distances[Math.floor(0.99 * (distances.length - 1))] ?? 1, 0.2);
}

/** A place of the server's coordinates in a layout's units. @param {Layout} layout @param {number[]} coordinates */
export function placeIn({ centre, unit }, coordinates) {
  return [0, 1, 2].map((axis) => (axis < coordinates.length ? (coordinates[axis] - centre[axis]) / unit : 0));
}

/**
 * The middle of each group's densest part, so that a name stands among its points even if they lie in several heaps.
 * @param {Layout} layout @param {Uint8Array} groups @param {number} count of groups
 * @returns {([number, number, number] | null)[]}
 */
export function denseMiddles({ places, spatial }, groups, count) {
  const cell = (/** @type {number} */ value) => Math.min(GRID - 1, Math.max(0, Math.floor(((value + 1) / 2) * GRID)));
  const cellOf = (/** @type {number} */ point) => {
    const depth = spatial ? cell(places[3 * point + 2]) : 0;
    return (depth * GRID + cell(places[3 * point + 1])) * GRID + cell(places[3 * point]);
  };
  const tallies = Array.from({ length: count }, () => new Map());
  groups.forEach((group, point) => {
    const tally = tallies[group];
    if (tally) tally.set(cellOf(point), (tally.get(cellOf(point)) ?? 0) + 1);
  });
  const fullest = tallies.map((tally) => fullestCell(tally, spatial));
  const sums = fullest.map(() => [0, 0, 0, 0]);
  groups.forEach((group, point) => {
    if (!(group < count) || !isBeside(cellOf(point), fullest[group])) return;
    for (let axis = 0; axis < 3; axis++) sums[group][axis] += places[3 * point + axis];
    sums[group][3] += 1;
  });
  return sums.map(([x, y, z, total]) => (total ? [x / total, y / total, z / total] : null));
}

const parts = (/** @type {number} */ cell) => [cell % GRID, Math.floor(cell / GRID) % GRID, Math.floor(cell / GRID / GRID)];

function isBeside(/** @type {number} */ one, /** @type {number} */ other) {
  const there = parts(other);
  return parts(one).every((part, axis) => Math.abs(part - there[axis]) <= 1);
}

/** The cell that has most points together with those around it. @param {Map<number, number>} tally */
function fullestCell(tally, /** @type {boolean} */ spatial) {
  const steps = [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => y * GRID + x));
  const around = spatial ? [-1, 0, 1].flatMap((z) => steps.map((step) => z * GRID * GRID + step)) : steps;
  let most = 0;
  let found = -1;
  for (const cell of tally.keys()) {
    const total = around.reduce((sum, step) => sum + (tally.get(cell + step) ?? 0), 0);
    if (total > most) [most, found] = [total, cell];
  }
  return found;
}

/** The points and all that is known of them; what draws them reads it. */
export class Cloud {
  count = 0;
  /** What colours and shapes stand for: the classes, or clusters. @type {string[]} */
  groupNames = [];
  groups = new Uint8Array(0);
  /** @type {string[]} */
  classNames = [];
  classes = new Uint8Array(0);
  /** The positions of the images in the test split. */
  indices = new Uint32Array(0);
  /** Which colour of the palette each point has. */
  tones = new Uint8Array(0);
  /** HIDDEN, SELECTED, FAINT, added up. */
  states = new Uint8Array(0);
  /** @type {Layout | null} */
  layout = null;
  /** @type {Float32Array} */
  start = new Float32Array(0);
  /** @type {Float32Array} */
  end = new Float32Array(0);
  /** How far the points are from start to end, in [0, 1]. */
  progress = 1;
  /** Rise when buffers of their own must be filled anew. */
  revision = { places: 0, tones: 0, states: 0 };

  /** @param {{names: string[]}} header @param {{classes: Uint8Array, indices: Uint32Array}} arrays */
  setPoints({ names }, { classes, indices }) {
    this.count = indices.length;
    Object.assign(this, { classes, indices, classNames: names, groups: classes, groupNames: names });
    this.tones = new Uint8Array(this.count);
    this.states = new Uint8Array(this.count);
    this.layout = null;
    this.start = this.end = new Float32Array(0);
    this.revision.tones++;
    this.revision.states++;
  }

  /** Take up a layout; with `morph` the points begin where they are now. @param {Layout} layout */
  setLayout(layout, morph = false) {
    this.start = morph && this.end.length === layout.places.length ? this.between() : layout.places;
    this.end = layout.places;
    this.layout = layout;
    this.progress = this.start === this.end ? 1 : 0;
    this.revision.places++;
  }

  /** Where the points are at this moment. */
  between() {
    if (this.progress >= 1) return this.end;
    const share = eased(this.progress);
    return this.end.map((place, at) => this.start[at] + (place - this.start[at]) * share);
  }

  /** @param {Uint8Array} tones @param {Uint8Array} groups @param {string[]} groupNames */
  setTones(tones, groups, groupNames) {
    Object.assign(this, { tones, groups, groupNames });
    this.revision.tones++;
  }

  /** Set or clear a state of each point. @param {number} bit @param {(position: number) => boolean} has */
  mark(bit, has) {
    for (let position = 0; position < this.count; position++) {
      this.states[position] = has(position) ? this.states[position] | bit : this.states[position] & ~bit;
    }
    this.revision.states++;
  }

  isHidden = (/** @type {number} */ position) => (this.states[position] & HIDDEN) !== 0;
  isSelected = (/** @type {number} */ position) => (this.states[position] & SELECTED) !== 0;

  /** Positions of the selected points. */
  selected() {
    const found = [];
    for (let position = 0; position < this.count; position++) if (this.isSelected(position)) found.push(position);
    return found;
  }
}

/** Slow at either end. @param {number} share in [0, 1] */
export const eased = (share) => share * share * (3 - 2 * share);
