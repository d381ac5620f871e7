/** Shows a drawing that the server made of its own shapes and words. Runs again on every change of its data. */
export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".drawing");
  if (!root) {
    root = document.createElement("div");
    root.className = "drawing";
    parentElement.appendChild(root);
  }
  if (root.dataset.svg === data.svg) return;
  root.dataset.svg = data.svg;
  root.replaceChildren(new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement);
}
