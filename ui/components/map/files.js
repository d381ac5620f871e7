/** The map as it is on the screen, as a PNG or SVG file. */

import { context2d, make } from "../elements.js";
import { shapePath } from "./legend.js";

const SVG_SPACE = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Blob} content */
export function save(name, content) {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Several canvases on top of each other as one PNG. @param {HTMLCanvasElement[]} layers @param {string} paper @returns {Promise<Blob>} */
export function toPng(layers, paper) {
  const { width, height } = layers[0];
  const sheet = make("canvas", { width, height });
  const pen = context2d(sheet);
  pen.fillStyle = paper;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  for (const layer of layers) pen.drawImage(layer, 0, 0);
  return new Promise((done) => sheet.toBlob((blob) => done(/** @type {Blob} */ (blob)), "image/png"));
}

/**
 * @param {{width: number, height: number, paper: string, ink: string, font: string}} page
 * @param {{x: number, y: number, group: number, colour: string, faint: boolean}[]} points in pixels
 * @param {number} size of a point @param {{name: string, x: number, y: number}[]} names
 */
export function toSvg({ width, height, paper, ink, font }, points, size, names) {
  const root = node("svg", { xmlns: SVG_SPACE, width, height, viewBox: `0 0 ${width} ${height}` });
  root.append(node("rect", { width, height, fill: paper }));
  for (const { x, y, group, colour, faint } of points) {
    const place = `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${(size / 2).toFixed(2)})`;
    root.append(node("path", { d: shapePath(group), transform: place, fill: colour, opacity: faint ? 0.13 : 0.85 }));
  }
  for (const { name, x, y } of names) {
    const words = node("text", {
      x: x.toFixed(1), y: y.toFixed(1), fill: ink, stroke: paper, "stroke-width": 4, "paint-order": "stroke",
      "text-anchor": "middle", "font-family": font, "font-size": 13, "font-weight": 600,
    });
    words.textContent = name;
    root.append(words);
  }
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

function node(/** @type {string} */ name, /** @type {Record<string, any>} */ attributes) {
  const made = document.createElementNS(SVG_SPACE, name);
  for (const [key, value] of Object.entries(attributes)) if (key !== "xmlns") made.setAttribute(key, String(value));
  return made;
}
