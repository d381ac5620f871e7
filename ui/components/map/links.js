/** Maps of the same points beside each other share what is hovered, selected and hidden. */

/** @typedef {{kind: "hover" | "selection" | "groups", value: any}} Note */

/** @type {Map<string, Set<(note: Note) => void>>} */
const linkedMaps = (globalThis.latentMapLinks ??= new Map());

/** One map's end of a link. */
export class Link {
  /** @param {string} name the same for maps that belong together @param {(note: Note) => void} onNote */
  constructor(name, onNote) {
    this.name = name;
    this.onNote = onNote;
    if (!linkedMaps.has(name)) linkedMaps.set(name, new Set());
    linkedMaps.get(name)?.add(onNote);
  }

  /** Tell the other maps. @param {Note["kind"]} kind @param {any} value */
  tell(kind, value) {
    for (const listener of linkedMaps.get(this.name) ?? []) if (listener !== this.onNote) listener({ kind, value });
  }

  close() {
    linkedMaps.get(this.name)?.delete(this.onNote);
  }
}
