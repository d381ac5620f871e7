/** Finding points: under the pointer, inside an outline, beside another one, by class or index. */

/**
 * The nearest point that is not hidden.
 * @param {Float32Array} places (x, y) one after the other
 * @param {(position: number) => boolean} isHidden
 * @param {number} x @param {number} y
 * @param {number} reach how far away it may be
 * @returns {number} its position, or -1
 */
export function nearest(places, isHidden, x, y, reach) {
  let least = reach * reach;
  let best = -1;
  for (let position = 0, at = 0; at < places.length; position++, at += 2) {
    const right = places[at] - x;
    if (right > reach || right < -reach) continue;
    const up = places[at + 1] - y;
    const distance = right * right + up * up;
    if (distance < least && !isHidden(position)) {
      least = distance;
      best = position;
    }
  }
  return best;
}

/**
 * The points inside an outline, by the even-odd rule.
 * @param {Float32Array} places
 * @param {(position: number) => boolean} isHidden
 * @param {[number, number][]} outline corners
 */
export function inside(places, isHidden, outline) {
  const [lowX, highX] = endsOf(outline.map(([x]) => x));
  const [lowY, highY] = endsOf(outline.map(([, y]) => y));
  const positions = [];
  for (let position = 0, at = 0; at < places.length; position++, at += 2) {
    const x = places[at];
    const y = places[at + 1];
    if (x < lowX || x > highX || y < lowY || y > highY || isHidden(position)) continue;
    if (surrounds(outline, x, y)) positions.push(position);
  }
  return positions;
}

const endsOf = (/** @type {number[]} */ values) => [Math.min(...values), Math.max(...values)];

/** @param {[number, number][]} outline @param {number} x @param {number} y */
function surrounds(outline, x, y) {
  let within = false;
  let [beforeX, beforeY] = outline[outline.length - 1];
  for (const [cornerX, cornerY] of outline) {
    if (cornerY > y !== beforeY > y) {
      const crossing = cornerX + ((y - cornerY) * (beforeX - cornerX)) / (beforeY - cornerY);
      if (x < crossing) within = !within;
    }
    [beforeX, beforeY] = [cornerX, cornerY];
  }
  return within;
}

/**
 * The next point in a direction: near, and more ahead than aside.
 * @param {Float32Array} places
 * @param {(position: number) => boolean} isHidden
 * @param {number} from a point's position
 * @param {[number, number]} direction of length 1
 * @returns {number} its position, or -1 if nothing lies there
 */
export function neighbour(places, isHidden, from, [right, up]) {
  const x = places[2 * from];
  const y = places[2 * from + 1];
  let least = Infinity;
  let best = -1;
  for (let position = 0, at = 0; at < places.length; position++, at += 2) {
    const offsetX = places[at] - x;
    const offsetY = places[at + 1] - y;
    const ahead = offsetX * right + offsetY * up;
    const aside = Math.abs(offsetX * up - offsetY * right);
    if (ahead <= 0 || aside > ahead || position === from) continue;
    const cost = ahead + 2 * aside;
    if (cost < least && !isHidden(position)) {
      least = cost;
      best = position;
    }
  }
  return best;
}

/**
 * What a visitor typed: the index of a test image, or part of a class's name.
 * @param {string} text
 * @param {{classNames: string[], classes: Uint8Array, indices: Uint32Array}} points
 * @returns {number[] | null} positions; null if nothing was typed
 */
export function search(text, { classNames, classes, indices }) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const named = new Set(classNames.flatMap((name, label) => (name.toLowerCase().includes(wanted) ? [label] : [])));
  if (/^#?\d+$/.test(wanted)) {
    const position = indices.indexOf(Number(wanted.replace("#", "")));
    if (position >= 0) return [position];
  }
  /** @type {number[]} */
  const positions = [];
  if (named.size) classes.forEach((label, position) => named.has(label) && positions.push(position));
  return positions;
}
