/** Shows a drawing that the server made of its own shapes and words. Runs again on every change of its data. */

import { make } from "../elements.js";

/**
 * The drawing.
 * @typedef {object} DrawingProps
 * @property {string} svg
 */

/** @param {StreamlitComponent<DrawingProps>} component */
export default function ({ data, parentElement }) {
  let root = /** @type {HTMLElement|null} */ (parentElement.querySelector(".drawing"));
  if (!root) {
    root = make("div", { className: "drawing" });
    parentElement.appendChild(root);
  }
  if (root.dataset.svg === data.svg) return;
  root.dataset.svg = data.svg;
  root.replaceChildren(new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement);
}
