/** The legend: which colour and shape means what, with buttons that hide groups; or a bar of colours for values. */

import { make } from "../elements.js";
import { SHAPES } from "./renderer.js";

/** Each shape as an SVG path in a box from -1 to 1; the same as the shader's. */
const PATHS = [
  "M0.85 0A0.85 0.85 0 1 1 -0.85 0A0.85 0.85 0 1 1 0.85 0Z",
  "M-0.78 -0.78H0.78V0.78H-0.78Z",
  "M0 -1L1 0L0 1L-1 0Z",
  "M0 -1L0.95 0.6H-0.95Z",
  "M-0.3 -0.92H0.3V-0.3H0.92V0.3H0.3V0.92H-0.3V0.3H-0.92V-0.3H-0.3Z",
  "M-0.87 -0.47L-0.47 -0.87L0 -0.4L0.47 -0.87L0.87 -0.47L0.4 0L0.87 0.47L0.47 0.87L0 0.4L-0.47 0.87L-0.87 0.47L-0.4 0Z",
  "M0 1L0.95 -0.6H-0.95Z",
  "M0.92 0A0.92 0.92 0 1 1 -0.92 0A0.92 0.92 0 1 1 0.92 0ZM0.4 0A0.4 0.4 0 1 0 -0.4 0A0.4 0.4 0 1 0 0.4 0Z",
];
const SVG = "http://www.w3.org/2000/svg";

/** An SVG path of a group's shape. @param {number} group @returns {string} */
export const shapePath = (group) => PATHS[group % SHAPES];

export class Legend {
  /** Groups that are hidden. @type {Set<number>} */
  hidden = new Set();

  /**
   * @param {HTMLElement} root @param {() => void} onChange called when other groups are hidden
   * @param {(group: number | null) => void} onPoint called while the pointer is on a group
   */
  constructor(root, onChange, onPoint) {
    this.root = root;
    this.onChange = onChange;
    this.onPoint = onPoint;
  }

  /**
   * @param {import("./cloud.js").Cloud} cloud whose groups are shown
   * @param {import("./props.js").ColoursHeader} header what the colours mean
   * @param {(tone: number) => string} colourOf
   */
  show({ groupNames, groups }, { kind, title, ends }, colourOf) {
    const isGrouped = kind === "groups";
    this.#showGroups(groupNames, groups, (group) => (isGrouped ? colourOf(group) : "currentColor"));
    if (!isGrouped) this.#showBar(title, ends, [0, 64, 128, 192, 255].map(colourOf));
  }

  /**
   * @param {string[]} names @param {Uint8Array} groups of the points
   * @param {(group: number) => string} colourOf
   */
  #showGroups(names, groups, colourOf) {
    const counts = new Uint32Array(256);
    for (const group of groups) counts[group]++;
    this.#names = names;
    const chips = names.map((name, group) => this.#chip(name, group, counts[group], colourOf(group)));
    this.all = button("chip all", "Show all", () => this.setHidden(new Set()));
    this.root.replaceChildren(...chips, this.all);
    this.#update();
  }

  /** @param {string} title @param {string[]} ends lowest and highest value, in words @param {string[]} colours */
  #showBar(title, [low, high], colours) {
    const stripe = make("i");
    stripe.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
    this.root.prepend(make("div", { className: "scale" },
      make("b", {}, title), make("span", {}, low), stripe, make("span", {}, high)));
  }

  /** @type {string[]} */
  #names = [];

  #chip(/** @type {string} */ name, /** @type {number} */ group, /** @type {number} */ count, /** @type {string} */ colour) {
    const chip = button("chip", name, () => this.#toggle(group));
    chip.title = "Hide or show; double-click to show only this";
    chip.ondblclick = () => this.setHidden(new Set(this.#names.keys().filter((other) => other !== group)));
    chip.onpointerenter = chip.onfocus = () => this.onPoint(this.hidden.has(group) ? null : group);
    chip.onpointerleave = chip.onblur = () => this.onPoint(null);
    chip.prepend(glyph(group, colour));
    chip.append(make("small", {}, count.toLocaleString("en")));
    return chip;
  }

  #toggle(/** @type {number} */ group) {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(group)) hidden.add(group);
    this.setHidden(hidden);
  }

  /** @param {Set<number>} hidden */
  setHidden(hidden) {
    this.hidden = hidden.size >= this.#names.length ? new Set() : hidden;
    this.#update();
    this.onChange();
  }

  #update() {
    this.root.querySelectorAll(".chip:not(.all)").forEach((chip, group) => {
      chip.setAttribute("aria-pressed", String(!this.hidden.has(group)));
    });
    if (this.all) this.all.hidden = !this.hidden.size;
  }
}

/** @param {string} className @param {string} words @param {() => void} action */
function button(className, words, action) {
  const made = make("button", { type: "button", className }, make("span", {}, words));
  made.onclick = action;
  return made;
}

function glyph(/** @type {number} */ group, /** @type {string} */ colour) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "-1.1 -1.1 2.2 2.2");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shapePath(group));
  path.setAttribute("fill", colour);
  picture.append(path);
  return picture;
}
