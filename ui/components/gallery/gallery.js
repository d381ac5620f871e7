/** A gallery of images. Runs again on every change of its data, so it rebuilds only what differs. */

import { make } from "../elements.js";

/**
 * Images in rows; see ui/components/gallery/__init__.py.
 * @typedef {object} GalleryProps
 * @property {string[]} images as data URLs
 * @property {string[]} names the alt texts
 * @property {string[]} captions
 * @property {number} size CSS pixels
 * @property {number|null} marked position of the image with a frame
 * @property {boolean} oneRow
 * @property {number|null} columns of a close grid
 * @property {string[]} rowNames
 * @property {boolean} pickable
 */

/** @param {StreamlitComponent<GalleryProps>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  let root = /** @type {HTMLElement|null} */ (parentElement.querySelector(".gallery"));
  if (!root) {
    root = make("div");
    parentElement.appendChild(root);
  }
  root.className = data.oneRow ? "gallery one-row" : "gallery";
  layOut(root, data);
  const tag = data.pickable ? "button" : "div";
  while (root.children.length > data.images.length) root.lastChild?.remove();
  for (const [position, source] of data.images.entries()) {
    let picture = /** @type {HTMLElement|undefined} */ (root.children[position]);
    if (picture?.localName !== tag) {
      const fresh = createPicture(tag);
      if (picture) picture.replaceWith(fresh);
      else root.appendChild(fresh);
      picture = fresh;
    }
    update(picture, data, position, source);
    picture.onclick = data.pickable ? () => setTriggerValue("picked", position) : null;
  }
}

/** Make a grid of columns, if one is asked for: a single stop for the Tab key, in which the arrow keys move. */
function layOut(/** @type {HTMLElement} */ root, /** @type {GalleryProps} */ { columns, size, images, rowNames }) {
  root.style.gridTemplateColumns = columns ? `repeat(${columns}, minmax(0, ${size}px))` : "";
  root.onkeydown = null;
  if (!columns) return;
  root.classList.add("grid");
  root.classList.toggle("tall", images.length >= columns ** 2);
  root.classList.toggle("named", rowNames.length > 0);
  /** @type {Record<string, number>} */
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  root.onkeydown = (event) => {
    if (!(event.target instanceof HTMLElement)) return;
    const current = [...root.children].findIndex((picture) => picture.contains(/** @type {Node} */ (event.target)));
    const next = /** @type {HTMLElement|undefined} */ (root.children[current + steps[event.key]]);
    if (current < 0 || !next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}

/** An empty picture: a button (or a plain box) with an image and a caption. @param {"button"|"div"} tag */
function createPicture(tag) {
  return make(tag, tag === "button" ? { type: "button" } : {}, make("img"), make("span"));
}

/** Bring one picture up to date. */
function update(
  /** @type {HTMLElement} */ picture, /** @type {GalleryProps} */ data, /** @type {number} */ position,
  /** @type {string} */ source,
) {
  const [image, caption] = /** @type {[HTMLImageElement, HTMLElement]} */ ([...picture.children]);
  const marked = position === data.marked;
  picture.className = marked ? "picture marked" : "picture";
  if (data.pickable) picture.setAttribute("aria-pressed", String(marked));
  if (image.src !== source) image.src = source;
  image.alt = data.names[position] ?? "";
  image.width = data.size;
  caption.textContent = data.captions[position] ?? "";
  caption.hidden = !caption.textContent;
  const row = data.columns && position % data.columns === 0 ? data.rowNames[position / data.columns] : undefined;
  if (row === undefined) delete picture.dataset.row;
  else picture.dataset.row = row;
  if (data.pickable) picture.tabIndex = data.columns && position !== (data.marked ?? 0) ? -1 : 0;
}
