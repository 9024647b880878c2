// The run's LiteRT model: a picture in; the answer, its heat map and the verdict on "neither" out.
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { decoded, square } from "./decoding.js";
import { embedded } from "./embedded.js";
import { judged, prepared } from "./neither.js";

const EPSILON = 1e-7; // A probability of exactly 0 or 1 has no logit.

/** Return a function from a file to its answer. It throws UnreadablePicture. */
export async function classifierOf(run) {
  const [model, vectors] = await Promise.all([embedded("model"), run.references && embedded("references")]);
  await loadLiteRt("embedded.js");
  const network = await loadAndCompile(model, { accelerator: "wasm" });
  const references = run.references && prepared(run.references, new Int8Array(vectors.buffer));
  // The first call packs weights, so that no photo waits.
  await outputsOf(network, new Uint8Array(run.side * run.side * 3), run.side);
  return async (file) => {
    const picture = await decoded(file);
    const started = performance.now();
    const pixels = await square(picture, run.side, file);
    const outputs = await outputsOf(network, pixels, run.side);
    const p_dog = outputs.p_dog.values[0];
    const verdict = references && outputs.embedding ? judged(outputs.embedding.values, references) : null;
    const { heatmap } = outputs;
    const calibrated_p_dog = calibrated(p_dog, run.temperature);
    return { picture, p_dog, calibrated_p_dog, heatmap, verdict, latency_ms: performance.now() - started };
  };
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
