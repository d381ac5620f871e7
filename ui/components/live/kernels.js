/**
 * The kernel's functions in plain JavaScript, for browsers without WebAssembly SIMD. See kernel.assembly.ts, which
 * says what each one does; addresses are in bytes here too, so that the engine need not know which of the two it has.
 */

/**
 * @typedef {object} Kernels
 * @property {(a: number, b: number, c: number, rows: number, columns: number, inner: number) => void} multiply
 * @property {(x: number, scale: number, bias: number, rows: number, columns: number, kind: number, slope: number) => void} finish
 * @property {(x: number, y: number, count: number) => void} add
 * @property {(
 *   map: number, patches: number, batch: number, height: number, width: number, channels: number,
 *   kernelHeight: number, kernelWidth: number, stride: number, padding: number, outHeight: number, outWidth: number,
 * ) => void} gather
 * @property {(
 *   patches: number, map: number, batch: number, height: number, width: number, channels: number,
 *   kernelHeight: number, kernelWidth: number, stride: number, padding: number, outHeight: number, outWidth: number,
 * ) => void} scatter
 * @property {(
 *   source: number, target: number, batch: number, height: number, width: number, sourceChannels: number,
 *   channels: number, factor: number,
 * ) => void} shuffle
 * @property {(
 *   source: number, target: number, batch: number, height: number, width: number, channels: number, factor: number,
 * ) => void} enlarge
 */

/**
 * @param {ArrayBuffer} buffer the engine's memory
 * @returns {Kernels}
 */
export function plainKernels(buffer) {
  const f = new Float32Array(buffer);
  return {
    multiply(a, b, c, rows, columns, inner) {
      for (let row = 0; row < rows; row++) {
        const to = c / 4 + row * columns;
        const from = a / 4 + row * inner;
        f.fill(0, to, to + columns);
        for (let k = 0; k < inner; k++) {
          const x = f[from + k];
          if (x === 0) continue; // padding, and what a rectifier has cut off
          const line = b / 4 + k * columns;
          for (let at = 0; at < columns; at++) f[to + at] += x * f[line + at];
        }
      }
    },
    finish(x, scale, bias, rows, columns, kind, slope) {
      const activate = PLAIN_ACTIVATIONS[kind];
      for (let row = 0, at = x / 4; row < rows; row++) {
        for (let column = 0; column < columns; column++, at++) {
          const scaled = scale ? f[at] * f[scale / 4 + column] : f[at];
          f[at] = activate(bias ? scaled + f[bias / 4 + column] : scaled, slope);
        }
      }
    },
    add(x, y, count) {
      for (let at = 0; at < count; at++) f[x / 4 + at] += f[y / 4 + at];
    },
    gather(map, patches, batch, height, width, channels, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth) {
      let to = patches / 4;
      forEachTap(batch, outHeight, outWidth, kernelHeight, kernelWidth, stride, padding, (image, y, x) => {
        if (y >= 0 && y < height && x >= 0 && x < width) {
          const from = map / 4 + ((image * height + y) * width + x) * channels;
          f.copyWithin(to, from, from + channels);
        } else f.fill(0, to, to + channels);
        to += channels;
      });
    },
    scatter(patches, map, batch, height, width, channels, kernelHeight, kernelWidth, stride, padding, outHeight, outWidth) {
      f.fill(0, map / 4, map / 4 + batch * outHeight * outWidth * channels);
      let from = patches / 4;
      forEachTap(batch, height, width, kernelHeight, kernelWidth, stride, padding, (image, y, x) => {
        if (y >= 0 && y < outHeight && x >= 0 && x < outWidth) {
          const to = map / 4 + ((image * outHeight + y) * outWidth + x) * channels;
          for (let channel = 0; channel < channels; channel++) f[to + channel] += f[from + channel];
        }
        from += channels;
      });
    },
    shuffle(source, target, batch, height, width, sourceChannels, channels, factor) {
      const run = factor * channels;
      for (let imageRow = 0, from = source / 4; imageRow < batch * height; imageRow++) {
        for (let x = 0; x < width; x++, from += sourceChannels) {
          for (let row = 0; row < factor; row++) {
            const to = target / 4 + ((imageRow * factor + row) * width + x) * run;
            for (let at = 0; at < run; at++) f[to + at] = f[from + row * run + at];
          }
        }
      }
    },
    enlarge(source, target, batch, height, width, channels, factor) {
      for (let row = 0, to = target / 4; row < batch * height * factor; row++) {
        for (let x = 0; x < width * factor; x++, to += channels) {
          const from = source / 4 + (Math.floor(row / factor) * width + Math.floor(x / factor)) * channels;
          f.copyWithin(to, from, from + channels);
        }
      }
    },
  };
}

/**
 * Call `visit(image, y, x)` for every place that the kernel covers, in the order in which patches are laid out.
 * @param {number} batch
 * @param {number} height @param {number} width of the map that the kernel moves over in steps of `stride`
 * @param {number} kernelHeight @param {number} kernelWidth @param {number} stride @param {number} padding
 * @param {(image: number, y: number, x: number) => void} visit
 */
function forEachTap(batch, height, width, kernelHeight, kernelWidth, stride, padding, visit) {
  for (let image = 0; image < batch; image++) {
    for (let top = 0; top < height; top++) {
      for (let left = 0; left < width; left++) {
        for (let row = 0; row < kernelHeight; row++) {
          for (let column = 0; column < kernelWidth; column++) {
            visit(image, top * stride - padding + row, left * stride - padding + column);
          }
        }
      }
    }
  }
}

/** By the numbers of ACTIVATIONS in engine.js. @type {((v: number, slope: number) => number)[]} */
const PLAIN_ACTIVATIONS = [
  (v) => v,
  (v) => (v > 0 ? v : 0),
  (v, slope) => (v > 0 ? v : v * slope),
  (v, slope) => (v > 0 ? v : slope * Math.expm1(v)),
  (v) => v / (1 + Math.exp(-v)),
  (v) => 0.5 * v * (1 + errorFunction(v * Math.SQRT1_2)),
  (v) => Math.tanh(v),
  (v) => 1 / (1 + Math.exp(-v)),
];

/** erf(x) within 2e-7 (Abramowitz & Stegun 7.1.26). @param {number} x */
function errorFunction(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}
