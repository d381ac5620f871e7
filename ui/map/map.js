/** The map of points, as a Streamlit component. What it shows comes in parcels; see ui/map/__init__.py. */

import { Camera } from "./camera.js";
import { Cloud, denseMiddles, eased, FAINT, HIDDEN, placeIn, readLayout, SELECTED } from "./cloud.js";
import { save, toPng, toSvg } from "./files.js";
import { Gestures } from "./gestures.js";
import { Legend } from "./legend.js";
import { Link } from "./links.js";
import { drawBackground, drawMarks, drawNames, drawOutline, drawPictures, freshPen, placePictures } from "./overlay.js";
import { createRenderer } from "./renderer.js";
import { inside, nearest, neighbour, search } from "./search.js";
import { combined, fromBits, toBits } from "./selection.js";
import { Sliders } from "./sliders.js";
import { delivered, deliveredUnder, listen } from "./store.js";
import { Thumbnails } from "./thumbnails.js";
import { Tooltip } from "./tooltip.js";

const MORPH = 650; // milliseconds
const REACH = 14; // pixels from the pointer within which a point is hit
const PICTURES_FROM = 3.5; // zoom from which pictures come by themselves
const STEP = 1.4; // of the zoom buttons
const LONGEST_LOG = 2000; // measured hovers
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

class MapView {
  cloud = new Cloud();
  camera = new Camera();
  mode = /** @type {import("./gestures.js").Mode} */ ("move");
  hovered = -1;
  cursor = -1;
  selecting = false;
  allPictures = false;
  /** @type {number[][] | null} */
  outline = null;
  /** @type {import("./overlay.js").Placed[]} */
  placed = [];
  /** Where the points are, turned, as (x, y). */
  places = new Float32Array(0);
  shown = { points: "", layout: "", tones: "", state: "", revision: -1, background: "" };
  /** For tests and measurements: milliseconds from the pointer's event to the picture, and when points came first. */
  log = { hovers: /** @type {number[]} */ ([]), firstPoints: 0, frames: 0 };
  send = (/** @type {string} */ name, /** @type {any} */ value) => {};

  /** @param {HTMLElement} section @param {string} name of this map's parcels */
  constructor(section, name) {
    this.section = section;
    this.name = name;
    const find = (/** @type {string} */ selector) => /** @type {any} */ (section.querySelector(selector));
    this.stage = find(".stage");
    [this.under, this.canvas, this.over] = [find(".under"), find(".points"), find(".over")];
    this.spoken = find(".spoken");
    this.renderer = createRenderer(this.canvas);
    this.tooltip = new Tooltip(find(".tip"), find(".ring"));
    this.legend = new Legend(find(".legend"), () => this.#hideGroups(true), (group) => this.#pointOut(group));
    this.sliders = new Sliders(
      find(".parameters"), (values) => this.#tune(values), (values) => this.send("tuned", values),
    );
    this.gestures = new Gestures(this.stage, this.#actions());
    this.#listenToTools(find(".search"));
    this.stopListening = listen((parcel) => this.#arrived(parcel.header.slot));
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.stage);
    this.#resize();
    this.#refresh();
  }

  // --- what comes from the server ---

  #arrived(/** @type {string} */ slot) {
    if (slot.startsWith("thumbnails:")) {
      this.thumbnails?.refresh();
      this.redraw();
    } else if (slot.split(":")[1] === this.name) this.#refresh();
  }

  /** Take up whatever parcels have arrived; the points need all of points, layout and tones. */
  #refresh() {
    const [state, points, tones] = ["state", "points", "tones"].map((kind) => delivered(`${kind}:${this.name}`));
    if (!state || points?.header.id !== state.header.points) return;
    this.state = state.header;
    if (this.shown.points !== points.header.id) {
      this.shown = { ...this.shown, points: points.header.id, layout: "", tones: "", revision: -1 };
      this.cloud.setPoints(points.header, points.arrays);
      this.cursor = this.hovered = -1;
    }
    this.#takeThumbnails(points.header.thumbnails);
    if (tones?.header.points === points.header.id) this.#takeTones(tones);
    if (this.shown.state !== state.header.id) this.#takeState(state.header);
    if (!this.sliders.moving) this.#takeLayout(state.header.layout);
    this.#takeBackground();
    this.redraw();
  }

  #takeThumbnails(/** @type {string} */ set) {
    if (this.thumbnails?.set === set) return;
    this.thumbnails?.close();
    this.thumbnails = new Thumbnails(set, () => this.#pictureReady());
  }

  #takeTones(/** @type {import("./store.js").Parcel} */ { header, arrays }) {
    if (this.shown.tones === header.id) return;
    this.shown.tones = header.id;
    this.tones = header;
    this.values = arrays.values;
    this.palette = arrays.palette;
    const grouped = header.kind === "groups";
    const { classes, classNames } = this.cloud;
    const before = this.cloud.groupNames;
    this.cloud.setTones(arrays.tones, grouped ? arrays.tones : classes, grouped ? header.names : classNames);
    this.renderer.setPalette(arrays.palette);
    if (before.join("\n") !== this.cloud.groupNames.join("\n")) this.legend.hidden = new Set();
    this.legend.showGroups(this.cloud.groupNames, this.cloud.groups, (group) =>
      grouped ? this.#colour(group) : "currentColor",
    );
    if (!grouped) this.legend.showBar(header.title, header.ends, [0, 64, 128, 192, 255].map((tone) => this.#colour(tone)));
    this.#hideGroups(false);
    this.#findMiddles(false);
  }

  #colour(/** @type {number} */ tone) {
    const [red, green, blue] = this.palette.subarray(4 * tone, 4 * tone + 3);
    return `rgb(${red} ${green} ${blue})`;
  }

  #takeState(/** @type {any} */ state) {
    this.shown.state = state.id;
    this.sliders.show(state.parameters);
    this.stage.setAttribute("aria-label", state.alt);
    this.section.classList.toggle("low", state.low);
    /** @type {HTMLElement} */ (this.section.querySelector(".legend")).hidden = !state.legend;
    if (this.link?.name !== state.link) {
      this.link?.close();
      this.link = new Link(state.link, (note) => this.#linked(note));
    }
    if (state.revision !== this.shown.revision) {
      this.shown.revision = state.revision;
      this.#setSelection(fromBits(state.selection, this.cloud.count));
    }
  }

  /** @param {string} key */
  #takeLayout(key) {
    if (!key || this.shown.layout === key) return;
    for (const { header, arrays } of deliveredUnder(`layouts:${this.name}:`)) {
      const place = header.points === this.shown.points ? header.layouts.findIndex((one) => one.key === key) : -1;
      if (place >= 0) {
        this.shown.layout = key;
        this.#setLayout(readLayout(header.layouts[place], arrays[`layout${place}`]));
        return;
      }
    }
  }

  /** @param {import("./cloud.js").Layout} layout */
  #setLayout(layout) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const morph = this.cloud.layout !== null && !still;
    this.oldExtent = [...this.camera.extent];
    const turned = this.camera.spatial !== layout.spatial;
    this.cloud.setLayout(layout, morph);
    this.camera.setSpatial(layout.spatial);
    if (!morph || turned) this.camera.extent = [...layout.extent];
    this.#findMiddles(morph);
    this.stage.querySelector(".waiting")?.remove();
    this.tooltip.hide();
    this.morphing = performance.now();
    this.redraw();
  }

  #findMiddles(/** @type {boolean} */ morph) {
    const { layout, groups, groupNames } = this.cloud;
    if (!layout) return;
    this.oldMiddles = morph ? this.middles : undefined;
    this.middles = denseMiddles(layout, groups, groupNames.length);
  }

  #takeBackground() {
    const parcel = delivered(`background:${this.name}`);
    if (!parcel || this.shown.background === parcel.header.id) return;
    this.shown.background = parcel.header.id;
    this.background = { ...parcel.header, image: null };
    if (!parcel.arrays.picture.length) return;
    createImageBitmap(new Blob([parcel.arrays.picture], { type: "image/webp" })).then((image) => {
      this.background = { ...parcel.header, image };
      this.redraw();
    });
  }

  #pictureReady() {
    if (this.hovered >= 0) this.#paintTip();
    if (this.#showsPictures()) this.redraw();
  }

  // --- what visitors do ---

  /** @returns {import("./gestures.js").Actions} */
  #actions() {
    return {
      mode: () => this.mode,
      move: (right, down, turn) => {
        if (turn && this.camera.spatial) this.camera.rotate(right, down);
        else this.camera.pan(right, down);
        this.redraw();
      },
      zoom: (factor, left, top) => this.#zoom(factor, left, top),
      sketch: (outline) => {
        this.outline = outline;
        this.redraw();
      },
      enclose: (outline, how) => this.#enclose(outline, how),
      hover: (left, top, asked) => this.#hover(left, top, asked),
      leave: () => this.#setHovered(-1),
      click: (left, top, how) => this.#click(left, top, how),
      key: (key) => this.#key(key),
    };
  }

  #zoom(/** @type {number} */ factor, left = this.camera.middle, top = this.camera.height / 2) {
    this.camera.zoomAt(factor, left, top);
    this.tooltip.hide();
    this.hovered = -1;
    this.redraw();
  }

  /** The point under a place of the screen: of a picture if one is there. */
  #hit(/** @type {number} */ left, /** @type {number} */ top) {
    const picture = this.placed.findLast(
      (one) => left >= one.left && left <= one.left + one.size && top >= one.top && top <= one.top + one.size,
    );
    if (picture) return picture.position;
    const [x, y] = this.camera.toMap(left, top);
    return nearest(this.places, this.cloud.isHidden, x, y, REACH / this.camera.scale);
  }

  #hover(/** @type {number} */ left, /** @type {number} */ top, /** @type {number} */ asked) {
    if (this.cloud.progress < 1) return;
    this.asked = asked;
    this.#setHovered(this.#hit(left, top));
  }

  #setHovered(/** @type {number} */ position) {
    if (position === this.hovered) return;
    this.hovered = position;
    this.stage.classList.toggle("points-at", position >= 0);
    this.link?.tell("hover", position);
    if (position < 0) {
      this.tooltip.hide();
      return;
    }
    const [left, top] = this.screenOf(position);
    this.tooltip.paint(this.thumbnails?.get(position) ?? null);
    this.tooltip.show(left, top, this.describe(position));
    if (this.thumbnails?.get(position)) this.#measureHover();
  }

  #paintTip() {
    const picture = this.thumbnails?.get(this.hovered) ?? null;
    if (!picture || !this.tooltip.canvas.hidden) return;
    this.tooltip.paint(picture);
    this.#measureHover();
  }

  #measureHover() {
    const { asked } = this;
    if (asked === undefined) return;
    this.asked = undefined;
    requestAnimationFrame(() => {
      this.log.hovers = [...this.log.hovers, performance.now() - asked].slice(-LONGEST_LOG);
    });
  }

  /** What a point is, in a few lines. @param {number} position */
  describe(position) {
    const { classNames, classes, indices, groupNames, groups } = this.cloud;
    const number = `test image ${indices[position]}`;
    const lines = classNames.length ? [classNames[classes[position]] ?? "", number] : [number];
    if (this.values) lines.push(`${this.tones.title}: ${Number(this.values[position].toPrecision(3))}`);
    else if (groupNames.join() !== classNames.join() && groupNames.length) lines.push(groupNames[groups[position]] ?? "");
    return lines;
  }

  #click(/** @type {number} */ left, /** @type {number} */ top, /** @type {import("./selection.js").How} */ how) {
    const position = this.#hit(left, top);
    if (how !== "replace") {
      if (position >= 0) this.#select([position], how);
    } else if (position >= 0) this.#pick(position);
    else if (this.mode !== "move") this.#select([], "replace");
  }

  #pick(/** @type {number} */ position) {
    this.cursor = position;
    this.#speak(`${this.describe(position).join(", ")} is the current point`);
    this.send("picked", position);
    this.redraw();
  }

  #enclose(/** @type {number[][]} */ outline, /** @type {import("./selection.js").How} */ how) {
    const corners = /** @type {[number, number][]} */ (outline.map(([left, top]) => this.camera.toMap(left, top)));
    this.#select(inside(this.places, this.cloud.isHidden, corners), how);
  }

  #select(/** @type {Iterable<number>} */ fresh, /** @type {import("./selection.js").How} */ how) {
    const chosen = combined(this.cloud.selected(), fresh, how);
    this.#setSelection(chosen);
    this.link?.tell("selection", chosen);
    this.#speak(`${chosen.size} selected`);
    this.send("selected", { bits: toBits(chosen, this.cloud.count), points: this.shown.points });
  }

  #setSelection(/** @type {Set<number>} */ chosen) {
    this.cloud.mark(SELECTED, (position) => chosen.has(position));
    this.selecting = chosen.size > 0;
    this.redraw();
  }

  #linked(/** @type {import("./links.js").Note} */ { kind, value }) {
    if (kind === "selection") this.#setSelection(value);
    else if (kind === "groups") {
      this.legend.hidden = value;
      this.#hideGroups(false);
    } else if (value < 0 || value >= this.cloud.count) {
      this.hovered = -1;
      this.tooltip.hide();
    } else {
      const [left, top] = this.screenOf(value);
      this.tooltip.show(left, top, [], true);
    }
  }

  #hideGroups(/** @type {boolean} */ told) {
    const { groups } = this.cloud;
    this.cloud.mark(HIDDEN, (position) => this.legend.hidden.has(groups[position]));
    if (told) this.link?.tell("groups", this.legend.hidden);
    this.redraw();
  }

  /** Set all points back but those of a group. @param {number | null} group */
  #pointOut(group) {
    const { groups } = this.cloud;
    this.cloud.mark(FAINT, (position) => group !== null && groups[position] !== group);
    this.redraw();
  }

  #tune(/** @type {Record<string, number>} */ values) {
    let key = this.state.pattern;
    for (const [name, value] of Object.entries(values)) key = key.replace(`{${name}}`, String(value));
    this.#takeLayout(key);
  }

  #setMode(/** @type {import("./gestures.js").Mode} */ mode) {
    this.mode = mode;
    this.stage.classList.toggle("draws", mode !== "move");
    for (const button of this.section.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
  }

  #listenToTools(/** @type {HTMLFormElement} */ form) {
    for (const button of this.section.querySelectorAll("[data-mode]")) button.onclick = () => this.#setMode(button.dataset.mode);
    for (const button of this.section.querySelectorAll("[data-do]")) button.onclick = () => this.#do(button.dataset.do);
    const [input, output] = [/** @type {any} */ (form.querySelector("input")), form.querySelector("output")];
    const look = () => {
      const found = search(input.value, this.cloud);
      const all = new Set(found);
      this.cloud.mark(FAINT, (position) => found !== null && !all.has(position));
      output.textContent = found === null ? "" : found.length.toLocaleString("en");
      this.redraw();
      return found ?? [];
    };
    input.oninput = look;
    form.onsubmit = (event) => {
      event.preventDefault();
      const found = look();
      if (found.length === 1) this.#moveCursor(found[0]);
      else if (found.length) this.#select(found, "replace");
      if (found.length) {
        input.value = "";
        look();
      }
    };
  }

  async #do(/** @type {string} */ what) {
    if (what === "in") this.#zoom(STEP);
    if (what === "out") this.#zoom(1 / STEP);
    if (what === "reset") {
      this.camera.reset();
      this.redraw();
    }
    if (what === "pictures") {
      this.allPictures = !this.allPictures;
      this.section.querySelector("[data-do=pictures]")?.setAttribute("aria-pressed", String(this.allPictures));
      this.redraw();
    }
    if (what === "full") {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.section.requestFullscreen();
    }
    if (what === "png") {
      this.#draw();
      save(`${this.state.file}.png`, await toPng([this.under, this.canvas, this.over], this.#colours().paper));
    }
    if (what === "svg") save(`${this.state.file}.svg`, this.#svg());
  }

  #key(/** @type {string} */ key) {
    const action = {
      "+": () => this.#do("in"), "=": () => this.#do("in"), "-": () => this.#do("out"), 0: () => this.#do("reset"),
      p: () => this.#do("pictures"), f: () => this.#do("full"), m: () => this.#setMode("move"),
      l: () => this.#setMode("lasso"), r: () => this.#setMode("rectangle"),
      Enter: () => this.cursor >= 0 && this.#pick(this.cursor), Escape: () => this.#escape(),
    }[key];
    if (action) action();
    else if (key in ARROWS) this.#walk(ARROWS[key]);
    return Boolean(action) || key in ARROWS;
  }

  #escape() {
    if (this.outline) this.outline = null;
    else if (this.selecting) this.#select([], "replace");
    this.cursor = -1;
    this.#setHovered(-1);
    this.redraw();
  }

  /** Move the cursor to a neighbour; it begins in the middle of what is on the screen. */
  #walk(/** @type {[number, number]} */ direction) {
    if (this.cursor < 0) {
      const { x, y } = this.camera;
      this.#moveCursor(nearest(this.places, this.cloud.isHidden, x, y, Infinity));
    } else {
      const next = neighbour(this.places, this.cloud.isHidden, this.cursor, direction);
      if (next >= 0) this.#moveCursor(next);
    }
  }

  #moveCursor(/** @type {number} */ position) {
    if (position < 0) return;
    this.cursor = position;
    this.camera.reveal(this.places[2 * position], this.places[2 * position + 1]);
    this.hovered = -1;
    this.asked = undefined;
    this.#setHovered(position);
    this.#speak(this.describe(position).join(", "));
    this.redraw();
  }

  #speak(/** @type {string} */ words) {
    this.spoken.textContent = words;
  }

  // --- drawing ---

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
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.#advance();
      this.#draw();
    });
  }

  /** One step of the points' way to their new places. */
  #advance() {
    const { cloud } = this;
    if (cloud.progress >= 1 || !cloud.layout) return;
    cloud.progress = Math.min(1, (performance.now() - (this.morphing ?? 0)) / MORPH);
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
    this.section.dataset.layout = cloud.progress < 1 ? "" : this.shown.layout;
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
    const { background, state, camera, cloud } = this;
    if (background?.layout && background.layout === state.layout && cloud.layout && !camera.spatial) {
      const colours = this.#colours();
      drawBackground(pen, background, cloud.layout, camera, colours, colours.font);
    }
  }

  #drawOver() {
    const pen = freshPen(this.over, this.ratio);
    const colours = this.#colours();
    this.placed = this.#showsPictures() ? placePictures(this.cloud, this.camera, this.places, this.#mayShow) : [];
    if (this.thumbnails) drawPictures(pen, this.placed, this.thumbnails, (position) => this.#colour(this.cloud.tones[position]));
    const marks = this.#marks();
    const taken = marks.map(({ mark, x, y }) => ({ name: `oooo ${mark.label}`, x: x + 45, y })); // its ring, too
    drawNames(pen, this.#names(), taken, colours, colours.font);
    drawMarks(pen, marks, colours, colours.font);
    if (this.outline && this.outline.length > 1) drawOutline(pen, this.outline, colours);
  }

  #showsPictures() {
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
    if (groupNames.length < 2 || !this.middles || this.placed.length) return [];
    const share = eased(progress);
    return groupNames.flatMap((name, group) => {
      const place = this.middles?.[group];
      if (!place || this.legend.hidden.has(group)) return [];
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
    return (this.state?.marks ?? []).flatMap((mark) => {
      const at = mark.at[this.shown.layout];
      const known = mark.position !== null && mark.position < count;
      if (!layout || !(known || at)) return [];
      const [x, y] = known ? this.screenOf(mark.position) : this.#project(placeIn(layout, at));
      return [{ mark, x, y, ends: mark.links.map((position) => this.screenOf(position)) }];
    });
  }

  /** Where a point is on the stage, in pixels. @param {number} position */
  screenOf(position) {
    return this.camera.toScreen(this.places[2 * position], this.places[2 * position + 1]);
  }

  #svg() {
    const { cloud, camera } = this;
    const points = [];
    for (let position = 0; position < cloud.count; position++) {
      const [x, y] = this.screenOf(position);
      const state = cloud.states[position];
      if (state & HIDDEN || x < 0 || y < 0 || x > camera.width || y > camera.height) continue;
      const faint = Boolean(state & FAINT) || (this.selecting && !(state & SELECTED));
      points.push({ x, y, group: cloud.groups[position], colour: this.#colour(cloud.tones[position]), faint });
    }
    return toSvg({ width: camera.width, height: camera.height, ...this.#colours() }, points, this.#pointSize(), this.#names());
  }

  close() {
    this.stopListening();
    this.link?.close();
    this.resizing.disconnect();
    this.thumbnails?.close();
    this.renderer.close();
  }
}

/** Runs again on every change of its data, and keeps its map on the element. */
export default function ({ data, parentElement, setTriggerValue }) {
  const section = parentElement.querySelector(".map");
  section.latentMap ??= new MapView(section, data.name);
  section.latentMap.send = setTriggerValue;
  section.latentMap.redraw(); // the theme may have changed
  return () => setTimeout(() => section.isConnected || section.latentMap?.close());
}
