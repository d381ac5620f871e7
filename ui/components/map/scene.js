/** What the map shows at a moment, and drawing it: points, names, pictures, marks, a background. */

import { find, Frame, wantsStillness } from "../elements.js";
import { Camera } from "./camera.js";
import { Cloud, denseMiddles, eased, FAINT, HIDDEN, placeIn, SELECTED } from "./cloud.js";
import { toPng, toSvg } from "./files.js";
import { drawBackground, drawMarks, drawNames, drawOutline, drawPictures, freshPen, placePictures } from "./overlay.js";
import { createRenderer } from "./renderer.js";

const MORPH = 650; // milliseconds
const LONGEST_STEP = 100;
const MOST_NAMES = 40; // more would cover the points; hovering still names them
const PICTURES_FROM = 3.5; // zoom from which pictures come by themselves

export class Scene {
  cloud = new Cloud();
  camera = new Camera();
  selecting = false;
  allPictures = false;
  /** Groups that the legend hides. @type {Set<number>} */
  hiddenGroups = new Set();
  /** The lasso that is being drawn. @type {number[][] | null} */
  outline = null;
  /** @type {import("./props.js").Mark[]} */
  marks = [];
  /** Where the current point is while a hand moves it, in the layout's units. @type {number[] | null} */
  moving = null;
  /** What it is called then. */
  movingLabel = "";
  /** @type {import("./overlay.js").Placed[]} */
  placed = [];
  /** @type {import("./thumbnails.js").Thumbnails | null} */
  thumbnails = null;
  /** Where the points are, turned, as (x, y). */
  places = new Float32Array(0);
  /** What lies under one layout. @type {import("./overlay.js").Background | null} */
  background = null;
  /** 256 colours of red, green, blue, opacity. @type {Uint8Array | null} */
  palette = null;
  /** Device pixels for one of CSS. */
  ratio = 1;
  /** When the points last moved on, in milliseconds. */
  lastStep = 0;
  /** @type {number[] | null} */
  oldExtent = null;
  /** Where the groups' names stand, and stood before. @type {ReturnType<typeof denseMiddles> | undefined} */
  middles;
  /** @type {ReturnType<typeof denseMiddles> | undefined} */
  oldMiddles;
  frame = new Frame(() => {
    this.#advance();
    this.#draw();
  });
  /** For measurements: when points came first, and frames. */
  log = { firstPoints: 0, frames: 0 };

  /** @param {HTMLElement} section whose style has the page's colours @param {HTMLElement} stage with three canvases */
  constructor(section, stage) {
    this.section = section;
    this.stage = stage;
    this.under = find(stage, ".under", HTMLCanvasElement);
    this.canvas = find(stage, ".points", HTMLCanvasElement);
    this.over = find(stage, ".over", HTMLCanvasElement);
    this.renderer = createRenderer(this.canvas);
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(stage);
    this.#resize();
  }

  /** @param {Uint8Array} palette 256 colours of red, green, blue, opacity */
  setPalette(palette) {
    this.palette = palette;
    this.renderer.setPalette(palette);
  }

  /** A colour of the palette as CSS. @param {number} tone */
  colour(tone) {
    const [red, green, blue] = this.palette?.subarray(4 * tone, 4 * tone + 3) ?? [0, 0, 0];
    return `rgb(${red} ${green} ${blue})`;
  }

  /** Show another map of the points; they move to their new places. @param {import("./cloud.js").Layout} layout */
  setLayout(layout) {
    const still = wantsStillness();
    const morph = this.cloud.layout !== null && !still;
    this.oldExtent = [...this.camera.extent];
    const turned = this.camera.spatial !== layout.spatial;
    this.cloud.setLayout(layout, morph);
    this.camera.setSpatial(layout.spatial);
    if (!morph || turned) this.camera.extent = [...layout.extent];
    this.findMiddles(morph);
    this.stage.querySelector(".waiting")?.remove();
    this.lastStep = 0;
    this.redraw();
  }

  /** Find where names stand. @param {boolean} morph whether they move there */
  findMiddles(morph) {
    const { layout, groups, groupNames } = this.cloud;
    if (!layout) return;
    this.oldMiddles = morph ? this.middles : undefined;
    this.middles = denseMiddles(layout, groups, groupNames.length);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    this.ratio = devicePixelRatio || 1;
    this.camera.width = clientWidth;
    this.camera.height = clientHeight;
    for (const canvas of [this.under, this.canvas, this.over]) {
      canvas.width = Math.round(clientWidth * this.ratio);
      canvas.height = Math.round(clientHeight * this.ratio);
    }
    this.redraw();
  }

  /** Draw at the next frame. */
  redraw() {
    this.frame.request();
  }

  /** One step of the points towards their new places. */
  #advance() {
    const { cloud } = this;
    if (cloud.progress >= 1 || !cloud.layout) return;
    const now = performance.now();
    const step = Math.min(LONGEST_STEP, now - (this.lastStep || now)); // a browser that is late skips no part of the motion
    this.lastStep = now;
    cloud.progress = Math.min(1, cloud.progress + step / MORPH);
    const share = eased(cloud.progress);
    const [from, to] = [this.oldExtent ?? cloud.layout.extent, cloud.layout.extent];
    this.camera.extent = to.map((end, axis) => from[axis] + (end - from[axis]) * share);
    if (cloud.progress < 1) this.redraw();
  }

  #draw() {
    const { cloud, camera, ratio } = this;
    if (!cloud.layout || !this.palette) return;
    this.places = this.places.length === 2 * cloud.count ? this.places : new Float32Array(2 * cloud.count);
    camera.project(cloud.between(), this.places);
    const size = this.#pointSize();
    const shaped = cloud.groupNames.length > 1 && size > 3.5;
    this.renderer.draw(cloud, camera, { size, selecting: this.selecting, shaped, ratio });
    this.#drawUnder();
    this.#drawOver();
    this.log.frames++;
    this.log.firstPoints ||= performance.now();
    this.section.dataset.layout = cloud.progress < 1 ? "" : cloud.layout.key;
  }

  #pointSize() {
    const { count } = this.cloud;
    const base = count > 30_000 ? 2.6 : count > 6000 ? 4.2 : count > 1500 ? 5.5 : 7;
    const depth = this.camera.spatial ? 1.25 : 1; // those behind are drawn smaller
    return Math.min(15, depth * base * Math.sqrt(Math.max(this.camera.zoom, 0.7)) * Math.min(1.25, Math.max(0.8, this.camera.height / 620)));
  }

  #colours() {
    const style = getComputedStyle(this.section);
    const read = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    return { ink: read("--st-text-color"), paper: read("--st-background-color"), accent: read("--st-primary-color"),
      font: read("--st-font") || "sans-serif" };
  }

  #drawUnder() {
    const pen = freshPen(this.under, this.ratio);
    const { background, camera, cloud } = this;
    if (background && cloud.layout && background.layout === cloud.layout.key && !camera.spatial) {
      const colours = this.#colours();
      drawBackground(pen, background, cloud.layout, camera, colours, colours.font);
    }
  }

  #drawOver() {
    const pen = freshPen(this.over, this.ratio);
    const colours = this.#colours();
    this.placed = this.showsPictures() ? placePictures(this.cloud, this.camera, this.places, this.#mayShow) : [];
    if (this.thumbnails) drawPictures(pen, this.placed, this.thumbnails, (position) => this.colour(this.cloud.tones[position]));
    const marks = this.#marks();
    const taken = marks.map(({ mark, x, y }) => ({ name: `oooo ${mark.label}`, x: x + 45, y })); // its ring, too
    drawNames(pen, this.#names(), taken, colours, colours.font);
    drawMarks(pen, marks, colours, colours.font);
    if (this.outline && this.outline.length > 1) drawOutline(pen, this.outline, colours);
  }

  /** Whether pictures stand for points. */
  showsPictures() {
    const near = this.allPictures || this.camera.zoom >= PICTURES_FROM;
    return near && this.cloud.progress >= 1;
  }

  #mayShow = (/** @type {number} */ position) => {
    const state = this.cloud.states[position];
    return !(state & (HIDDEN | FAINT)) && (!this.selecting || (state & SELECTED) !== 0);
  };

  /** The groups' names and where they stand. */
  #names() {
    const { groupNames, progress } = this.cloud;
    if (groupNames.length < 2 || groupNames.length > MOST_NAMES || !this.middles || this.placed.length) return [];
    const share = eased(progress);
    return groupNames.flatMap((name, group) => {
      const place = this.middles?.[group];
      if (!place || this.hiddenGroups.has(group)) return [];
      const before = progress < 1 ? (this.oldMiddles?.[group] ?? place) : place;
      const [x, y] = this.#project(place.map((end, axis) => before[axis] + (end - before[axis]) * share));
      return [{ name, x, y }];
    });
  }

  #project(/** @type {number[]} */ place) {
    const turned = new Float32Array(2);
    this.camera.project(Float32Array.from(place), turned);
    return this.camera.toScreen(turned[0], turned[1]);
  }

  #marks() {
    const { layout, count } = this.cloud;
    const moved = this.moving && layout ? this.#moved(this.moving) : [];
    const still = this.marks.filter(({ kind }) => !moved.length || kind !== "current");
    return [...moved, ...still.flatMap((mark) => {
      const at = mark.at[layout?.key ?? ""];
      const position = mark.position !== null && mark.position < count ? mark.position : null;
      if (!layout || (position === null && !at)) return [];
      const [x, y] = position !== null ? this.screenOf(position) : this.#project(placeIn(layout, at));
      return [{ mark, x, y, ends: mark.links.map((position) => this.screenOf(position)) }];
    })];
  }

  #moved(/** @type {number[]} */ place) {
    const [x, y] = this.#project(place);
    return [{ mark: { label: this.movingLabel, kind: "current", position: null, at: {}, links: [] }, x, y, ends: [] }];
  }

  /** Where a point is on the stage, in pixels. @param {number} position */
  screenOf(position) {
    return this.camera.toScreen(this.places[2 * position], this.places[2 * position + 1]);
  }

  /** What is on the screen, as a file. */
  toSvg() {
    const { cloud, camera } = this;
    const points = [];
    for (let position = 0; position < cloud.count; position++) {
      const [x, y] = this.screenOf(position);
      const state = cloud.states[position];
      if (state & HIDDEN || x < 0 || y < 0 || x > camera.width || y > camera.height) continue;
      const faint = Boolean(state & FAINT) || (this.selecting && !(state & SELECTED));
      points.push({ x, y, group: cloud.groups[position], colour: this.colour(cloud.tones[position]), faint });
    }
    return toSvg({ width: camera.width, height: camera.height, ...this.#colours() }, points, this.#pointSize(), this.#names());
  }

  /** What is on the screen, as a file. */
  toPng() {
    this.#draw(); // the browser forgets WebGL's canvas between frames
    return toPng([this.under, this.canvas, this.over], this.#colours().paper);
  }

  close() {
    this.resizing.disconnect();
    this.thumbnails?.close();
    this.renderer.close();
  }
}
