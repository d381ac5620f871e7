/** What keys mean, the same in every component and every browser. */

/** Steps to the right and up. @type {Record<string, [number, number]>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Whether a key is meant for the browser or the system. @param {KeyboardEvent} event */
export const hasModifier = (event) => event.ctrlKey || event.metaKey || event.altKey;

/**
 * Where a key moves a slider to.
 * @param {KeyboardEvent} event
 * @param {{value: number, low: number, high: number, step: number, pageDown: number, pageUp: number}} slider
 * step: of the arrow keys; pageDown, pageUp: where Page Down and Up lead
 * @returns {number|null} a value from low to high; null if the key does not move it
 */
export function sliderGoal(event, { value, low, high, step, pageDown, pageUp }) {
  /** @type {Record<string, number>} */
  const goals = {
    ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step,
    PageDown: pageDown, PageUp: pageUp, Home: low, End: high,
  };
  const goal = goals[event.key];
  return goal === undefined || hasModifier(event) ? null : Math.min(high, Math.max(low, goal));
}
