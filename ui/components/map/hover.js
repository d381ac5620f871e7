/** The point under the pointer, or under the keyboard's cursor: its ring, picture and words. */

import { find } from "../elements.js";
import { Tooltip } from "./tooltip.js";

const LONGEST_LOG = 2000; // measured hovers

export class Hover {
  /** The position of the point; -1 for none. */
  position = -1;
  /** When the pointer asked for it, while that is being measured. @type {number|undefined} */
  asked;
  /** For measurements: milliseconds from the pointer's events to the pictures. @type {number[]} */
  log = [];

  /**
   * @param {HTMLElement} stage @param {import("./scene.js").Scene} scene
   * @param {(position: number) => string[]} describe @param {(position: number) => void} onChange
   */
  constructor(stage, scene, describe, onChange) {
    this.stage = stage;
    this.scene = scene;
    this.describe = describe;
    this.onChange = onChange;
    this.tooltip = new Tooltip(find(stage, ".tip", HTMLElement), find(stage, ".ring", HTMLElement));
  }

  /** @param {number} position or -1 @param {number} [asked] the time of the pointer's event */
  set(position, asked) {
    if (asked !== undefined) this.asked = asked;
    if (position === this.position) return;
    this.position = position;
    this.stage.classList.toggle("points-at", position >= 0);
    this.onChange(position);
    if (position < 0) {
      this.tooltip.hide();
      return;
    }
    const picture = this.scene.thumbnails?.get(position) ?? null;
    const [left, top] = this.scene.screenOf(position);
    this.tooltip.showPicture(picture);
    this.tooltip.show(left, top, this.describe(position));
    if (picture) this.#measure();
  }

  /** Show a point anew, even if it is shown already. @param {number} position */
  moveTo(position) {
    this.position = -1;
    this.asked = undefined;
    this.set(position);
  }

  /** Only a ring, for the point that is hovered on a linked map. @param {number} position */
  showRing(position) {
    const [left, top] = this.scene.screenOf(position);
    this.tooltip.show(left, top, [], true);
  }

  /** Forget the point, without telling anyone. */
  hide() {
    this.position = -1;
    this.tooltip.hide();
  }

  /** More pictures can be shown: perhaps the one that was missing. */
  refresh() {
    if (this.position < 0 || !this.tooltip.canvas.hidden) return;
    const picture = this.scene.thumbnails?.get(this.position) ?? null;
    if (!picture) return;
    this.tooltip.showPicture(picture);
    this.#measure();
  }

  #measure() {
    const { asked } = this;
    if (asked === undefined) return;
    this.asked = undefined;
    requestAnimationFrame(() => {
      this.log = [...this.log, performance.now() - asked].slice(-LONGEST_LOG);
    });
  }
}
