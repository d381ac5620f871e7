/** A view of the live library, which may come later than this. @param {StreamlitComponent<import("./props.js").ViewMessage>} component */
export default function (component) {
  const live = (globalThis.latentLive ??= { early: [] });
  if (live.show) return live.show(component);
  const { decoders, arriving } = component.data;
  if (!arriving.length) component.setTriggerValue("missing", decoders); // it was sent, and has been lost on the way
  let open = true;
  /** @type {(() => void)|undefined} */
  let end;
  live.early.push(() => {
    if (open) end = live.show?.(component);
  });
  return () => {
    open = false;
    end?.();
  };
}
