// A file → an upright RGB picture, with the pixels that `images/picture.py` makes.
import { shrunk } from "./resizing.js";

const MOST_PIXELS = 50_000_000;
const MOST_BYTES = 256 << 20;
const MOST_HEADER_BYTES = 128 << 10; // EXIF is among the first 64 kB.

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

/** Return the picture as it is scaled to a square of `side` pixels: a large JPEG is reduced first. */
export async function reduced(picture, side, file) {
  const start = new DataView(await file.slice(0, MOST_HEADER_BYTES).arrayBuffer());
  const isJpeg = start.byteLength > 2 && start.getUint16(0) === 0xffd8;
  const factor = isJpeg ? jpegFactor(picture, side) : 1;
  if (factor === 1) return picture;
  const orientation = jpegOrientation(start);
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  return shrunk(picture, factor, { fromRight, fromBottom });
}

// The EXIF orientation of a JPEG, 1 if it has none or its header is damaged.
function jpegOrientation(view) {
  try {
    for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
      const isExif = view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966;
      if (isExif) return tiffOrientation(view, at + 10);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

function tiffOrientation(view, start) {
  const isLittle = view.getUint16(start) === 0x4949;
  const table = start + view.getUint32(start + 4, isLittle);
  for (let entry = 0; entry < view.getUint16(table, isLittle); entry++) {
    const at = table + 2 + entry * 12;
    if (view.getUint16(at, isLittle) === 0x0112) return view.getUint16(at + 8, isLittle);
  }
  return 1;
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
