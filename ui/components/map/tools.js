/** The tools of the map: buttons at its side, and the search. */

import { find } from "../elements.js";
import { search } from "./search.js";

/** @typedef {import("./gestures.js").Mode} Mode */
/** @typedef {"in"|"out"|"reset"|"pictures"|"full"|"png"|"svg"} Command */
/**
 * @typedef {object} ToolActions
 * @property {(command: Command) => void} command a button was pressed
 * @property {(positions: number[] | null) => void} highlight what is searched for; null for nothing
 * @property {(positions: number[]) => void} choose what was searched for
 */

export class Tools {
  /** What dragging does. @type {Mode} */
  mode = "move";

  /** @param {HTMLElement} section @param {import("./cloud.js").Cloud} cloud @param {ToolActions} actions */
  constructor(section, cloud, actions) {
    this.section = section;
    for (const button of this.#buttons("mode")) {
      button.onclick = () => this.setMode(/** @type {Mode} */ (button.dataset.mode));
    }
    for (const button of this.#buttons("do")) {
      button.onclick = () => actions.command(/** @type {Command} */ (button.dataset.do));
    }
    const form = find(section, ".search", HTMLFormElement);
    const [input, output] = [find(form, "input", HTMLInputElement), find(form, "output", HTMLOutputElement)];
    const look = () => {
      const positions = search(input.value, cloud);
      output.textContent = positions?.length.toLocaleString("en") ?? "";
      actions.highlight(positions);
      return positions ?? [];
    };
    input.oninput = look;
    form.onsubmit = (event) => {
      event.preventDefault();
      const positions = look();
      if (!positions.length) return;
      actions.choose(positions);
      input.value = "";
      look();
    };
  }

  #buttons(/** @type {"mode"|"do"} */ kind) {
    return /** @type {NodeListOf<HTMLButtonElement>} */ (this.section.querySelectorAll(`[data-${kind}]`));
  }

  /** @param {Mode} mode */
  setMode(mode) {
    this.mode = mode;
    find(this.section, ".stage", HTMLElement).classList.toggle("draws", mode !== "move");
    for (const button of this.#buttons("mode")) button.ariaPressed = String(button.dataset.mode === mode);
  }

  /** @param {boolean} shown whether pictures are shown at any zoom */
  showPictures(shown) {
    find(this.section, "[data-do=pictures]", HTMLElement).ariaPressed = String(shown);
  }
}
