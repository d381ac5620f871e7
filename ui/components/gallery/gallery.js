/**
 * A gallery of pictures. Runs again on every change of its data, so it rebuilds only what differs.
 * All texts are set as text, never as HTML.
 */
export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".gallery");
  if (!root) {
    root = document.createElement("div");
    parentElement.appendChild(root);
  }
  root.className = data.oneRow ? "gallery one-row" : "gallery";
  lay(root, data);
  const tag = data.pickable ? "BUTTON" : "DIV";
  while (root.children.length > data.pictures.length) root.lastChild.remove();
  data.pictures.forEach((source, position) => {
    let picture = root.children[position];
    if (!picture || picture.tagName !== tag) {
      const fresh = createPicture(tag);
      if (picture) picture.replaceWith(fresh);
      else root.appendChild(fresh);
      picture = fresh;
    }
    update(picture, data, position, source);
    picture.onclick = data.pickable ? () => setTriggerValue("picked", position) : null;
  });
}

/** Make a grid of columns, if one is asked for: a single stop for the Tab key, in which the arrow keys walk. */
function lay(root, data) {
  root.style.gridTemplateColumns = data.columns ? `repeat(${data.columns}, minmax(0, ${data.size}px))` : "";
  root.onkeydown = null;
  if (!data.columns) return;
  root.classList.add("grid");
  root.classList.toggle("tall", data.pictures.length >= data.columns ** 2);
  root.classList.toggle("named", data.rowNames.length > 0);
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns };
  root.onkeydown = (event) => {
    const here = [...root.children].indexOf(event.target.closest(".picture"));
    const next = root.children[here + steps[event.key]];
    if (here < 0 || !next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}

/** An empty picture: a button (or a plain box) with an image and a caption. */
function createPicture(tag) {
  const picture = document.createElement(tag);
  if (tag === "BUTTON") picture.type = "button";
  picture.append(document.createElement("img"), document.createElement("span"));
  return picture;
}

/** Bring one picture up to date. */
function update(picture, data, position, source) {
  const [image, caption] = picture.children;
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
