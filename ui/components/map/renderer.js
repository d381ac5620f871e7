/** Drawing the points: with WebGL2, or on a plain canvas where there is none. */

import { context2d } from "../elements.js";
import { eased, FAINT, HIDDEN, SELECTED } from "./cloud.js";

/** @typedef {import("./cloud.js").Cloud} Cloud @typedef {import("./camera.js").Camera} Camera */
/** @typedef {{size: number, selecting: boolean, shaped: boolean, ratio: number}} Look how large points are, in CSS pixels;
 * whether the unselected are set back; whether classes have shapes; device pixels for one of CSS */

export const SHAPES = 8;
const OPAQUE = 0.85;
const SET_BACK = 0.13;

const VERTEX = `#version 300 es
in vec3 start; in vec3 end; in float tone; in float group; in float state;
uniform float progress; uniform mat3 turn; uniform vec4 view; uniform float size; uniform float depth;
uniform bool selecting; uniform bool shaped; uniform sampler2D palette;
flat out vec4 colour; flat out int shape;
void main() {
  int bits = int(state + 0.5);
  vec3 place = turn * mix(start, end, progress);
  gl_Position = (bits & ${HIDDEN}) != 0 ? vec4(2.0, 2.0, 2.0, 1.0)
    : vec4(place.xy * view.xy + view.zw, -place.z * 0.5 * depth, 1.0);
  bool chosen = (bits & ${SELECTED}) != 0;
  gl_PointSize = size * (selecting && chosen ? 1.3 : 1.0) * (1.0 + 0.4 * place.z * depth);
  bool back = (bits & ${FAINT}) != 0 || (selecting && !chosen);
  float alpha = back ? ${SET_BACK} : ${OPAQUE};
  colour = vec4(texelFetch(palette, ivec2(int(tone + 0.5), 0), 0).rgb, alpha);
  shape = shaped ? int(group + 0.5) % ${SHAPES} : 0;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour; flat in int shape; uniform float soft; out vec4 result;
float outline(vec2 p, int shape) { // below 0 inside; 1 is the point's edge
  vec2 a = abs(p);
  if (shape == 1) return max(a.x, a.y) - 0.78;
  if (shape == 2) return a.x + a.y - 1.0;
  if (shape == 3) return max(0.87 * a.x + 0.5 * p.y, -p.y) - 0.55;
  if (shape == 4) return max(min(a.x, a.y) - 0.3, max(a.x, a.y) - 0.92);
  if (shape == 5) { vec2 r = abs(vec2(p.x + p.y, p.x - p.y)) * 0.7071; return max(min(r.x, r.y) - 0.28, max(r.x, r.y) - 0.95); }
  if (shape == 6) return max(0.87 * a.x - 0.5 * p.y, p.y) - 0.55;
  if (shape == 7) return abs(length(p) - 0.66) - 0.26;
  return length(p) - 0.88;
}
void main() {
  float cover = smoothstep(soft, -soft, outline((gl_PointCoord - 0.5) * -2.0 * vec2(-1.0, 1.0), shape));
  if (cover * colour.a < 0.02) discard;
  result = vec4(colour.rgb, 1.0) * (colour.a * cover);
}`;

/** @param {HTMLCanvasElement} canvas */
export function createRenderer(canvas) {
  const context = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: false });
  return context ? new WebRenderer(canvas, context) : new PlainRenderer(canvas);
}

class WebRenderer {
  /** @type {Uint8Array | undefined} */
  palette;
  /** What was sent of each revision. @type {{places?: number, tones?: number, states?: number}} */
  uploaded = {};

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    this.kind = "WebGL2";
    this.program = /** @type {WebGLProgram} */ (gl.createProgram());
    /** By the attributes' names. @type {Record<string, WebGLBuffer>} */
    this.buffers = {};
    this.#begin();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.#begin());
  }

  /** Everything that lives on the graphics processor, which may lose it. */
  #begin() {
    const { gl } = this;
    const program = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      gl.attachShader(program, this.#compile(/** @type {number} */ (kind), /** @type {string} */ (source)));
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.program = program;
    this.buffers = Object.fromEntries(
      ["start", "end", "tone", "group", "state"].map((name) => [name, gl.createBuffer()]),
    );
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.uploaded = {};
    if (this.palette) this.setPalette(this.palette);
  }

  #compile(/** @type {number} */ kind, /** @type {string} */ source) {
    const { gl } = this;
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "no shader");
    return shader;
  }

  /** @param {Uint8Array} palette 256 colours of red, green, blue, opacity */
  setPalette(palette) {
    const { gl } = this;
    this.palette = palette;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }

  /** @param {string} name @param {Float32Array | Uint8Array} values @param {number} each values a point */
  #upload(name, values, each) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(this.program, name);
    if (place < 0) return;
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, each, values instanceof Uint8Array ? gl.UNSIGNED_BYTE : gl.FLOAT, false, 0, 0);
  }

  /** Send what has changed since the last frame. @param {Cloud} cloud */
  #uploadChanges(cloud) {
    const { places, tones, states } = cloud.revision;
    if (this.uploaded.places !== places) {
      this.#upload("start", cloud.start, 3);
      this.#upload("end", cloud.end, 3);
    }
    if (this.uploaded.tones !== tones) {
      this.#upload("tone", cloud.tones, 1);
      this.#upload("group", cloud.groups, 1);
    }
    if (this.uploaded.states !== states) this.#upload("state", cloud.states, 1);
    this.uploaded = { places, tones, states };
  }

  /** @param {Cloud} cloud @param {Camera} camera @param {Look} look */
  draw(cloud, camera, { size, selecting, shaped, ratio }) {
    const { gl } = this;
    this.#uploadChanges(cloud);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (camera.spatial) gl.enable(gl.DEPTH_TEST);
    else gl.disable(gl.DEPTH_TEST);
    const at = (/** @type {string} */ name) => gl.getUniformLocation(this.program, name);
    const [wide, high] = [(2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height];
    const aside = (2 * camera.middle) / camera.width - 1;
    gl.uniform4f(at("view"), wide, high, aside - camera.x * wide, -camera.y * high);
    gl.uniformMatrix3fv(at("turn"), true, camera.turn);
    gl.uniform1f(at("progress"), eased(cloud.progress));
    gl.uniform1f(at("size"), size * ratio);
    gl.uniform1f(at("soft"), Math.min(0.5, 1.6 / (size * ratio)));
    gl.uniform1f(at("depth"), camera.spatial ? 1 : 0);
    gl.uniform1i(at("selecting"), selecting ? 1 : 0);
    gl.uniform1i(at("shaped"), shaped ? 1 : 0);
    gl.drawArrays(gl.POINTS, 0, cloud.count);
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** Slower, and with round points only; for browsers that have no WebGL2. */
class PlainRenderer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = context2d(canvas);
    this.kind = "canvas";
    /** @type {Uint8Array} */
    this.palette = new Uint8Array(1024);
  }

  /** @param {Uint8Array} palette */
  setPalette(palette) {
    this.palette = palette;
  }

  /** @param {Cloud} cloud @param {Camera} camera @param {Look} look */
  draw(cloud, camera, { size, selecting, ratio }) {
    const { pen, canvas, palette } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const places = new Float32Array(2 * cloud.count);
    camera.project(cloud.between(), places);
    for (let point = 0; point < cloud.count; point++) {
      const state = cloud.states[point];
      if (state & HIDDEN) continue;
      const [left, top] = camera.toScreen(places[2 * point], places[2 * point + 1]);
      const back = state & FAINT || (selecting && !(state & SELECTED));
      const tone = 4 * cloud.tones[point];
      pen.fillStyle = `rgb(${palette[tone]} ${palette[tone + 1]} ${palette[tone + 2]} / ${back ? SET_BACK : OPAQUE})`;
      pen.fillRect(left - size / 2, top - size / 2, size, size);
    }
  }

  close() {}
}
