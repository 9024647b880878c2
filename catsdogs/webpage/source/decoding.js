// A file → an upright RGB picture, and a square of it, with the pixels that `images/picture.py` makes.
import { resized, shrunk } from "./resizing.js";

const MOST_PIXELS = 50_000_000;
const MOST_BYTES = 256 << 20;

/** A file that cannot be classified, with a message for the user. */
export class UnreadablePicture extends Error {}

/**
 * Return {pixels, width, height} of a file: upright RGBA, transparency on white.
 * Throws UnreadablePicture.
 */
export async function decoded(file) {
  if (!file.size) throw new UnreadablePicture("The file is empty.");
  if (file.size > MOST_BYTES) throw new UnreadablePicture("The file is larger than 256 MB.");
  const bitmap = await opened(file);
  try {
    const { width, height } = bitmap;
    if (width * height > MOST_PIXELS) {
      throw new UnreadablePicture("It has more than 50 megapixels. Scale it down first.");
    }
    const context = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return { pixels: context.getImageData(0, 0, width, height).data, width, height };
  } finally {
    bitmap.close();
  }
}

/** Return RGB, Uint8Array (side × side × 3), of a picture squeezed to a square. */
export function square(picture, side, isJpeg) {
  const factor = isJpeg ? jpegFactor(picture, side) : 1;
  return resized(factor > 1 ? shrunk(picture, factor) : picture, side);
}

/** Return whether a file begins as a JPEG does. */
export async function startsAsJpeg(file) {
  const start = new Uint8Array(await file.slice(0, 3).arrayBuffer());
  return start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff;
}

// Python decodes a large JPEG at a half, a quarter or an eighth, as Pillow's `draft` chooses.
function jpegFactor({ width, height }, side) {
  const most = Math.min(Math.floor(width / side), Math.floor(height / side));
  return [8, 4, 2].find((factor) => factor <= most) ?? 1;
}

async function opened(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new UnreadablePicture("This browser cannot open it as a picture.");
  }
}
