/**
 * A pad to draw a picture on. The server gets it as a PNG after each stroke. All texts are set as text.
 * Strokes are kept in units of the pad's width, so that a drawing outlives the pad that it was made on.
 */

const SHARPNESS = 8; // pixels of the pad for each of the picture's, so that strokes shrink to soft edges
const LARGEST_SIDE = 512;
const KEY_STEP = 1 / 28, KEY_LEAP = 1 / 7; // of the pad's width; with Shift it leaps
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HINT = "By keyboard: arrows move the pen (Shift: far), Space lowers and lifts it, Backspace undoes.";

/** Each owner's strokes: { ink, width, points: [x, y][] }[] */
const drawings = (globalThis.latentDrawings ??= new Map());
const pads = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  let pad = pads.get(parentElement);
  if (!pad?.element.isConnected) pads.set(parentElement, (pad = new Sketch(parentElement)));
  pad.update(component);
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class Sketch {
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
    root.append(this.element);
  }

  update(component) {
    const before = this.data;
    this.component = component;
    this.data = component.data;
    if (before && before.owner === this.data.owner) return;
    const { width, height, coloured, ground, owner } = this.data;
    const scale = Math.min(SHARPNESS, LARGEST_SIDE / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    if (!drawings.has(owner)) drawings.set(owner, []);
    this.strokes = drawings.get(owner);
    const light = parseInt(ground.slice(1, 3), 16) > 127; // the pen begins as far from the ground as can be
    const range = { type: "range", min: "0", max: "255", value: light ? "0" : "255" };
    Object.assign(this.shade, coloured ? { type: "color", value: light ? "#000000" : "#ffffff" } : range);
    this.shadeName.textContent = coloured ? "Colour" : "Brightness";
    this.#paint();
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.pen.down = true;
      this.#begin(this.#place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) this.#extend(this.#place(one));
      this.#paint();
    });
    canvas.addEventListener("lostpointercapture", () => this.#lift());
    canvas.addEventListener("blur", () => this.#lift());
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.width];
  }

  #key(event) {
    const move = MOVES[event.key];
    if (move) {
      const step = event.shiftKey ? KEY_LEAP : KEY_STEP, tall = this.data.height / this.data.width;
      const inside = (value, most) => Math.min(most, Math.max(0, value));
      this.pen.x = inside(this.pen.x + step * move[0], 1);
      this.pen.y = inside(this.pen.y + step * move[1], tall);
      if (this.pen.down) this.#extend([this.pen.x, this.pen.y]);
      this.#paint();
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

  #begin(place) {
    const erasing = this.eraser.getAttribute("aria-pressed") === "true";
    const grey = Number(this.shade.value).toString(16).padStart(2, "0").repeat(3);
    const ink = erasing ? this.data.ground : this.data.coloured ? this.shade.value : `#${grey}`;
    this.strokes.push({ ink, width: Number(this.thickness.value), points: [place] });
    this.#paint();
  }

  #extend(place) {
    this.strokes.at(-1).points.push(place);
  }

  #lift() {
    if (!this.pen.down) return;
    this.pen.down = false;
    this.#paint();
    this.#send();
  }

  #erase() {
    const pressed = this.eraser.getAttribute("aria-pressed") === "true";
    this.eraser.setAttribute("aria-pressed", String(!pressed));
  }

  /** Take away the last stroke (-1), or all of them from the first one on (0). */
  #take(from) {
    this.pen.down = false;
    this.strokes.splice(from);
    this.#paint();
    if (this.strokes.length) this.#send();
  }

  #paint() {
    const { canvas, strokes, pen } = this;
    const paper = canvas.getContext("2d");
    paper.fillStyle = this.data.ground;
    paper.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(paper, { lineCap: "round", lineJoin: "round" });
    for (const { ink, width, points } of strokes) {
      paper.strokeStyle = ink;
      paper.lineWidth = width * canvas.width;
      const [first, ...rest] = points;
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
    this.component.setTriggerValue("drawn", address.slice(address.indexOf(",") + 1));
  }
}
