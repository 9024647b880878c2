// The runs in the page: a file in; the answer of each run out.
import { showsBoth } from "./both.js";
import { decoded, reduced } from "./decoding.js";
import { embedded } from "./embedded.js";
import { networkOf, start } from "./network.js";
import { resized } from "./resizing.js";

/** Return a function from a file to {picture, answers}, one answer a run. It throws UnreadablePicture. */
export async function classifierOf(runs) {
  await start(await embedded("wasm"));
  const networks = await Promise.all(runs.map(networkInPage));
  return async (file) => {
    const picture = await decoded(file);
    const answers = [];
    for (const [at, run] of runs.entries()) answers.push(await answerOf(run, networks[at], picture, file));
    const verdicts = new Map(answers.map(({ run, verdict }) => [run, verdict]));
    return { picture, answers: answers.map((one, at) => ({ ...one, verdict: verdicts.get(runs[at].judge) ?? null })) };
  };
}

async function networkInPage(run, at) {
  const vectors = run.references && (await embedded(`references-${at}`));
  return networkOf(run, await embedded(`model-${at}`), vectors);
}

async function answerOf(run, network, picture, file) {
  const started = performance.now();
  const smaller = await reduced(picture, run.side, file);
  const answer = await network.answer(resized(smaller, run.side));
  const latency_ms = performance.now() - started;
  const both = run.both && (await showsBoth(network, smaller, run.side, answer.heatmap, run.both));
  return { run: run.run, ...answer, both, latency_ms };
}
