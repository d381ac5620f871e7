/** The hidden mount: it takes one parcel from the server and puts it into the store. */

import { deliver } from "./store.js";

/** How arrays are written. @type {Record<string, new (buffer: ArrayBuffer, at: number, count: number) => ArrayBufferView>} */
const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

/** Read what ui/components/map/parcels.py packed. @param {Uint8Array} bytes */
export function unpackParcel(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length).buffer; // a copy, so that each array begins where it may
  /** @type {Record<string, any>} */
  const arrays = {};
  for (const { name, kind, at, count } of header.arrays) arrays[name] = new KINDS[kind](body, at, count);
  return { header, arrays };
}

/** @param {StreamlitComponent<Uint8Array|null>} component */
export default function ({ data }) {
  if (data?.length) deliver(unpackParcel(data));
}
