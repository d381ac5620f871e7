/** Running a packed decoder: a plan of its layers over one memory, in WebAssembly or in plain JavaScript. */

import { KERNEL_RELAXED_SIMD, KERNEL_SIMD } from "./kernel.js";
import { plainKernels } from "./kernels.js";

/** @typedef {import("./unpack.js").Decoder} Decoder @typedef {import("./unpack.js").Layer} Layer */
/** @typedef {import("./kernels.js").Kernels} Kernels */
/** @typedef {"auto"|"wasm"|"js"} EngineChoice which engine is wanted; auto takes the quickest that there is */
/** @typedef {{map: number, patches: number, slots: number[], result: number}} Sizes in floats, for one image */

/** The kernel's numbers for the activations' names. @type {Record<string, number>} */
const ACTIVATIONS = { none: 0, relu: 1, leaky: 2, elu: 3, silu: 4, gelu: 5, tanh: 6, sigmoid: 7 };
const FIRST_BYTE = 1024; // below lies what the compiler may want for itself
const PAGE = 65536;
const LARGEST_PATCHES = 4_000_000; // floats; a batch is as large as this allows

/** A decoder that can be run. One is enough for a thread; `run` overwrites what the last `run` gave. */
export class Engine {
  /**
   * @param {Decoder} decoder
   * @param {{batch?: number, choice?: EngineChoice}} [options] batch: images at once, at most
   */
  constructor(decoder, { batch = 1, choice = "auto" } = {}) {
    this.decoder = decoder;
    const [channels, height, width] = decoder.image;
    this.channels = channels;
    this.height = height;
    this.width = width;
    const sizes = bufferSizes(decoder);
    this.batch = Math.max(1, Math.min(batch, Math.floor(LARGEST_PATCHES / Math.max(sizes.patches, 1))));
    let end = FIRST_BYTE;
    const take = (/** @type {number} */ floats) => {
      const start = end;
      end += Math.ceil((floats * 4) / 16) * 16;
      return start;
    };
    this.weights = take(decoder.weights.length);
    this.buffers = [take(sizes.map * this.batch), take(sizes.map * this.batch)];
    this.patches = take(sizes.patches * this.batch);
    this.slots = sizes.slots.map((size) => take(size * this.batch));
    const { kind, kernels, buffer } = createKernels(end, choice);
    /** "WASM" or "JS". */
    this.kind = kind;
    this.kernels = kernels;
    this.memory = new Float32Array(buffer);
    this.memory.set(decoder.weights, this.weights / 4);
    /** Floats from one pixel of the result to the next, and from one image to the next. */
    this.pixelSize = lastLayer(decoder).after[2];
    this.imageSize = sizes.result;
  }

  /**
   * Decode codes; the result stays valid until the next call.
   * @param {Float32Array} codes `count` codes one after the other
   * @param {number} count at most `batch`
   * @param {number|null} label of a conditional model
   * @returns {Float32Array} the last layer's output; see `pixelSize` and `imageSize` for how it lies
   */
  run(codes, count = 1, label = null) {
    let [from, to] = this.buffers;
    let [height, width, channels] = this.#putInput(codes, count, label);
    for (const layer of this.decoder.layers) {
      const stays = this.#step(layer, from, to, count, height, width, channels);
      if (!stays) [from, to] = [to, from];
      [height, width, channels] = layer.after;
    }
    return this.memory.subarray(from / 4, from / 4 + count * this.imageSize);
  }

  /** Write codes and label as the first layer wants them; the shape that they have then. */
  #putInput(/** @type {Float32Array} */ codes, /** @type {number} */ count, /** @type {number|null} */ label) {
    const { input, latent, classes } = this.decoder;
    const [channels, height, width] = input;
    const pixels = height * width;
    const padded = Math.ceil(channels / 4) * 4;
    const own = channels - classes;
    const start = this.buffers[0] / 4;
    this.memory.fill(0, start, start + count * pixels * padded);
    for (let image = 0; image < count; image++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const at = start + (image * pixels + pixel) * padded;
        for (let channel = 0; channel < own; channel++) {
          this.memory[at + channel] = codes[image * latent + channel * pixels + pixel];
        }
        if (classes) this.memory[at + own + (label ?? 0)] = 1;
      }
    }
    return [height, width, padded];
  }

  /** One layer; true if its result is where its input was. */
  #step(
    /** @type {Layer} */ layer, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ count,
    /** @type {number} */ height, /** @type {number} */ width, /** @type {number} */ channels,
  ) {
    const { kernels } = this;
    const [outHeight, outWidth, outChannels] = layer.after;
    const map = count * height * width * channels;
    switch (layer.op) {
      case "linear":
        kernels.multiply(from, this.#place(layer.weight), to, count, layer.outputs, layer.inputs);
        this.#finish(layer, to, count, layer.outputs);
        return false;
      case "convolution": {
        const taps = layer.kernel[0] * layer.kernel[1];
        const pixels = count * outHeight * outWidth;
        const pointwise = taps === 1 && layer.stride === 1 && layer.padding === 0;
        if (!pointwise) {
          kernels.gather(from, this.patches, count, height, width, channels, ...layer.kernel, layer.stride,
            layer.padding, outHeight, outWidth);
        }
        kernels.multiply(pointwise ? from : this.patches, this.#place(layer.weight), to, pixels, outChannels,
          taps * channels);
        this.#finish(layer, to, pixels, outChannels);
        return false;
      }
      case "transposed": {
        const taps = layer.kernel[0] * layer.kernel[1];
        const pixels = count * height * width;
        kernels.multiply(from, this.#place(layer.weight), this.patches, pixels, taps * outChannels, channels);
        kernels.scatter(this.patches, to, count, height, width, outChannels, ...layer.kernel, layer.stride,
          layer.padding, outHeight, outWidth);
        this.#finish(layer, to, count * outHeight * outWidth, outChannels);
        return false;
      }
      case "finish":
        this.#finish(layer, from, count * height * width, channels);
        return true;
      case "shuffle":
        kernels.shuffle(from, to, count, height, width, channels, outChannels, layer.factor);
        return false;
      case "enlarge":
        kernels.enlarge(from, to, count, height, width, channels, layer.factor);
        return false;
      case "remember":
        this.memory.copyWithin(this.slots[layer.slot] / 4, from / 4, from / 4 + map);
        return true;
      case "add":
        kernels.add(from, this.slots[layer.slot], map);
        return true;
      default:
        throw new Error(`this page does not know the layer ${layer.op}`);
    }
  }

  /** Scale, bias and activation of a layer, in place. */
  #finish(/** @type {Layer} */ layer, /** @type {number} */ at, /** @type {number} */ rows, /** @type {number} */ columns) {
    const [scale, bias] = [layer.scale, layer.bias].map((start) => (start === undefined ? 0 : this.#place(start)));
    this.kernels.finish(at, scale, bias, rows, columns, ACTIVATIONS[layer.activation], layer.slope);
  }

  /** The address of an array of the decoder. */
  #place(/** @type {number} */ start) {
    return this.weights + start * 4;
  }
}

/** @param {Decoder} decoder @returns {Layer} */
const lastLayer = ({ layers }) => layers[layers.length - 1];

/**
 * How many floats the plan needs for one image.
 * @param {Decoder} decoder
 * @returns {Sizes}
 */
function bufferSizes(decoder) {
  const { input, layers } = decoder;
  let [channels, height, width] = input;
  channels = Math.ceil(channels / 4) * 4;
  let map = height * width * channels;
  let patches = 0;
  /** @type {number[]} */
  const slots = [];
  for (const layer of layers) {
    const [outHeight, outWidth, outChannels] = layer.after;
    const taps = layer.kernel ? layer.kernel[0] * layer.kernel[1] : 0;
    if (layer.op === "convolution") patches = Math.max(patches, outHeight * outWidth * taps * channels);
    if (layer.op === "transposed") patches = Math.max(patches, height * width * taps * outChannels);
    if (layer.op === "remember") slots[layer.slot] = Math.max(slots[layer.slot] ?? 0, height * width * channels);
    [height, width, channels] = layer.after;
    map = Math.max(map, resultSize(layer));
  }
  return { map, patches, slots, result: resultSize(lastLayer(decoder)) };
}

/** Floats that a layer gives for one image; a fully connected one may be padded at its end. */
function resultSize(/** @type {Layer} */ layer) {
  const [height, width, channels] = layer.after;
  return layer.op === "linear" ? layer.outputs : height * width * channels;
}

/**
 * Kernels over a memory of so many bytes: the quickest that this browser and the choice allow.
 * @param {number} bytes
 * @param {EngineChoice} choice
 * @returns {{kind: "WASM"|"JS", kernels: Kernels, buffer: ArrayBuffer}}
 */
function createKernels(bytes, choice) {
  if (choice !== "js" && typeof WebAssembly === "object") {
    for (const build of [KERNEL_RELAXED_SIMD, KERNEL_SIMD]) {
      const code = Uint8Array.from(atob(build), (character) => character.charCodeAt(0));
      if (!WebAssembly.validate(code)) continue;
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE), maximum: PAGE });
      const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
      return { kind: "WASM", kernels: /** @type {any} */ (instance.exports), buffer: memory.buffer };
    }
  }
  if (choice === "wasm") throw new Error("this browser has no WebAssembly SIMD");
  const buffer = new ArrayBuffer(Math.ceil(bytes / 4) * 4);
  return { kind: "JS", kernels: plainKernels(buffer), buffer };
}
