/** A view of the live library, which may come later than this. */
export default function (component) {
  const live = (globalThis.latentLive ??= { early: [] });
  if (live.show) return live.show(component);
  const { decoders, arriving } = component.data;
  if (!arriving.length) component.setTriggerValue("missing", decoders); // it was sent, and has been lost on its way
  let end = null;
  const begin = () => {
    if (component) end = live.show(component);
  };
  live.early.push(begin);
  return () => {
    component = null;
    end?.();
  };
}
