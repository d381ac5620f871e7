/** All of the live view, in the component that also brings the decoders; the views' own components only call it. */

import { PathView } from "./path.js";
import { Plane } from "./plane.js";
import { keepDecoder } from "./store.js";
import { Workbench } from "./workbench.js";

const VIEWS = { workbench: Workbench, path: PathView, plane: Plane };

/** Show a view, or bring it up to date. @param {any} component @returns {() => void} takes it away */
function show(component) {
  const { parentElement: root, data } = component;
  root.latentView ??= new VIEWS[data.view](root);
  root.latentView.update(component);
  return () => {
    root.latentView?.close();
    delete root.latentView;
  };
}

/** The library of the browser's page: the first that comes stays, and with it its decoders. Views may be there before. */
function library() {
  const live = (globalThis.latentLive ??= { early: [] });
  if (!live.show) {
    Object.assign(live, { show, keepDecoder });
    for (const begin of live.early.splice(0)) begin();
  }
  return live;
}

library();

/** @param {{data: Uint8Array|null}} component */
export default function ({ data }) {
  if (data?.length) library().keepDecoder(data);
}
