/** The map of points, as a Streamlit component. What it shows comes in parcels; see ui/components/map/__init__.py. */

import { find } from "../elements.js";
import { ARROWS } from "../keyboard.js";
import { FAINT, HIDDEN, SELECTED } from "./cloud.js";
import { Content } from "./content.js";
import { save } from "./files.js";
import { Gestures } from "./gestures.js";
import { Hover } from "./hover.js";
import { Legend } from "./legend.js";
import { Link } from "./links.js";
import { ParameterSliders } from "./parameters.js";
import { Scene } from "./scene.js";
import { inside, nearest, neighbour } from "./search.js";
import { combined, toBits } from "./selection.js";
import { Tools } from "./tools.js";

/** @typedef {import("./selection.js").How} How @typedef {import("./props.js").MapState} MapState */
/** @typedef {StreamlitComponent<import("./props.js").PointMapProps>} Component */

const REACH = 14; // pixels from the pointer within which a point is hit
const STEP = 1.4; // of the zoom buttons

class MapView {
  cursor = -1;
  /** @type {Component["setTriggerValue"]} */
  send = () => {};
  /** @type {Link|undefined} */
  link;

  /** @param {HTMLElement} section @param {string} name of this map's parcels */
  constructor(section, name) {
    this.section = section;
    this.stage = find(section, ".stage", HTMLElement);
    this.spoken = find(section, ".spoken", HTMLElement);
    this.scene = new Scene(section, this.stage);
    this.cloud = this.scene.cloud;
    this.camera = this.scene.camera;
    this.legend = new Legend(find(section, ".legend", HTMLElement), () => this.#hideGroups(true), (group) => this.#pointOut(group));
    this.parameters = new ParameterSliders(
      find(section, ".parameters", HTMLElement), (values) => this.#tune(values), (values) => this.send("tuned", values),
    );
    this.content = new Content(name, this.scene, this.#contentCalls());
    this.hover = new Hover(this.stage, this.scene, (position) => this.content.describe(position),
      (position) => this.link?.tell("hover", position));
    this.tools = new Tools(section, this.cloud, {
      command: (command) => this.#do(command),
      highlight: (positions) => this.#highlight(positions),
      choose: (positions) => (positions.length === 1 ? this.#moveCursor(positions[0]) : this.#select(positions, "replace")),
    });
    this.gestures = new Gestures(this.stage, this.#actions());
    this.onMoved = (/** @type {any} */ event) => this.content.follow(event.detail);
    addEventListener("latent-moved", this.onMoved);
    this.content.refresh();
  }

  /** What the server says that the map shows. */
  get state() {
    return this.content.state;
  }

  /** For measurements; see Hover. */
  get hovers() {
    return this.hover.log;
  }

  // --- what comes from the server ---

  /** @returns {import("./content.js").ContentCalls} */
  #contentCalls() {
    return {
      onPoints: () => {
        this.cursor = -1;
        this.hover.position = -1;
      },
      onState: (state) => this.#takeState(state),
      onSelection: (selected) => this.#setSelection(selected),
      onColours: (header, renamed) => {
        if (renamed) this.legend.hidden = new Set();
        this.legend.show(this.cloud, header, (tone) => this.scene.colour(tone));
        this.#hideGroups(false);
      },
      onLayout: () => this.hover.tooltip.hide(),
      onPicture: () => {
        this.hover.refresh();
        if (this.scene.showsPictures()) this.scene.redraw();
      },
      isTuning: () => this.parameters.moving,
    };
  }

  #takeState(/** @type {MapState} */ state) {
    this.parameters.show(state.parameters);
    this.stage.setAttribute("aria-label", state.alt);
    this.section.classList.toggle("low", state.low);
    this.legend.root.hidden = !state.legend;
    if (this.link?.name === state.points) return;
    this.link?.close();
    this.link = new Link(state.points, (note) => this.#linked(note));
  }

  // --- what visitors do ---

  /** @returns {import("./gestures.js").Actions} */
  #actions() {
    return {
      mode: () => this.tools.mode,
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
      hover: (left, top, asked) => this.cloud.progress >= 1 && this.hover.set(this.#hit(left, top), asked),
      leave: () => this.hover.set(-1),
      click: (left, top, how) => this.#click(left, top, how),
      key: (key) => this.#key(key),
    };
  }

  #zoom(/** @type {number} */ factor, left = this.camera.middle, top = this.camera.height / 2) {
    this.camera.zoomAt(factor, left, top);
    this.hover.hide();
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

  #click(/** @type {number} */ left, /** @type {number} */ top, /** @type {How} */ how) {
    const position = this.#hit(left, top);
    if (how !== "replace") {
      if (position >= 0) this.#select([position], how);
    } else if (position >= 0) this.#pick(position);
    else if (this.tools.mode !== "move") this.#select([], "replace");
  }

  #pick(/** @type {number} */ position) {
    this.cursor = position;
    this.#speak(`${this.content.describe(position).join(", ")} is the current point`);
    this.send("picked", position);
    this.scene.redraw();
  }

  #enclose(/** @type {number[][]} */ outline, /** @type {How} */ how) {
    const corners = outline.map(([left, top]) => this.camera.toMap(left, top));
    this.#select(inside(this.scene.places, this.cloud.isHidden, corners), how);
  }

  #select(/** @type {Iterable<number>} */ positions, /** @type {How} */ how) {
    const selected = combined(this.cloud.selected(), positions, how);
    this.#setSelection(selected);
    this.link?.tell("selection", selected);
    this.#speak(`${selected.size} selected`);
    this.send("selected", { bits: toBits(selected, this.cloud.count), points: this.content.shown.points });
  }

  #setSelection(/** @type {Set<number>} */ selected) {
    this.cloud.mark(SELECTED, (position) => selected.has(position));
    this.scene.selecting = selected.size > 0;
    this.scene.redraw();
  }

  #linked(/** @type {import("./links.js").Note} */ { kind, value }) {
    if (kind === "selection") this.#setSelection(value);
    else if (kind === "groups") {
      this.legend.hidden = value;
      this.#hideGroups(false);
    } else if (value < 0 || value >= this.cloud.count) this.hover.hide();
    else this.hover.showRing(value);
  }

  #hideGroups(/** @type {boolean} */ tellOthers) {
    const { groups } = this.cloud;
    this.scene.hiddenGroups = this.legend.hidden;
    this.cloud.mark(HIDDEN, (position) => this.legend.hidden.has(groups[position]));
    if (tellOthers) this.link?.tell("groups", this.legend.hidden);
    this.scene.redraw();
  }

  /** Fade all points but those of a group. @param {number | null} group */
  #pointOut(group) {
    const { groups } = this.cloud;
    this.cloud.mark(FAINT, (position) => group !== null && groups[position] !== group);
    this.scene.redraw();
  }

  /** Fade all points but those that are searched for. @param {number[] | null} positions */
  #highlight(positions) {
    const all = new Set(positions);
    this.cloud.mark(FAINT, (position) => positions !== null && !all.has(position));
    this.scene.redraw();
  }

  #tune(/** @type {Record<string, number>} */ values) {
    let key = this.state?.pattern ?? "";
    for (const [name, value] of Object.entries(values)) key = key.replace(`{${name}}`, String(value));
    this.content.takeLayout(key);
  }

  async #do(/** @type {import("./tools.js").Command} */ command) {
    const { scene, state } = this;
    if (command === "in") this.#zoom(STEP);
    if (command === "out") this.#zoom(1 / STEP);
    if (command === "reset") {
      this.camera.reset();
      scene.redraw();
    }
    if (command === "pictures") {
      scene.allPictures = !scene.allPictures;
      this.tools.showPictures(scene.allPictures);
      scene.redraw();
    }
    if (command === "full") {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.section.requestFullscreen();
    }
    if (command === "png") save(`${state?.file}.png`, await scene.toPng());
    if (command === "svg") save(`${state?.file}.svg`, scene.toSvg());
  }

  /** @returns {boolean} whether the key meant something */
  #key(/** @type {string} */ key) {
    /** @type {Record<string, () => void>} */
    const actions = {
      "+": () => this.#do("in"), "=": () => this.#do("in"), "-": () => this.#do("out"), 0: () => this.#do("reset"),
      p: () => this.#do("pictures"), f: () => this.#do("full"), m: () => this.tools.setMode("move"),
      l: () => this.tools.setMode("lasso"), r: () => this.tools.setMode("rectangle"),
      Enter: () => this.cursor >= 0 && this.#pick(this.cursor), Escape: () => this.#escape(),
    };
    if (key in actions) actions[key]();
    else if (key in ARROWS) this.#stepCursor(ARROWS[key]);
    return key in actions || key in ARROWS;
  }

  #escape() {
    if (this.scene.outline) this.scene.outline = null;
    else if (this.scene.selecting) this.#select([], "replace");
    this.cursor = -1;
    this.hover.set(-1);
    this.scene.redraw();
  }

  /** Move the cursor to a neighbour; it begins in the middle of what is on the screen. */
  #stepCursor(/** @type {[number, number]} */ direction) {
    const { places } = this.scene;
    const { x, y } = this.camera;
    const next = this.cursor < 0
      ? nearest(places, this.cloud.isHidden, x, y, Infinity)
      : neighbour(places, this.cloud.isHidden, this.cursor, direction);
    this.#moveCursor(next);
  }

  #moveCursor(/** @type {number} */ position) {
    if (position < 0) return;
    this.cursor = position;
    this.camera.reveal(this.scene.places[2 * position], this.scene.places[2 * position + 1]);
    this.hover.moveTo(position);
    this.#speak(this.content.describe(position).join(", "));
    this.scene.redraw();
  }

  #speak(/** @type {string} */ words) {
    this.spoken.textContent = words;
  }

  close() {
    this.content.close();
    removeEventListener("latent-moved", this.onMoved);
    this.link?.close();
    this.scene.close();
  }
}

/** Runs again on every change of its data, and keeps its map on the element. @param {Component} component */
export default function ({ data, parentElement, setTriggerValue }) {
  /** @type {HTMLElement & {latentMap?: MapView}} */
  const section = find(parentElement, ".map", HTMLElement);
  const map = (section.latentMap ??= new MapView(section, data.name));
  map.send = setTriggerValue;
  map.scene.redraw(); // the theme may have changed
  return () => setTimeout(() => section.isConnected || section.latentMap?.close());
}
