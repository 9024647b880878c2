// Pillow's bilinear filter (src/libImaging/Resample.c), with its rounding to 8 bits after each pass.
// A browser's own scaling gives other pixels, and with them other answers.
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Return RGB, Uint8Array (side × side × 3), of RGBA pixels, or of a box of them: left, top, right and bottom. */
export function resized({ pixels, width, height }, side, [left, top, right, bottom] = [0, 0, width, height]) {
  const across = horizontally({ pixels, width, height }, tapsOf(width, side, left, right), side);
  return vertically(across, tapsOf(height, side, top, bottom), side);
}

/**
 * Return RGBA pixels averaged over blocks of factor × factor, as a JPEG decoder scales them.
 *
 * The blocks begin where the file's first pixel is: at the right if `fromRight`, at the bottom if
 * `fromBottom`. Edges are repeated to fill the last block.
 */
export function shrunk({ pixels, width, height }, factor, { fromRight, fromBottom }) {
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const left = fromRight ? width - columns * factor : 0;
  const top = fromBottom ? height - rows * factor : 0;
  const made = new Uint8ClampedArray(columns * rows * 4).fill(255);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, to += 4) {
      let [red, green, blue] = [0, 0, 0];
      for (let i = 0; i < factor; i++) {
        const y = Math.min(Math.max(top + row * factor + i, 0), height - 1);
        for (let j = 0; j < factor; j++) {
          const x = Math.min(Math.max(left + column * factor + j, 0), width - 1);
          const at = (y * width + x) * 4;
          red += pixels[at];
          green += pixels[at + 1];
          blue += pixels[at + 2];
        }
      }
      made[to] = red / factor ** 2;
      made[to + 1] = green / factor ** 2;
      made[to + 2] = blue / factor ** 2;
    }
  }
  return { pixels: made, width: columns, height: rows };
}

function horizontally({ pixels, width, height }, taps, side) {
  const made = new Uint8Array(height * side * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < side; x++, to += 3) {
      const { first, weights } = taps[x];
      let [red, green, blue] = [HALF, HALF, HALF];
      for (let i = 0, at = (y * width + first) * 4; i < weights.length; i++, at += 4) {
        red += pixels[at] * weights[i];
        green += pixels[at + 1] * weights[i];
        blue += pixels[at + 2] * weights[i];
      }
      made[to] = red >> PRECISION_BITS;
      made[to + 1] = green >> PRECISION_BITS;
      made[to + 2] = blue >> PRECISION_BITS;
    }
  }
  return made;
}

function vertically(pixels, taps, side) {
  const stride = side * 3;
  const made = new Uint8Array(side * stride);
  for (let y = 0; y < side; y++) {
    const { first, weights } = taps[y];
    for (let x = 0; x < stride; x++) {
      let sum = HALF;
      for (let i = 0, at = first * stride + x; i < weights.length; i++, at += stride) {
        sum += pixels[at] * weights[i];
      }
      made[y * stride + x] = sum >> PRECISION_BITS;
    }
  }
  return made;
}

// The pixels that each target pixel is made of, and their weights as integers of PRECISION_BITS.
function tapsOf(size, side, from, to) {
  const scale = (to - from) / side;
  const support = Math.max(scale, 1);
  return Array.from({ length: side }, (_, target) => {
    const centre = from + (target + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), size);
    const shares = Array.from({ length: end - first }, (_, i) =>
      Math.max(1 - Math.abs((first + i - centre + 0.5) / support), 0),
    );
    const total = shares.reduce((sum, share) => sum + share, 0);
    const weights = shares.map((share) => Math.trunc((share / total) * 2 ** PRECISION_BITS + 0.5));
    return { first, weights: Int32Array.from(weights) };
  });
}
