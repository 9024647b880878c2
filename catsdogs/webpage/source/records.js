// The answers as a file.
import { agree } from "./card.js";
import { labelOf, mayShowBoth } from "./wording.js";

/** Return what is known about a picture: the first run's answer and, if there are several, those of all `runs`. */
export function recordOf(file, answers, terms) {
  const [first, ...others] = answers.map((one) => recordOfAnswer(one, terms));
  const { run, ...found } = first;
  const all = others.length ? { agree: agree(answers, terms), runs: [first, ...others] } : {};
  return { file, error: null, ...found, ...all };
}

/** Save records as JSON. */
export function save(run, pictures) {
  const url = URL.createObjectURL(new Blob([JSON.stringify({ run, pictures })], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: url, download: "answers.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function recordOfAnswer(answer, terms) {
  const { run, p_dog, calibrated_p_dog, heatmap, verdict, latency_ms } = answer;
  const [, height, width] = heatmap.shape;
  const rows = Array.from({ length: height }, (_, row) => [...heatmap.values.subarray(row * width, (row + 1) * width)]);
  return {
    run,
    label: labelOf(answer, terms),
    [terms.key]: p_dog,
    [`calibrated_${terms.key}`]: calibrated_p_dog,
    probabilities: { [terms.classes[0]]: 1 - calibrated_p_dog, [terms.classes[1]]: calibrated_p_dog },
    likeness: verdict?.likeness ?? null,
    likeness_score: verdict?.score ?? null,
    both: answer.both === null ? null : mayShowBoth(answer, terms),
    heatmap: rows,
    latency_ms,
  };
}
