/** From the map's own units to pixels of the screen and back: zoom, place, and for three dimensions a turn. */

const MARGIN = 0.94; // of the canvas that the whole map fills
const LEAST_ZOOM = 0.5;
const MOST_ZOOM = 400;
const STEEPEST = Math.PI / 2;
const TURN_A_PIXEL = 0.008; // radians
const FIRST_TURN = { around: 0.6, over: 0.35 };

export class Camera {
  width = 1;
  height = 1;
  /** Half of what the map measures from side to side and from top to bottom, in its units. */
  extent = [1, 1];
  spatial = false;
  /** Pixels on the left that the whole map leaves free, for the tools. */
  inset = 46;

  /** What lies in the middle, in units of the turned map. */
  x = 0;
  y = 0;
  zoom = 1;
  /** The turn around the upright axis and over, in radians. */
  around = 0;
  over = 0;
  /** The rotation, by rows. */
  turn = [1, 0, 0, 0, 1, 0, 0, 0, 1];

  /** Show the whole map. */
  reset() {
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
    this.around = this.spatial ? FIRST_TURN.around : 0;
    this.over = this.spatial ? FIRST_TURN.over : 0;
    this.#turn();
  }

  /** Change between two and three dimensions. @param {boolean} spatial */
  setSpatial(spatial) {
    if (spatial === this.spatial) return;
    this.spatial = spatial;
    this.reset();
  }

  /** Pixels for one unit of the map. */
  get scale() {
    const room = Math.max(this.width - this.inset, 100);
    return this.zoom * MARGIN * Math.min(room / (2 * this.extent[0]), this.height / (2 * this.extent[1]));
  }

  /** The middle of what the tools leave free, in pixels. */
  get middle() {
    return (this.width + this.inset) / 2;
  }

  /** @param {number} x @param {number} y of the turned map @returns {[number, number]} pixels */
  toScreen(x, y) {
    return [this.middle + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  /** @param {number} left @param {number} top pixels @returns {[number, number]} in units of the turned map */
  toMap(left, top) {
    return [this.x + (left - this.middle) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  /** @param {number} right @param {number} down pixels by which the map is dragged */
  pan(right, down) {
    this.x -= right / this.scale;
    this.y += down / this.scale;
  }

  /** Zoom so that what is under a pixel stays there. @param {number} factor @param {number} left @param {number} top */
  zoomAt(factor, left = this.middle, top = this.height / 2) {
    const [x, y] = this.toMap(left, top);
    this.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.zoom * factor));
    const [nowX, nowY] = this.toMap(left, top);
    this.x += x - nowX;
    this.y += y - nowY;
  }

  /** Bring a place into the middle, if it is outside of the screen. @param {number} x @param {number} y */
  reveal(x, y) {
    const [left, top] = this.toScreen(x, y);
    const edge = 40;
    const inside = left > edge && left < this.width - edge && top > edge && top < this.height - edge;
    if (!inside) [this.x, this.y] = [x, y];
  }

  /** @param {number} right @param {number} down pixels by which a spatial map is turned */
  rotate(right, down) {
    this.around += right * TURN_A_PIXEL;
    this.over = Math.max(-STEEPEST, Math.min(STEEPEST, this.over + down * TURN_A_PIXEL));
    this.#turn();
  }

  /** The rotation as rows: around the upright axis, then over. */
  #turn() {
    const [sine, cosine] = [Math.sin(this.around), Math.cos(this.around)];
    const [up, flat] = [Math.sin(this.over), Math.cos(this.over)];
    this.turn = [cosine, 0, sine, up * sine, flat, -up * cosine, -flat * sine, up, flat * cosine];
  }

  /** Turned places (x, y) of places (x, y, z). @param {Float32Array} places @param {Float32Array} target */
  project(places, target) {
    const [a, b, c, d, e, f] = this.turn;
    for (let from = 0, to = 0; to < target.length; from += 3, to += 2) {
      const x = places[from];
      const y = places[from + 1];
      const z = places[from + 2];
      target[to] = a * x + b * y + c * z;
      target[to + 1] = d * x + e * y + f * z;
    }
  }
}
