/** Mouse, fingers, wheel and keys on the map, as what they mean. */

/** @typedef {import("./selection.js").How} How */
/** @typedef {"move" | "lasso" | "rectangle"} Mode */
/**
 * What the map does when it is touched. Places are in pixels from its upper left corner.
 * @typedef {object} Actions
 * @property {() => Mode} mode
 * @property {(right: number, down: number, turn: boolean) => void} move
 * @property {(factor: number, left: number, top: number) => void} zoom
 * @property {(outline: number[][] | null) => void} sketch while an outline is drawn; null when it is given up
 * @property {(outline: number[][], how: How) => void} enclose
 * @property {(left: number, top: number, asked: number) => void} hover asked: the event's time
 * @property {() => void} leave
 * @property {(left: number, top: number, how: How) => void} click
 * @property {(key: string, event: KeyboardEvent) => boolean} key whether it meant something
 */
/** @typedef {{from: number[], last: number[], outline: number[][] | null, mode: Mode, how: How, moved: boolean, button: number}} Drag */

const WHEEL = 0.0016; // zoom, as a power of e, for a pixel of the wheel
const STILL = 4; // pixels that a click may move
const CORNER = 3; // pixels between corners of a lasso

/** @param {{shiftKey: boolean, altKey: boolean}} event @returns {How} */
const howOf = ({ shiftKey, altKey }) => (altKey ? "subtract" : shiftKey ? "add" : "replace");

export class Gestures {
  /** Fingers on the map, by pointer. @type {Map<number, number[]>} */
  #fingers = new Map();
  /** @type {Drag | null} */
  #drag = null;
  /** @type {{at: number[], asked: number} | null} */
  #hovered = null;

  /** @param {HTMLElement} area @param {Actions} actions */
  constructor(area, actions) {
    this.area = area;
    this.actions = actions;
    area.onpointerdown = (event) => this.#down(event);
    area.onpointermove = (event) => this.#move(event);
    area.onpointerup = (event) => this.#up(event);
    area.onpointercancel = (event) => this.#giveUp(event);
    area.onpointerleave = () => this.#leave();
    area.oncontextmenu = (event) => event.preventDefault();
    area.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    area.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey) return;
      if (actions.key(event.key, event)) event.preventDefault();
    };
  }

  #at(/** @type {MouseEvent} */ event) {
    const box = this.area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(/** @type {PointerEvent} */ event) {
    this.area.focus({ preventScroll: true });
    this.area.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.#fingers.set(event.pointerId, at);
    this.actions.leave();
    if (this.#fingers.size > 1) {
      this.actions.sketch(null);
      this.#drag = null;
      return;
    }
    const how = howOf(event);
    const mode = event.button === 2 ? "move" : this.actions.mode();
    const drawn = mode !== "move" || how !== "replace";
    this.#drag = {
      from: at, last: at, outline: drawn ? [at] : null, mode: mode === "move" ? "lasso" : mode, how, moved: false,
      button: event.button,
    };
  }

  #move(/** @type {PointerEvent} */ event) {
    const at = this.#at(event);
    if (this.#fingers.size > 1) {
      this.#pinch(event.pointerId, at);
    } else if (this.#drag) {
      this.#continue(this.#drag, at);
    } else {
      if (!this.#hovered) requestAnimationFrame(() => this.#hover());
      this.#hovered = { at, asked: event.timeStamp };
    }
  }

  #hover() {
    if (this.#hovered) this.actions.hover(this.#hovered.at[0], this.#hovered.at[1], this.#hovered.asked);
    this.#hovered = null;
  }

  #leave() {
    this.#hovered = null;
    this.actions.leave();
  }

  #continue(/** @type {Drag} */ drag, /** @type {number[]} */ at) {
    drag.moved ||= distance(at, drag.from) > STILL;
    if (!drag.moved) return;
    if (!drag.outline) {
      this.actions.move(at[0] - drag.last[0], at[1] - drag.last[1], drag.button !== 2);
    } else {
      if (drag.mode === "rectangle") drag.outline = rectangle(drag.from, at);
      else if (distance(at, drag.last) < CORNER) return;
      else drag.outline.push(at);
      this.actions.sketch(drag.outline);
    }
    drag.last = at;
  }

  /** Two fingers: zoom by how they part, move with their middle. */
  #pinch(/** @type {number} */ pointer, /** @type {number[]} */ at) {
    const [first, second] = this.#fingers.values();
    const before = { apart: distance(first, second), middle: middle(first, second) };
    this.#fingers.set(pointer, at);
    const [nowFirst, nowSecond] = this.#fingers.values();
    const [left, top] = middle(nowFirst, nowSecond);
    this.actions.move(left - before.middle[0], top - before.middle[1], false);
    this.actions.zoom(distance(nowFirst, nowSecond) / Math.max(before.apart, 1), left, top);
  }

  #up(/** @type {PointerEvent} */ event) {
    this.#fingers.delete(event.pointerId);
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    this.actions.sketch(null);
    const at = this.#at(event);
    if (!drag.moved) this.actions.click(at[0], at[1], drag.how);
    else if (drag.outline && drag.outline.length > 2) this.actions.enclose(drag.outline, drag.how);
  }

  #giveUp(/** @type {PointerEvent} */ event) {
    this.#fingers.delete(event.pointerId);
    this.#drag = null;
    this.actions.sketch(null);
  }

  #wheel(/** @type {WheelEvent} */ event) {
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? 16 * event.deltaY : event.deltaY;
    const [left, top] = this.#at(event);
    this.actions.zoom(Math.exp(-pixels * WHEEL * (event.ctrlKey ? 6 : 1)), left, top); // a touch pad's pinch says ctrl
  }
}

const distance = (/** @type {number[]} */ one, /** @type {number[]} */ other) =>
  Math.hypot(one[0] - other[0], one[1] - other[1]);
const middle = (/** @type {number[]} */ one, /** @type {number[]} */ other) => [
  (one[0] + other[0]) / 2,
  (one[1] + other[1]) / 2,
];
const rectangle = (/** @type {number[]} */ [left, top], /** @type {number[]} */ [right, bottom]) => [
  [left, top], [right, top], [right, bottom], [left, bottom],
];
