/**
 * A pad to draw an image on. The server gets it as a PNG after each stroke. Strokes are kept in units of the pad's
 * width, so that a drawing outlives the pad that it was made on.
 */

import { context2d, make } from "../elements.js";
import { ARROWS } from "../keyboard.js";

/**
 * What the pad is like, and whose.
 * @typedef {object} SketchProps
 * @property {number} width
 * @property {number} height of the image in pixels
 * @property {boolean} coloured
 * @property {string} ground the colour of the empty pad, as #rrggbb
 * @property {string} owner whose drawing it is
 */
/** @typedef {{ink: string, width: number, points: [number, number][]}} Stroke in units of the pad's width */

const SHARPNESS = 8; // pixels of the pad for each of the image's, so that strokes shrink to soft edges
const LARGEST_SIDE = 512;
const KEY_STEP = 1 / 28, KEY_LEAP = 1 / 7; // of the pad's width; with Shift it leaps
const HINT = "By keyboard: arrows move the pen (Shift: far), Space lowers and lifts it, Backspace undoes.";

/** Each owner's strokes. */
const drawings = (globalThis.latentDrawings ??= new Map());
/** @type {WeakMap<Node, Sketch>} */
const pads = new WeakMap();

/** @param {StreamlitComponent<SketchProps>} component */
export default function (component) {
  const { parentElement } = component;
  let pad = pads.get(parentElement);
  if (!pad?.element.isConnected) pads.set(parentElement, (pad = new Sketch(parentElement)));
  pad.update(component);
}

class Sketch {
  /** @type {Stroke[]} */
  strokes = [];
  /** @type {SketchProps|null} */
  props = null;
  /** @type {StreamlitComponent<SketchProps>["setTriggerValue"]|undefined} */
  trigger;

  /** @param {Node} root */
  constructor(root) {
    this.pen = { x: 0.5, y: 0.5, down: false };
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `A pad to draw on. ${HINT}`);
    this.ring = make("div", { className: "pen" });
    this.thickness = make("input", { type: "range", min: "0.02", max: "0.25", step: "0.01", value: "0.09" });
    this.shade = make("input", {});
    this.shadeName = make("span", {});
    this.eraser = make("button", { type: "button", textContent: "Eraser", onclick: () => this.#erase() });
    this.eraser.setAttribute("aria-pressed", "false");
    this.undo = make("button", { type: "button", textContent: "Undo", onclick: () => this.#take(-1) });
    this.clear = make("button", { type: "button", textContent: "Clear", onclick: () => this.#take(0) });
    this.element = make("div", { className: "sketch" },
      make("div", { className: "desk" },
        make("div", { className: "sheet" }, this.canvas, this.ring),
        make("div", { className: "tools" },
          make("label", {}, make("span", { textContent: "Pen width" }), this.thickness),
          make("label", {}, this.shadeName, this.shade),
          make("div", { className: "row" }, this.eraser, this.undo, this.clear))),
      make("p", { className: "hint", textContent: HINT }));
    this.#listen();
    root.appendChild(this.element);
  }

  /** @param {StreamlitComponent<SketchProps>} component */
  update({ data, setTriggerValue }) {
    const before = this.props;
    this.trigger = setTriggerValue;
    this.props = data;
    if (before && before.owner === data.owner) return;
    const { width, height, coloured, ground, owner } = data;
    const scale = Math.min(SHARPNESS, LARGEST_SIDE / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    this.strokes = drawings.get(owner) ?? [];
    drawings.set(owner, this.strokes);
    const light = parseInt(ground.slice(1, 3), 16) > 127; // the pen begins as far from the ground as can be
    const range = { type: "range", min: "0", max: "255", value: light ? "0" : "255" };
    Object.assign(this.shade, coloured ? { type: "color", value: light ? "#000000" : "#ffffff" } : range);
    this.shadeName.textContent = coloured ? "Colour" : "Brightness";
    this.#draw();
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.pen.down = true;
      this.#begin(this.#pointOf(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) this.#extend(this.#pointOf(one));
      this.#draw();
    });
    canvas.addEventListener("lostpointercapture", () => this.#lift());
    canvas.addEventListener("blur", () => this.#lift());
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @returns {[number, number]} */
  #pointOf(/** @type {PointerEvent} */ { clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.width];
  }

  #key(/** @type {KeyboardEvent} */ event) {
    const move = ARROWS[event.key];
    if (move && this.props) {
      const step = event.shiftKey ? KEY_LEAP : KEY_STEP, tall = this.props.height / this.props.width;
      const inside = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(most, Math.max(0, value));
      this.pen.x = inside(this.pen.x + step * move[0], 1);
      this.pen.y = inside(this.pen.y - step * move[1], tall);
      if (this.pen.down) this.#extend([this.pen.x, this.pen.y]);
      this.#draw();
    } else if (event.key === " ") {
      if (this.pen.down) this.#lift();
      else {
        this.pen.down = true;
        this.#begin([this.pen.x, this.pen.y]);
      }
    } else if (event.key === "Backspace") this.#take(-1);
    else return;
    event.preventDefault();
  }

  #begin(/** @type {[number, number]} */ point) {
    if (!this.props) return;
    const erasing = this.eraser.getAttribute("aria-pressed") === "true";
    const grey = Number(this.shade.value).toString(16).padStart(2, "0").repeat(3);
    const ink = erasing ? this.props.ground : this.props.coloured ? this.shade.value : `#${grey}`;
    this.strokes.push({ ink, width: Number(this.thickness.value), points: [point] });
    this.#draw();
  }

  #extend(/** @type {[number, number]} */ point) {
    this.strokes.at(-1)?.points.push(point);
  }

  #lift() {
    if (!this.pen.down) return;
    this.pen.down = false;
    this.#draw();
    this.#send();
  }

  #erase() {
    const pressed = this.eraser.getAttribute("aria-pressed") === "true";
    this.eraser.setAttribute("aria-pressed", String(!pressed));
  }

  /** Take away the last stroke (-1), or all of them from the first one on (0). */
  #take(/** @type {number} */ from) {
    this.pen.down = false;
    this.strokes.splice(from);
    this.#draw();
    if (this.strokes.length) this.#send();
  }

  #draw() {
    const { canvas, strokes, pen, props } = this;
    if (!props) return;
    const paper = context2d(canvas);
    paper.fillStyle = props.ground;
    paper.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(paper, { lineCap: "round", lineJoin: "round" });
    for (const { ink, width, points } of strokes) {
      paper.strokeStyle = ink;
      paper.lineWidth = width * canvas.width;
      const [first, ...rest] = points;
      /** @type {[number, number][]} */
      const ends = rest.length ? rest : [[first[0] + 1e-4, first[1]]]; // a dot needs a length
      paper.beginPath();
      paper.moveTo(first[0] * canvas.width, first[1] * canvas.width);
      for (const [x, y] of ends) paper.lineTo(x * canvas.width, y * canvas.width);
      paper.stroke();
    }
    Object.assign(this.ring.style, { left: `${100 * pen.x}%`, top: `${100 * pen.y * (canvas.width / canvas.height)}%` });
    this.ring.classList.toggle("down", pen.down);
    this.undo.disabled = this.clear.disabled = !strokes.length;
  }

  #send() {
    const address = this.canvas.toDataURL("image/png");
    this.trigger?.("drawn", address.slice(address.indexOf(",") + 1));
  }
}
