/**
 * The host of the live views: with mount.js and host.css all that knows Streamlit. It is the component that brings
 * the decoders; the components of the views only call it.
 */

import { hasDecoder, keepDecoder } from "./decoders.js";
import { PathView } from "./path.js";
import { PlaneView } from "./plane.js";
import { WorkbenchView } from "./workbench.js";

/**
 * What a view reports to: whatever stands in for the server.
 * @typedef {object} Host
 * @property {(name: string, value: unknown) => void} setState keeps a value, such as where the point is now
 * @property {(name: string, value: unknown) => void} trigger says that something has happened once
 */

/**
 * A view of decoders; see props.js for what each one is given.
 * @typedef {object} View
 * @property {(props: any, decoders: string[], host: Host) => void} update
 * @property {() => void} close lets all go; the page has been left
 */

/** @typedef {import("./props.js").ViewMessage} ViewMessage */

/** @type {Record<ViewMessage["view"], new (root: Node) => View>} */
const VIEWS = { workbench: WorkbenchView, path: PathView, plane: PlaneView };
/** @type {WeakMap<Node, View>} */
const views = new WeakMap();

/** Show a view, or bring it up to date. @param {StreamlitComponent<ViewMessage>} component @returns {() => void} removes it */
function show({ data, parentElement: root, setStateValue, setTriggerValue }) {
  let view = views.get(root);
  if (!view) views.set(root, (view = new VIEWS[data.view](root)));
  const missing = data.decoders.filter((key) => !hasDecoder(key) && !data.arriving.includes(key));
  if (missing.length) setTriggerValue("missing", missing);
  view.update(data.props, data.decoders, { setState: setStateValue, trigger: setTriggerValue });
  return () => {
    views.get(root)?.close();
    views.delete(root);
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

/** @param {StreamlitComponent<Uint8Array|null>} component */
export default function ({ data }) {
  if (data?.length) library().keepDecoder?.(data);
}
