/** What the hidden mounts deliver, by slot; the maps on the page listen. One store for the whole browser tab. */

/**
 * A parcel from the server: a header with a few words and values, and arrays beside it.
 * @typedef {object} Parcel
 * @property {{slot: string, id: string, [name: string]: any}} header
 * @property {Record<string, any>} arrays by name
 */

const MOST_THUMBNAIL_SETS = 3;

/** @type {{parcels: Map<string, Parcel>, listeners: Set<(parcel: Parcel) => void>}} */
const store = (globalThis.latentMapStore ??= { parcels: new Map(), listeners: new Set() });

/** Keep a parcel in the place of the last one of its slot, and tell every listener. @param {Parcel} parcel */
export function deliver(parcel) {
  const { slot, id } = parcel.header;
  if (store.parcels.get(slot)?.header.id === id) return;
  store.parcels.delete(slot); // so that the newest come last
  store.parcels.set(slot, parcel);
  forgetOldThumbnails();
  for (const listener of store.listeners) listener(parcel);
}

/** @param {string} slot @returns {Parcel | undefined} */
export const delivered = (slot) => store.parcels.get(slot);

/** All parcels whose slot begins so. @param {string} beginning @returns {Parcel[]} */
export const deliveredUnder = (beginning) =>
  [...store.parcels.values()].filter((parcel) => parcel.header.slot.startsWith(beginning));

/** @param {(parcel: Parcel) => void} listener @returns {() => void} what ends it */
export function listen(listener) {
  store.listeners.add(listener);
  return () => store.listeners.delete(listener);
}

function forgetOldThumbnails() {
  const parcels = deliveredUnder("thumbnails:");
  const sets = [...new Set(parcels.map((parcel) => parcel.header.set).reverse())];
  const kept = new Set(sets.slice(0, MOST_THUMBNAIL_SETS));
  for (const { header } of parcels) if (!kept.has(header.set)) store.parcels.delete(header.slot);
}
