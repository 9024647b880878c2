// A run's LiteRT model: the pixels of a square in; the answer, its heat map and "neither" out.
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { judged, prepared } from "./neither.js";
import { provide } from "./wasm.js";

const EPSILON = 1e-7; // A probability of exactly 0 or 1 has no logit.

/** Start LiteRT, once for all networks, from the bytes of its WebAssembly. */
export async function start(wasm) {
  provide(wasm);
  await loadLiteRt("provided.js");
}

/**
 * Return {answer, free}: `answer` takes RGB, Uint8Array (side × side × 3), and returns
 * {p_dog, calibrated_p_dog, heatmap, verdict}; `free` returns the memory.
 *
 * `run` is the run's settings, `model` its LiteRT file, and `vectors` its references as bytes, or null.
 */
export async function networkOf(run, model, vectors) {
  const network = await loadAndCompile(model, { accelerator: "wasm" });
  const references = run.references && prepared(run.references, new Int8Array(vectors.buffer));
  // The first call packs weights, so that no photo waits.
  await outputsOf(network, new Uint8Array(run.side * run.side * 3), run.side);
  const answer = async (pixels) => {
    const { [run.key]: probability, embedding, heatmap } = await outputsOf(network, pixels, run.side);
    const raw = probability.values[0];
    const verdict = references && embedding ? judged(embedding.values, references) : null;
    return { p_dog: raw, calibrated_p_dog: calibrated(raw, run.temperature), heatmap, verdict };
  };
  return { answer, free: () => network.delete() };
}

// The outputs by name, each {shape, values} with a batch axis of 1 in front.
async function outputsOf(network, pixels, side) {
  const image = new Tensor(pixels, [1, side, side, 3]);
  const found = await network.run({ image });
  image.delete();
  const copied = Object.entries(found).map(([name, tensor]) => {
    const one = { shape: [...tensor.type.layout.dimensions], values: Float32Array.from(tensor.toTypedArray()) };
    tensor.delete();
    return [name, one];
  });
  return Object.fromEntries(copied);
}

// Temperature scaling, as in `evaluation/calibration.py`.
function calibrated(p_dog, temperature) {
  const clipped = Math.min(Math.max(p_dog, EPSILON), 1 - EPSILON);
  return 1 / (1 + Math.exp(-Math.log(clipped / (1 - clipped)) / temperature));
}
