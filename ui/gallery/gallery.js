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
}
