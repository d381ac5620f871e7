/** The map of points, as a Streamlit component. What it shows comes in parcels; see ui/components/map/__init__.py. */

import { FAINT, HIDDEN, readLayout, SELECTED } from "./cloud.js";
import { save } from "./files.js";
import { placeAmong, placeOnPlane, readCodes } from "./follow.js";
import { Gestures } from "./gestures.js";
import { Legend } from "./legend.js";
import { Link } from "./links.js";
import { Scene } from "./scene.js";
import { inside, nearest, neighbour, search } from "./search.js";
import { combined, fromBits, toBits } from "./selection.js";
import { Sliders } from "./sliders.js";
import { delivered, deliveredUnder, listen } from "./store.js";
import { Thumbnails } from "./thumbnails.js";
import { Tooltip } from "./tooltip.js";

const REACH = 14; // pixels from the pointer within which a point is hit
const STEP = 1.4; // of the zoom buttons
const LONGEST_LOG = 2000; // measured hovers
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

class MapView {
  mode = /** @type {import("./gestures.js").Mode} */ ("move");
  hovered = -1;
  cursor = -1;
  shown = { points: "", layout: "", tones: "", state: "", revision: -1, background: "" };
  /** For measurements: milliseconds from the pointer's events to the pictures. @type {number[]} */
  hovers = [];
  send = (/** @type {string} */ name, /** @type {any} */ value) => {};

  /** @param {HTMLElement} section @param {string} name of this map's parcels */
  constructor(section, name) {
    this.section = section;
    this.name = name;
    const find = (/** @type {string} */ selector) => /** @type {any} */ (section.querySelector(selector));
    this.stage = find(".stage");
    this.spoken = find(".spoken");
    this.scene = new Scene(section, this.stage);
    this.cloud = this.scene.cloud;
    this.camera = this.scene.camera;
    this.tooltip = new Tooltip(find(".tip"), find(".ring"));
    this.legend = new Legend(find(".legend"), () => this.#hideGroups(true), (group) => this.#pointOut(group));
    this.sliders = new Sliders(
      find(".parameters"), (values) => this.#tune(values), (values) => this.send("tuned", values),
    );
    this.gestures = new Gestures(this.stage, this.#actions());
    this.#listenToTools(find(".search"));
    this.stopListening = listen((parcel) => this.#arrived(parcel.header.slot));
    this.onMoved = (/** @type {any} */ event) => this.#follow(event.detail);
    addEventListener("latent-moved", this.onMoved);
    this.#refresh();
  }

  // --- what comes from the server ---

  #arrived(/** @type {string} */ slot) {
    if (slot.startsWith("thumbnails:")) {
      this.scene.thumbnails?.refresh();
      this.scene.redraw();
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
    this.scene.redraw();
  }

  #takeThumbnails(/** @type {string} */ set) {
    if (this.scene.thumbnails?.set === set) return;
    this.scene.thumbnails?.close();
    this.scene.thumbnails = new Thumbnails(set, () => this.#pictureReady());
  }

  #takeTones(/** @type {import("./store.js").Parcel} */ { header, arrays }) {
    if (this.shown.tones === header.id) return;
    this.shown.tones = header.id;
    this.tones = header;
    this.values = arrays.values;
    const grouped = header.kind === "groups";
    const { classes, classNames } = this.cloud;
    const before = this.cloud.groupNames;
    this.cloud.setTones(arrays.tones, grouped ? arrays.tones : classes, grouped ? header.names : classNames);
    this.scene.setPalette(arrays.palette);
    if (before.join("\n") !== this.cloud.groupNames.join("\n")) this.legend.hidden = new Set();
    this.legend.showGroups(this.cloud.groupNames, this.cloud.groups, (group) =>
      grouped ? this.scene.colour(group) : "currentColor",
    );
    if (!grouped) this.legend.showBar(header.title, header.ends, [0, 64, 128, 192, 255].map((tone) => this.scene.colour(tone)));
    this.#hideGroups(false);
    this.scene.findMiddles(false);
  }

  #takeState(/** @type {any} */ state) {
    this.shown.state = state.id;
    this.scene.marks = state.marks;
    this.scene.moving = null;
    this.sliders.show(state.parameters);
    this.stage.setAttribute("aria-label", state.alt);
    this.section.classList.toggle("low", state.low);
    /** @type {HTMLElement} */ (this.section.querySelector(".legend")).hidden = !state.legend;
    if (this.link?.name !== state.points) {
      this.link?.close();
      this.link = new Link(state.points, (note) => this.#linked(note));
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
        this.tooltip.hide();
        this.scene.setLayout(readLayout(header.layouts[place], arrays[`layout${place}`]));
        return;
      }
    }
  }

  #takeBackground() {
    const parcel = delivered(`background:${this.name}`);
    if (!parcel || this.shown.background === parcel.header.id) return;
    this.shown.background = parcel.header.id;
    this.scene.background = { ...parcel.header, image: null };
    if (!parcel.arrays.picture.length) return;
    createImageBitmap(new Blob([parcel.arrays.picture], { type: "image/webp" })).then((image) => {
      this.scene.background = { ...parcel.header, image };
      this.scene.redraw();
    });
  }

  /** A live view moves a code: the current point follows at once. @param {{decoder: string, code: ArrayLike<number>}} moved */
  #follow({ decoder, code }) {
    const following = this.state?.follow;
    const layout = this.cloud.layout;
    if (!layout || following?.decoder !== decoder) return;
    const parcel = following.axes ? null : delivered(`codes:${this.name}`);
    if (following.axes) this.scene.moving = placeOnPlane(layout, following, code);
    else if (parcel?.header.points === this.shown.points) {
      parcel.codes ??= readCodes(parcel.header.layouts[0], parcel.arrays.layout0);
      this.scene.moving = placeAmong(layout, parcel.codes, code);
    } else return;
    this.scene.redraw();
  }

  #pictureReady() {
    if (this.hovered >= 0) this.#paintTip();
    if (this.scene.showsPictures()) this.scene.redraw();
  }

  // --- what visitors do ---

  /** @returns {import("./gestures.js").Actions} */
  #actions() {
    return {
      mode: () => this.mode,
      move: (right, down, turn) => {
        if (turn && this.camera.spatial) this.camera.rotate(right, down);
        else this.camera.pan(right, down);
        this.scene.redraw();
      },
      zoom: (factor, left, top) => this.#zoom(factor, left, top),
      sketch: (outline) => {
        this.scene.outline = outline;
        this.scene.redraw();
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
    this.scene.redraw();
  }

  /** The point under a place of the screen: of a picture if one is there. */
  #hit(/** @type {number} */ left, /** @type {number} */ top) {
    const picture = this.scene.placed.findLast(
      (one) => left >= one.left && left <= one.left + one.size && top >= one.top && top <= one.top + one.size,
    );
    if (picture) return picture.position;
    const [x, y] = this.camera.toMap(left, top);
    return nearest(this.scene.places, this.cloud.isHidden, x, y, REACH / this.camera.scale);
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
    const [left, top] = this.scene.screenOf(position);
    this.tooltip.paint(this.scene.thumbnails?.get(position) ?? null);
    this.tooltip.show(left, top, this.describe(position));
    if (this.scene.thumbnails?.get(position)) this.#measureHover();
  }

  #paintTip() {
    const picture = this.scene.thumbnails?.get(this.hovered) ?? null;
    if (!picture || !this.tooltip.canvas.hidden) return;
    this.tooltip.paint(picture);
    this.#measureHover();
  }

  #measureHover() {
    const { asked } = this;
    if (asked === undefined) return;
    this.asked = undefined;
    requestAnimationFrame(() => {
      this.hovers = [...this.hovers, performance.now() - asked].slice(-LONGEST_LOG);
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
    this.scene.redraw();
  }

  #enclose(/** @type {number[][]} */ outline, /** @type {import("./selection.js").How} */ how) {
    const corners = /** @type {[number, number][]} */ (outline.map(([left, top]) => this.camera.toMap(left, top)));
    this.#select(inside(this.scene.places, this.cloud.isHidden, corners), how);
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
    this.scene.selecting = chosen.size > 0;
    this.scene.redraw();
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
      const [left, top] = this.scene.screenOf(value);
      this.tooltip.show(left, top, [], true);
    }
  }

  #hideGroups(/** @type {boolean} */ told) {
    const { groups } = this.cloud;
    this.scene.hiddenGroups = this.legend.hidden;
    this.cloud.mark(HIDDEN, (position) => this.legend.hidden.has(groups[position]));
    if (told) this.link?.tell("groups", this.legend.hidden);
    this.scene.redraw();
  }

  /** Set all points back but those of a group. @param {number | null} group */
  #pointOut(group) {
    const { groups } = this.cloud;
    this.cloud.mark(FAINT, (position) => group !== null && groups[position] !== group);
    this.scene.redraw();
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
      this.scene.redraw();
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
      this.scene.redraw();
    }
    if (what === "pictures") {
      this.scene.allPictures = !this.scene.allPictures;
      this.section.querySelector("[data-do=pictures]")?.setAttribute("aria-pressed", String(this.scene.allPictures));
      this.scene.redraw();
    }
    if (what === "full") {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.section.requestFullscreen();
    }
    if (what === "png") {
      save(`${this.state.file}.png`, await this.scene.toPng());
    }
    if (what === "svg") save(`${this.state.file}.svg`, this.scene.toSvg());
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
    if (this.scene.outline) this.scene.outline = null;
    else if (this.scene.selecting) this.#select([], "replace");
    this.cursor = -1;
    this.#setHovered(-1);
    this.scene.redraw();
  }

  /** Move the cursor to a neighbour; it begins in the middle of what is on the screen. */
  #walk(/** @type {[number, number]} */ direction) {
    if (this.cursor < 0) {
      const { x, y } = this.camera;
      this.#moveCursor(nearest(this.scene.places, this.cloud.isHidden, x, y, Infinity));
    } else {
      const next = neighbour(this.scene.places, this.cloud.isHidden, this.cursor, direction);
      if (next >= 0) this.#moveCursor(next);
    }
  }

  #moveCursor(/** @type {number} */ position) {
    if (position < 0) return;
    this.cursor = position;
    this.camera.reveal(this.scene.places[2 * position], this.scene.places[2 * position + 1]);
    this.hovered = -1;
    this.asked = undefined;
    this.#setHovered(position);
    this.#speak(this.describe(position).join(", "));
    this.scene.redraw();
  }

  #speak(/** @type {string} */ words) {
    this.spoken.textContent = words;
  }

  close() {
    this.stopListening();
    removeEventListener("latent-moved", this.onMoved);
    this.link?.close();
    this.scene.close();
  }
}

/** Runs again on every change of its data, and keeps its map on the element. */
export default function ({ data, parentElement, setTriggerValue }) {
  const section = parentElement.querySelector(".map");
  section.latentMap ??= new MapView(section, data.name);
  section.latentMap.send = setTriggerValue;
  section.latentMap.scene.redraw(); // the theme may have changed
  return () => setTimeout(() => section.isConnected || section.latentMap?.close());
}
