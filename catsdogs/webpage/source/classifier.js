// The run in the page: a file in; the answer, its heat map and the verdict on "neither" out.
import { decoded, square } from "./decoding.js";
import { embedded } from "./embedded.js";
import { networkOf, start } from "./network.js";

/** Return a function from a file to its answer. It throws UnreadablePicture. */
export async function classifierOf(run) {
  const [wasm, model, vectors] = await Promise.all(
    ["wasm", "model", run.references && "references"].map((id) => id && embedded(id)),
  );
  await start(wasm);
  const network = await networkOf(run, model, vectors);
  return async (file) => {
    const picture = await decoded(file);
    const started = performance.now();
    const answer = await network.answer(await square(picture, run.side, file));
    return { picture, ...answer, latency_ms: performance.now() - started };
  };
}
