// Draws the points of the map by WebGL: the middle of photo_map.js.

const NO_VALUE = 255;
const VERTEX = [
  "attribute vec2 place, look;",
  "uniform vec2 centre;",
  "uniform float zoom, size, pass;",
  "varying float shade;",
  "void main() {",
  "bool drawn = look.y == pass;",
  "gl_Position = drawn ? vec4((place - centre) * zoom, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);",
  "gl_PointSize = size;",
  "shade = (look.x + 0.5) / 256.0;",
  "}",
].join("\n");
const FRAGMENT = [
  "precision mediump float;",
  "uniform sampler2D shades;",
  "uniform float opacity;",
  "varying float shade;",
  "void main() {",
  "vec2 off = gl_PointCoord - 0.5;",
  "if (dot(off, off) > 0.25) discard;",
  "gl_FragColor = vec4(texture2D(shades, vec2(shade, 0.5)).rgb * opacity, opacity);",
  "}",
].join("\n");

function prepare(map) {
  const { gl } = map;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  map.buffers = ["place", "look"].map((name, at) => {
    gl.bindAttribLocation(program, at, name);
    return gl.createBuffer();
  });
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  }
  const names = ["centre", "zoom", "size", "pass", "opacity"];
  map.uniforms = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]));
  map.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  map.canvas.addEventListener("webglcontextrestored", () => {
    prepare(map);
    take(map, map.data);
  });
}

function upload({ gl, buffers }, { places, codes, found, count, shades }) {
  const looks = new Uint8Array(2 * count);
  for (let at = 0; at < count; at++) {
    looks[2 * at] = codes[at];
    looks[2 * at + 1] = Number(found[at] && codes[at] !== NO_VALUE);
  }
  for (const [at, values] of [places, looks].entries()) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[at]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const kind = at ? gl.UNSIGNED_BYTE : gl.UNSIGNED_SHORT;
    gl.vertexAttribPointer(at, 2, kind, at === 0, 0, 0);
    gl.enableVertexAttribArray(at);
  }
  const pixels = new Uint8Array(4 * 256).fill(0x90);
  shades.forEach((shade, at) => {
    for (const part of [0, 1, 2]) pixels[4 * at + part] = parseInt(shade.slice(1 + 2 * part, 3 + 2 * part), 16);
  });
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
}

function paint(map) {
  const { gl, canvas, view, data, uniforms } = map;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return; // In a closed tab.
  drawShapes(map);
  if (!gl) return;
  const scale = Math.min(devicePixelRatio, 2);
  const [right, top] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== right || canvas.height !== top) Object.assign(canvas, { width: right, height: top });
  gl.viewport(0, 0, right, top);
  gl.clear(gl.COLOR_BUFFER_BIT);
  gl.uniform2f(uniforms.centre, view.x, view.y);
  gl.uniform1f(uniforms.zoom, (2 * view.zoom) / MARGIN);
  gl.uniform1f(uniforms.size, pointSize(data.count, view.zoom) * scale);
  // Many faint points lie over each other.
  const faint = data.count > 10_000 ? 0.05 : 0.15;
  for (const [pass, opacity] of [faint, 0.8].entries()) {
    gl.uniform1f(uniforms.pass, pass);
    gl.uniform1f(uniforms.opacity, opacity);
    gl.drawArrays(gl.POINTS, 0, data.count);
  }
}

// Many points are small, and grow when there is more room between them.
function pointSize(count, zoom) {
  return Math.min(10, (count > 10_000 ? 3 : count > 2000 ? 4.5 : 6) * zoom ** 0.35);
}
