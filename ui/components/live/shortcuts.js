/** Keys that work wherever the focus is, unless something is being typed. */

import { hasModifier } from "../keyboard.js";

const TYPING = "input:not([type=range]), textarea, select, [contenteditable]";

/**
 * Call the action of each key that is pressed.
 * @param {(key: string) => (() => void)|undefined} actionOf a key as the browser names it
 * @returns {() => void} ends it
 */
export function onShortcut(actionOf) {
  const press = (/** @type {KeyboardEvent} */ event) => {
    const target = event.composedPath()[0];
    if (hasModifier(event) || (target instanceof HTMLElement && target.matches(TYPING))) return;
    const action = actionOf(event.key) ?? actionOf(event.key.toLowerCase());
    if (!action) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    action();
  };
  addEventListener("keydown", press, true); // before the page's own keys, of which R may be one
  return () => removeEventListener("keydown", press, true);
}
