/** What lies over and under the points: names of groups, pictures, marks, the outline being drawn, a background. */

import { context2d } from "../elements.js";
import { placeIn } from "./cloud.js";

/** @typedef {import("./camera.js").Camera} Camera @typedef {import("./cloud.js").Cloud} Cloud */
/** @typedef {import("./thumbnails.js").Thumbnails} Thumbnails */
/** @typedef {{position: number, left: number, top: number, size: number}} Placed a picture on the screen */
/** @typedef {{ink: string, paper: string, accent: string}} Colours of the page */
/** @typedef {import("./props.js").Mark} Mark */
/** @typedef {import("./props.js").BackgroundHeader & {image: CanvasImageSource | null}} Background */

const SMALLEST_PICTURE = 26;
const LARGEST_PICTURE = 64;
const MOST_PICTURES = 1200;
const ROOM = 2; // pixels between pictures
const NAME_FONT = "600 13px";
const NAME_HEIGHT = 17;

/** Take a fresh sheet of a canvas's size. @param {HTMLCanvasElement} canvas @param {number} ratio */
export function freshPen(canvas, ratio) {
  const pen = context2d(canvas);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

/** How large pictures are at a zoom. @param {number} zoom */
export const pictureSize = (zoom) =>
  Math.round(Math.min(LARGEST_PICTURE, SMALLEST_PICTURE + 5 * Math.max(0, Math.log2(zoom))));

/**
 * Choose the points that get a picture: in order, each where it covers no other picture.
 * @param {Cloud} cloud @param {Camera} camera @param {Float32Array} places of the turned map
 * @param {(position: number) => boolean} mayShow
 * @returns {Placed[]}
 */
export function placePictures(cloud, camera, places, mayShow) {
  const size = pictureSize(camera.zoom);
  const step = size + ROOM;
  const cells = new Map();
  /** @type {Placed[]} */
  const placed = [];
  for (let position = 0; position < cloud.count && placed.length < MOST_PICTURES; position++) {
    const [x, y] = camera.toScreen(places[2 * position], places[2 * position + 1]);
    if (x < -size || y < -size || x > camera.width + size || y > camera.height + size) continue;
    if (!mayShow(position) || isTaken(cells, x, y, step)) continue;
    cells.set(`${Math.floor(x / step)} ${Math.floor(y / step)}`, [x, y]);
    placed.push({ position, left: x - size / 2, top: y - size / 2, size });
  }
  return placed;
}

function isTaken(
  /** @type {Map<string, number[]>} */ cells, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ step,
) {
  for (let row = -1; row <= 1; row++) {
    for (let column = -1; column <= 1; column++) {
      const other = cells.get(`${Math.floor(x / step) + column} ${Math.floor(y / step) + row}`);
      if (other && Math.abs(other[0] - x) < step && Math.abs(other[1] - y) < step) return true;
    }
  }
  return false;
}

/**
 * @param {CanvasRenderingContext2D} pen @param {Placed[]} placed @param {Thumbnails} thumbnails
 * @param {(position: number) => string} colourOf the frame
 */
export function drawPictures(pen, placed, thumbnails, colourOf) {
  pen.imageSmoothingEnabled = false;
  pen.lineWidth = 2;
  for (const { position, left, top, size } of placed) {
    const picture = thumbnails.get(position);
    if (!picture) continue;
    pen.drawImage(picture.image, picture.left, 0, picture.width, picture.height, left, top, size, size);
    pen.strokeStyle = colourOf(position);
    pen.strokeRect(left, top, size, size);
  }
}

/**
 * Names of the groups, moved apart where they would cover each other.
 * @param {CanvasRenderingContext2D} pen @param {{name: string, x: number, y: number}[]} names in pixels
 * @param {{name: string, x: number, y: number}[]} taken what stands there already
 * @param {Colours} colours @param {string} font
 */
export function drawNames(pen, names, taken, { ink, paper }, font) {
  pen.font = `${NAME_FONT} ${font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  const measured = (/** @type {{name: string, x: number, y: number}[]} */ all) =>
    all.map((one) => ({ ...one, wide: pen.measureText(one.name).width }));
  for (const { name, x, y } of spread(measured(names), measured(taken))) {
    pen.strokeStyle = paper;
    pen.globalAlpha = 0.85;
    pen.strokeText(name, x, y);
    pen.globalAlpha = 1;
    pen.fillStyle = ink;
    pen.fillText(name, x, y);
  }
}

/** @typedef {{name: string, x: number, y: number, wide: number}} Box @param {Box[]} names @param {Box[]} taken */
function spread(names, taken) {
  const placed = [];
  for (const one of [...names].sort((a, b) => a.y - b.y)) {
    let { y } = one;
    for (const other of [...taken, ...placed].sort((a, b) => a.y - b.y)) {
      const beside = Math.abs(other.x - one.x) < (other.wide + one.wide) / 2 + 6;
      if (beside && Math.abs(y - other.y) < NAME_HEIGHT) y = other.y + NAME_HEIGHT;
    }
    placed.push({ ...one, y });
  }
  return placed;
}

/**
 * Rings with a name around what is pointed out, and lines to the points that belong to it.
 * @param {CanvasRenderingContext2D} pen @param {{mark: Mark, x: number, y: number, ends: number[][]}[]} marks in pixels
 * @param {Colours} colours @param {string} font
 */
export function drawMarks(pen, marks, { ink, paper, accent }, font) {
  for (const { mark, x, y, ends } of marks) {
    pen.lineWidth = 1.5;
    pen.strokeStyle = ink;
    pen.globalAlpha = 0.6;
    for (const [right, down] of ends) line(pen, x, y, right, down);
    pen.globalAlpha = 1;
    for (const [width, colour] of [[5, paper], [2.5, accent]]) {
      pen.lineWidth = /** @type {number} */ (width);
      pen.strokeStyle = /** @type {string} */ (colour);
      pen.beginPath();
      pen.arc(x, y, 9, 0, 2 * Math.PI);
      pen.stroke();
      for (const [right, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        line(pen, x + 9 * right, y + 9 * down, x + 15 * right, y + 15 * down);
      }
    }
    pen.font = `${NAME_FONT} ${font}`;
    const fits = x + 19 + pen.measureText(mark.label).width < pen.canvas.clientWidth;
    const at = fits ? x + 19 : x - 19;
    pen.textAlign = fits ? "left" : "right";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = paper;
    pen.strokeText(mark.label, at, y);
    pen.fillStyle = accent;
    pen.fillText(mark.label, at, y);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen @param {number} fromX @param {number} fromY @param {number} toX @param {number} toY
 */
function line(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

/** The lasso or rectangle. @param {CanvasRenderingContext2D} pen @param {number[][]} outline @param {Colours} colours */
export function drawOutline(pen, outline, { accent }) {
  pen.beginPath();
  outline.forEach(([x, y]) => pen.lineTo(x, y));
  pen.closePath();
  pen.fillStyle = accent;
  pen.globalAlpha = 0.12;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = accent;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Under a plane of codes: what the decoder makes of its points, and the prior's circles.
 * @param {CanvasRenderingContext2D} pen @param {Background} background
 * @param {import("./cloud.js").Layout} layout @param {Camera} camera @param {Colours} colours @param {string} font
 */
export function drawBackground(pen, { image, extent, circles, grey }, layout, camera, { ink, paper }, font) {
  const at = (/** @type {number} */ x, /** @type {number} */ y) => {
    const [right, up] = placeIn(layout, [x, y]);
    return camera.toScreen(right, up);
  };
  if (image) {
    const [left, right, bottom, top] = extent;
    const [fromX, fromY] = at(left, top);
    const [toX, toY] = at(right, bottom);
    const light = isLight(pen, paper);
    pen.globalAlpha = light ? 0.35 : 0.5;
    if (grey && light) pen.filter = "invert(1)"; // dark things on the light page
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, fromX, fromY, toX - fromX, toY - fromY);
    pen.filter = "none";
    pen.globalAlpha = 1;
  }
  const [x, y] = at(0, 0);
  pen.font = `12px ${font}`;
  pen.textAlign = "center";
  for (const { radius, label } of circles) {
    const reach = at(radius, 0)[0] - x;
    pen.lineWidth = 1.5;
    pen.strokeStyle = ink;
    pen.setLineDash([6, 5]);
    pen.globalAlpha = 0.7;
    pen.beginPath();
    pen.arc(x, y, reach, 0, 2 * Math.PI);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    pen.lineWidth = 4;
    pen.strokeStyle = paper;
    pen.fillStyle = ink;
    pen.strokeText(label, x, y - reach);
    pen.fillText(label, x, y - reach);
  }
}

/** Whether a colour is nearer to white than to black. @param {CanvasRenderingContext2D} pen @param {string} colour */
function isLight(pen, colour) {
  pen.fillStyle = colour; // which the canvas writes as #rrggbb
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(String(pen.fillStyle).slice(at, at + 2), 16));
  return 0.3 * red + 0.6 * green + 0.1 * blue > 128;
}
