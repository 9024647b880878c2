// "May show both", as `inference/both.py` explains and computes it.
import { resized } from "./resizing.js";

const STRONGEST = 0.1; // of the positions
// Left, top, right and bottom of each part, as shares of the picture.
const HALVES = [[0, 0, 0.5, 1], [0.5, 0, 1, 1], [0, 0, 1, 0.5], [0, 0.5, 1, 1]];
const QUARTERS = [[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]];

/** Return whether a picture may show both classes. `heatmap` is that of all of it, `limits` are the run's. */
export async function showsBoth(network, picture, side, heatmap, limits) {
  const [cat, dog] = strongest(heatmap.values);
  if (Math.min(cat, dog) < limits.mixed) return false;
  const evidence = (logits) => Math.min(cat / 2 - Math.min(...logits), dog / 2 + Math.max(...logits));
  const logits = [];
  for (const parts of [QUARTERS, HALVES]) {
    for (const part of parts) {
      const answer = await network.answer(resized(picture, side, boxOf(picture, part)));
      // The mean of a heat map is the logit, which p_dog has lost where it is 0 or 1.
      logits.push(mean(answer.heatmap.values));
    }
    if (evidence(logits) > limits.evidence || evidence(logits) <= 0) break;
  }
  return evidence(logits) > limits.evidence;
}

// The mean evidence for each class at the positions that have the most of it.
function strongest(values) {
  const sorted = Float64Array.from(values).sort();
  const count = Math.ceil(STRONGEST * sorted.length - 0.5); // Python rounds 2.5 down.
  return [-mean(sorted.slice(0, count)), mean(sorted.slice(-count))];
}

function boxOf({ width, height }, [left, top, right, bottom]) {
  return [left * width, top * height, right * width, bottom * height];
}

function mean(values) {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
