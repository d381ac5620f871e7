/** Takes up a map's parcels as they arrive; the points need all of points, layout and colours. */

import { readLayout } from "./cloud.js";
import { placeAmong, placeOnPlane, readCodes } from "./follow.js";
import { fromBits } from "./selection.js";
import { delivered, deliveredUnder, listen } from "./store.js";
import { Thumbnails } from "./thumbnails.js";

/** @typedef {import("./store.js").Parcel} Parcel @typedef {import("./props.js").MapState} MapState */
/**
 * What the map does with what arrives.
 * @typedef {object} ContentCalls
 * @property {() => void} onPoints there are other points
 * @property {(state: MapState) => void} onState
 * @property {(selected: Set<number>) => void} onSelection the server changes the selection
 * @property {(header: import("./props.js").ColoursHeader, renamed: boolean) => void} onColours
 * renamed: the groups are others than before
 * @property {() => void} onLayout the points will move
 * @property {() => void} onPicture more thumbnails can be shown
 * @property {() => boolean} isTuning whether a visitor is moving a parameter
 */

export class Content {
  shown = { points: "", layout: "", tones: "", state: "", revision: -1, background: "" };
  /** @type {MapState|null} */
  state = null;
  /** Of each point, if they are coloured by values. @type {Float32Array|null} */
  values = null;
  /** What the values are. */
  title = "";
  /** What a point is. */
  noun = "";
  /** The codes of the points, once they have been needed. @type {{of: Parcel, codes: Float32Array}|null} */
  codes = null;

  /** @param {string} name of the map's parcels @param {import("./scene.js").Scene} scene @param {ContentCalls} calls */
  constructor(name, scene, calls) {
    this.name = name;
    this.scene = scene;
    this.cloud = scene.cloud;
    this.calls = calls;
    this.close = listen((parcel) => this.#arrived(parcel.header.slot));
  }

  #arrived(/** @type {string} */ slot) {
    if (slot.startsWith("thumbnails:")) {
      this.scene.thumbnails?.refresh();
      this.scene.redraw();
    } else if (slot.split(":")[1] === this.name) this.refresh();
  }

  /** Take up whatever parcels have arrived. */
  refresh() {
    const [state, points, tones] = ["state", "points", "tones"].map((kind) => delivered(`${kind}:${this.name}`));
    if (!state || !points || points.header.id !== state.header.points) return;
    this.state = /** @type {any} */ (state.header);
    if (this.shown.points !== points.header.id) this.#takePoints(points);
    this.#takeThumbnails(points.header.thumbnails);
    if (tones?.header.points === points.header.id) this.#takeColours(/** @type {any} */ (tones));
    if (this.shown.state !== state.header.id) this.#takeState(/** @type {any} */ (state.header));
    if (!this.calls.isTuning()) this.takeLayout(state.header.layout);
    this.#takeBackground();
    this.scene.redraw();
  }

  #takePoints(/** @type {Parcel} */ { header, arrays }) {
    this.shown = { ...this.shown, points: header.id, layout: "", tones: "", revision: -1 };
    this.noun = header.noun;
    this.cloud.setPoints(/** @type {any} */ (header), /** @type {any} */ (arrays));
    this.calls.onPoints();
  }

  #takeThumbnails(/** @type {string} */ set) {
    if (this.scene.thumbnails?.set === set) return;
    this.scene.thumbnails?.close();
    this.scene.thumbnails = new Thumbnails(set, this.calls.onPicture);
  }

  #takeColours(/** @type {Parcel & {header: import("./props.js").ColoursHeader}} */ { header, arrays }) {
    if (this.shown.tones === header.id) return;
    this.shown.tones = header.id;
    this.values = arrays.values ?? null;
    this.title = header.title;
    const isGrouped = header.kind === "groups";
    const { classes, classNames, groupNames: before } = this.cloud;
    this.cloud.setTones(arrays.tones, isGrouped ? arrays.tones : classes, isGrouped ? header.names : classNames);
    this.scene.setPalette(arrays.palette);
    this.calls.onColours(header, before.join("\n") !== this.cloud.groupNames.join("\n"));
    this.scene.findMiddles(false);
  }

  #takeState(/** @type {MapState & {id: string}} */ state) {
    this.shown.state = state.id;
    this.scene.marks = state.marks;
    this.scene.moving = null;
    this.calls.onState(state);
    if (state.revision === this.shown.revision) return;
    this.shown.revision = state.revision;
    this.calls.onSelection(fromBits(state.selection, this.cloud.count));
  }

  /** Show a layout, if it has come. @param {string} key */
  takeLayout(key) {
    if (!key || this.shown.layout === key) return;
    for (const { header, arrays } of deliveredUnder(`layouts:${this.name}:`)) {
      if (header.points !== this.shown.points) continue;
      /** @type {import("./props.js").LayoutHeader[]} */
      const layouts = header.layouts;
      const at = layouts.findIndex((layout) => layout.key === key);
      if (at < 0) continue;
      this.shown.layout = key;
      this.calls.onLayout();
      this.scene.setLayout(readLayout(layouts[at], arrays[`layout${at}`]));
      return;
    }
  }

  #takeBackground() {
    const parcel = delivered(`background:${this.name}`);
    if (!parcel || this.shown.background === parcel.header.id) return;
    this.shown.background = parcel.header.id;
    const header = /** @type {any} */ (parcel.header);
    this.scene.background = { ...header, image: null };
    if (!parcel.arrays.picture.length) return;
    void createImageBitmap(new Blob([parcel.arrays.picture], { type: "image/webp" })).then((image) => {
      this.scene.background = { ...header, image };
      this.scene.redraw();
    });
  }

  /** A live view moves a code: the current point follows at once. @param {{decoder: string, code: ArrayLike<number>}} moved */
  follow({ decoder, code }) {
    const following = this.state?.follow;
    const layout = this.cloud.layout;
    if (!layout || following?.decoder !== decoder) return;
    const parcel = following.axes ? undefined : delivered(`codes:${this.name}`);
    if (following.axes) this.scene.moving = placeOnPlane(layout, following, code);
    else if (parcel?.header.points === this.shown.points) {
      if (this.codes?.of !== parcel) {
        this.codes = { of: parcel, codes: readCodes(parcel.header.layouts[0], parcel.arrays.layout0) };
      }
      this.scene.moving = placeAmong(layout, this.codes.codes, code);
    } else return;
    this.scene.movingLabel = following.label;
    this.scene.redraw();
  }

  /** What a point is, in a few lines. @param {number} position */
  describe(position) {
    const { classNames, classes, indices, groupNames, groups } = this.cloud;
    const name = `${this.noun} ${indices[position]}`;
    const lines = classNames.length ? [classNames[classes[position]] ?? "", name] : [name];
    if (this.values) lines.push(`${this.title}: ${Number(this.values[position].toPrecision(3))}`);
    else if (groupNames.join() !== classNames.join() && groupNames.length) lines.push(groupNames[groups[position]] ?? "");
    return lines;
  }
}
