// The data in the page: each block is gzip in base64, in a script element that never runs.
import { unpacked } from "./gzip.js";

/** Return the bytes of the block with this id, a Uint8Array. The block is removed to free memory. */
export async function embedded(id) {
  const block = document.getElementById(id);
  const packed = bytes(block.textContent.trim());
  block.remove();
  return unpacked(new Blob([packed]).stream());
}

/** Return the settings of the runs, as `webpage.page` wrote them. */
export function settings() {
  return JSON.parse(document.getElementById("settings").textContent);
}

function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}
