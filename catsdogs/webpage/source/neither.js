// "Neither", as `inference/rejection.py` explains and computes it.
const NEIGHBOURS = 3;

/** Return whether an embedding is unlike the run's training photos: {likeness, score, isNeither}. */
export function judged(embedding, references) {
  const direction = unit(embedding);
  const likeness = similarity(direction, references);
  const score = likeness + (references.evidence ? against(direction, references.evidence) : 0);
  return { likeness, score, isNeither: references.floor !== null && score < references.floor };
}

/** Return references from their settings and int8 vectors (M × D), which lose their length. */
export function prepared(settings, vectors) {
  const { size } = settings;
  const lengths = Float32Array.from({ length: vectors.length / size }, (_, row) =>
    Math.max(Math.hypot(...vectors.subarray(row * size, (row + 1) * size)), 1e-12),
  );
  return { ...settings, vectors, lengths };
}

function similarity(direction, { vectors, lengths, size }) {
  const nearest = new Array(Math.min(NEIGHBOURS, lengths.length)).fill(-Infinity);
  for (let row = 0, at = 0; row < lengths.length; row++) {
    let product = 0;
    for (let i = 0; i < size; i++, at++) product += vectors[at] * direction[i];
    const cosine = product / lengths[row];
    if (cosine > nearest[0]) {
      nearest[0] = cosine;
      nearest.sort((one, other) => one - other);
    }
  }
  return nearest.reduce((sum, one) => sum + one, 0) / nearest.length;
}

// The weighted log odds of the two classes against other things.
function against(direction, { kernel, bias, weight }) {
  const [cat, dog, other] = bias.map((start, column) =>
    direction.reduce((sum, one, row) => sum + one * kernel[row * 3 + column], start),
  );
  const larger = Math.max(cat, dog);
  return weight * (larger + Math.log1p(Math.exp(Math.min(cat, dog) - larger)) - other);
}

function unit(vector) {
  const length = Math.max(Math.sqrt(vector.reduce((sum, one) => sum + one * one, 0)), 1e-12);
  return vector.map((one) => one / length);
}
