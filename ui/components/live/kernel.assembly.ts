// The arithmetic of the decoder in the browser, in AssemblyScript; scripts/build_kernel.py compiles it into kernel.js.
//
// All arrays are float32, row by row, channels last, and lie in one memory; arguments of type usize are byte addresses.
// The length of every row is a multiple of four, so that a row is whole vectors of four numbers.

const LANES: usize = 16; // bytes in a vector of four numbers

/** x * y + z; in one rounding where the processor can (relaxed SIMD), else in two. */
// @ts-ignore: decorator
@inline
function multiplyAdd(x: v128, y: v128, z: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, z);
  return f32x4.add(f32x4.mul(x, y), z);
}

/** C = A * B for A (rows, inner), B (inner, columns), C (rows, columns); columns is a multiple of four. */
export function multiply(a: usize, b: usize, c: usize, rows: i32, columns: i32, inner: i32): void {
  const rowBytes = (<usize>columns) << 2;
  const innerBytes = (<usize>inner) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const from = a + <usize>row * innerBytes;
    const to = c + <usize>row * rowBytes;
    let at: usize = 0;
    for (; at + 2 * LANES <= rowBytes; at += 2 * LANES) tile4x8(from, b + at, to + at, innerBytes, rowBytes);
    for (; at < rowBytes; at += LANES) tile4x4(from, b + at, to + at, innerBytes, rowBytes);
  }
  for (; row < rows; row++) {
    const from = a + <usize>row * innerBytes;
    const to = c + <usize>row * rowBytes;
    let at: usize = 0;
    for (; at + 4 * LANES <= rowBytes; at += 4 * LANES) tile1x16(from, b + at, to + at, innerBytes, rowBytes);
    for (; at < rowBytes; at += LANES) tile1x4(from, b + at, to + at, innerBytes, rowBytes);
  }
}

/** Four rows of eight results: the sums stay in eight registers. */
function tile4x8(a: usize, b: usize, c: usize, innerBytes: usize, rowBytes: usize): void {
  const a1 = a + innerBytes, a2 = a1 + innerBytes, a3 = a2 + innerBytes;
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (let k: usize = 0; k < innerBytes; k += 4) {
    const left = v128.load(b), right = v128.load(b, 16);
    let x = v128.load32_splat(a + k);
    s00 = multiplyAdd(x, left, s00);
    s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1 + k);
    s10 = multiplyAdd(x, left, s10);
    s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2 + k);
    s20 = multiplyAdd(x, left, s20);
    s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3 + k);
    s30 = multiplyAdd(x, left, s30);
    s31 = multiplyAdd(x, right, s31);
    b += rowBytes;
  }
  const c1 = c + rowBytes, c2 = c1 + rowBytes, c3 = c2 + rowBytes;
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** Four rows of four results. */
function tile4x4(a: usize, b: usize, c: usize, innerBytes: usize, rowBytes: usize): void {
  const a1 = a + innerBytes, a2 = a1 + innerBytes, a3 = a2 + innerBytes;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let k: usize = 0; k < innerBytes; k += 4) {
    const column = v128.load(b);
    s0 = multiplyAdd(v128.load32_splat(a + k), column, s0);
    s1 = multiplyAdd(v128.load32_splat(a1 + k), column, s1);
    s2 = multiplyAdd(v128.load32_splat(a2 + k), column, s2);
    s3 = multiplyAdd(v128.load32_splat(a3 + k), column, s3);
    b += rowBytes;
  }
  v128.store(c, s0);
  v128.store(c + rowBytes, s1);
  v128.store(c + 2 * rowBytes, s2);
  v128.store(c + 3 * rowBytes, s3);
}

/** One row of sixteen results; also a fully connected layer of a single code. */
function tile1x16(a: usize, b: usize, c: usize, innerBytes: usize, rowBytes: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let k: usize = 0; k < innerBytes; k += 4) {
    const x = v128.load32_splat(a + k);
    s0 = multiplyAdd(x, v128.load(b), s0);
    s1 = multiplyAdd(x, v128.load(b, 16), s1);
    s2 = multiplyAdd(x, v128.load(b, 32), s2);
    s3 = multiplyAdd(x, v128.load(b, 48), s3);
    b += rowBytes;
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
}

/** One row of four results. */
function tile1x4(a: usize, b: usize, c: usize, innerBytes: usize, rowBytes: usize): void {
  let sum = f32x4.splat(0);
  for (let k: usize = 0; k < innerBytes; k += 4) {
    sum = multiplyAdd(v128.load32_splat(a + k), v128.load(b), sum);
    b += rowBytes;
  }
  v128.store(c, sum);
}

/**
 * In place, for each row of x: activation(x * scale + bias). An address of 0 leaves scale or bias out.
 * The numbers of the activations are those of ACTIVATIONS in engine.js.
 */
export function finish(x: usize, scale: usize, bias: usize, rows: i32, columns: i32, kind: i32, slope: f32): void {
  const rowBytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++, x += rowBytes) {
    for (let at: usize = 0; at < rowBytes; at += LANES) {
      let v = v128.load(x + at);
      if (scale) v = f32x4.mul(v, v128.load(scale + at));
      if (bias) v = f32x4.add(v, v128.load(bias + at));
      v128.store(x + at, activate(v, kind, slope));
    }
  }
}

// @ts-ignore: decorator
@inline
function activate(v: v128, kind: i32, slope: f32): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  switch (kind) {
    case 1: // relu
      return f32x4.max(v, zero);
    case 2: // leaky relu
      return v128.bitselect(v, f32x4.mul(v, f32x4.splat(slope)), f32x4.gt(v, zero));
    case 3: // elu
      return v128.bitselect(v, f32x4.mul(f32x4.sub(exponential(v), one), f32x4.splat(slope)), f32x4.gt(v, zero));
    case 4: // silu
      return f32x4.div(v, f32x4.add(one, exponential(f32x4.neg(v))));
    case 5: // gelu
      return f32x4.mul(f32x4.mul(v, f32x4.splat(0.5)), f32x4.add(one, errorFunction(f32x4.mul(v, f32x4.splat(0.70710678)))));
    case 6: // tanh
      return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(one, exponential(f32x4.add(v, v)))));
    case 7: // sigmoid
      return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(v))));
    default:
      return v;
  }
}

/** e^x within a relative 2e-7: a power of two by its exponent bits times a polynomial (Cephes, expf). */
function exponential(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(88));
  const power = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let rest = f32x4.sub(x, f32x4.mul(power, f32x4.splat(0.693359375)));
  rest = f32x4.sub(rest, f32x4.mul(power, f32x4.splat(-2.12194440e-4)));
  let sum = f32x4.splat(1.9875691500e-4);
  sum = multiplyAdd(sum, rest, f32x4.splat(1.3981999507e-3));
  sum = multiplyAdd(sum, rest, f32x4.splat(8.3334519073e-3));
  sum = multiplyAdd(sum, rest, f32x4.splat(4.1665795894e-2));
  sum = multiplyAdd(sum, rest, f32x4.splat(1.6666665459e-1));
  sum = multiplyAdd(sum, rest, f32x4.splat(5.0000001201e-1));
  sum = multiplyAdd(f32x4.mul(rest, rest), sum, f32x4.add(rest, f32x4.splat(1)));
  const bits = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(power), i32x4.splat(127)), 23);
  return f32x4.mul(sum, bits);
}

/** erf(x) within 2e-7 (Abramowitz & Stegun 7.1.26). */
function errorFunction(x: v128): v128 {
  const one = f32x4.splat(1), size = f32x4.abs(x);
  const t = f32x4.div(one, multiplyAdd(size, f32x4.splat(0.3275911), one));
  let sum = f32x4.splat(1.061405429);
  sum = multiplyAdd(sum, t, f32x4.splat(-1.453152027));
  sum = multiplyAdd(sum, t, f32x4.splat(1.421413741));
  sum = multiplyAdd(sum, t, f32x4.splat(-0.284496736));
  sum = multiplyAdd(sum, t, f32x4.splat(0.254829592));
  const value = f32x4.sub(one, f32x4.mul(f32x4.mul(sum, t), exponential(f32x4.neg(f32x4.mul(size, size)))));
  return v128.bitselect(f32x4.neg(value), value, f32x4.lt(x, f32x4.splat(0)));
}

/** x += y, count numbers each. */
export function add(x: usize, y: usize, count: i32): void {
  const end = x + ((<usize>count) << 2);
  for (; x < end; x += LANES, y += LANES) v128.store(x, f32x4.add(v128.load(x), v128.load(y)));
}

/**
 * What a convolution multiplies: from maps (batch, height, width, channels), for each of the (batch, outHeight, outWidth)
 * results, the kernelHeight x kernelWidth pixels around it, zeros where the map has none.
 */
export function gather(
  map: usize, patches: usize, batch: i32, height: i32, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, padding: i32, outHeight: i32, outWidth: i32,
): void {
  const pixel = (<usize>channels) << 2;
  for (let image = 0; image < batch; image++) {
    for (let outY = 0; outY < outHeight; outY++) {
      for (let outX = 0; outX < outWidth; outX++) {
        const left = outX * stride - padding;
        const first = max(0, -left), last = min(kernelWidth, width - left); // columns of the kernel inside the map
        for (let row = 0; row < kernelHeight; row++) {
          const y = outY * stride - padding + row;
          if (y < 0 || y >= height || first >= last) {
            memory.fill(patches, 0, <usize>kernelWidth * pixel);
          } else {
            const from = map + <usize>((image * height + y) * width + left + first) * pixel;
            memory.fill(patches, 0, <usize>first * pixel);
            memory.copy(patches + <usize>first * pixel, from, <usize>(last - first) * pixel);
            memory.fill(patches + <usize>last * pixel, 0, <usize>(kernelWidth - last) * pixel);
          }
          patches += <usize>kernelWidth * pixel;
        }
      }
    }
  }
}

/** The reverse of gather for a transposed convolution: adds each pixel's patch to a map, which is cleared first. */
export function scatter(
  patches: usize, map: usize, batch: i32, height: i32, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, padding: i32, outHeight: i32, outWidth: i32,
): void {
  const pixel = (<usize>channels) << 2;
  memory.fill(map, 0, <usize>(batch * outHeight * outWidth) * pixel);
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let row = 0; row < kernelHeight; row++) {
          const outY = y * stride - padding + row;
          for (let column = 0; column < kernelWidth; column++, patches += pixel) {
            const outX = x * stride - padding + column;
            if (outY < 0 || outY >= outHeight || outX < 0 || outX >= outWidth) continue;
            add(map + <usize>((image * outHeight + outY) * outWidth + outX) * pixel, patches, channels);
          }
        }
      }
    }
  }
}

/**
 * Pixel shuffle: each pixel's factor x factor groups of channels become as many pixels.
 * A pixel of the source holds its groups row by row and is sourceChannels numbers wide, some of them padding.
 */
export function shuffle(
  source: usize, target: usize, batch: i32, height: i32, width: i32, sourceChannels: i32, channels: i32, factor: i32,
): void {
  const run = factor * channels; // numbers that lie side by side in both
  const rowRuns = width * run;
  for (let imageRow = 0; imageRow < batch * height; imageRow++) {
    for (let x = 0; x < width; x++, source += (<usize>sourceChannels) << 2) {
      for (let row = 0; row < factor; row++) {
        const from = source + ((<usize>(row * run)) << 2);
        const to = target + ((<usize>((imageRow * factor + row) * rowRuns + x * run)) << 2);
        for (let at: usize = 0; at < (<usize>run) << 2; at += 4) store<f32>(to + at, load<f32>(from + at));
      }
    }
  }
}

/** Nearest-neighbour upsampling of maps (batch, height, width, channels) by a whole factor. */
export function enlarge(
  source: usize, target: usize, batch: i32, height: i32, width: i32, channels: i32, factor: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const rowBytes = <usize>(width * factor) * pixel;
  for (let imageRow = 0; imageRow < batch * height; imageRow++) {
    const first = target;
    for (let x = 0; x < width; x++, source += pixel) {
      for (let copy = 0; copy < factor; copy++, target += pixel) memory.copy(target, source, pixel);
    }
    for (let copy = 1; copy < factor; copy++, target += rowBytes) memory.copy(target, first, rowBytes);
  }
}
