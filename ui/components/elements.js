/** Making DOM elements. All texts are set as text, never as HTML. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} properties of the element, attributes that have no property of their own among them
 * @param {(Node|string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) Object.assign(element, { [name]: value });
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * The first element inside a root that a selector matches.
 * @template {Element} Kind
 * @param {ParentNode} root @param {string} selector @param {new () => Kind} kind
 * @returns {Kind}
 * @throws {Error} if there is none of that kind
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`no ${selector} of the kind ${kind.name}`);
  return element;
}

/** The 2D context of a canvas. @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function context2d(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

/**
 * The bytes of a base64 text.
 * @param {string} text @returns {Uint8Array<ArrayBuffer>}
 */
export const bytesFromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Whether the visitor asked for less motion. */
export const wantsStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * A place of the pointer as shares of an element: across from the left and up from the bottom.
 * @param {MouseEvent} event @param {Element} element @returns {[number, number]}
 */
export function sharesOf({ clientX, clientY }, element) {
  const box = element.getBoundingClientRect();
  return [(clientX - box.left) / box.width, 1 - (clientY - box.top) / box.height];
}

/** Something that is drawn with the next frame, however often it is asked for. */
export class Frame {
  #waiting = 0;

  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
  }

  request() {
    this.#waiting ||= requestAnimationFrame(() => {
      this.#waiting = 0;
      this.draw();
    });
  }

  cancel() {
    cancelAnimationFrame(this.#waiting);
    this.#waiting = 0;
  }
}
