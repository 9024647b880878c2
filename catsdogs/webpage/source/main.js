// The page: files come in, answers come out.
import { classifierOf } from "./classifier.js";
import { settings } from "./embedded.js";
import { draw } from "./heatmap.js";
import { UnreadablePicture } from "./decoding.js";
import { labelOf, percent, petOf, sentence } from "./wording.js";

const LONGEST_PX = 480; // of a photo on the page
const run = settings();
const [status, list, save, results] = ["status", "answers", "save", "results"].map((id) => document.getElementById(id));
const ready = classifierOf(run);
const records = [];
let waiting = Promise.resolve();

/** Classify files one after another, in the order in which they came. */
function classify(files) {
  for (const file of files) waiting = waiting.then(() => show(file)).catch(failed);
}

async function show(file) {
  status.textContent = `Looking at ${file.name}…`;
  const classifier = await ready;
  try {
    const answer = await classifier(file);
    records.push(record(file, answer));
    list.prepend(card(file, answer));
    status.textContent = `${file.name}: ${sentence(answer, run.threshold)}`;
  } catch (error) {
    if (!(error instanceof UnreadablePicture)) throw error;
    records.push({ file: file.name, error: error.message });
    list.prepend(unreadable(file, error.message));
    status.textContent = `${file.name}: ${error.message}`;
  }
  results.hidden = false;
}

function card(file, answer) {
  const made = document.getElementById("card").content.cloneNode(true).firstElementChild;
  made.querySelector("h3").textContent = file.name;
  made.querySelector("strong").textContent = sentence(answer, run.threshold);
  const bar = made.querySelector("meter");
  bar.value = answer.calibrated_p_dog;
  bar.setAttribute("aria-label", `Probability of a dog for ${file.name}`);
  bar.textContent = percent(answer.calibrated_p_dog);
  made.querySelector(".number").textContent = `P(dog) ${answer.calibrated_p_dog.toFixed(3)}`;
  // A probability of two classes means nothing for a picture of something else.
  for (const one of made.querySelectorAll(".bar, .number")) one.hidden = labelOf(answer, run.threshold) === "neither";
  const canvas = made.querySelector("canvas");
  const overlay = made.querySelector("input");
  overlay.addEventListener("change", () => paint(canvas, answer, overlay.checked));
  paint(canvas, answer, true);
  canvas.setAttribute("aria-label", `${file.name}, with the parts that speak for ${petOf(answer.calibrated_p_dog, run.threshold)}`);
  // The full picture is not needed again, and takes four bytes a pixel.
  answer.picture = answer.shown;
  return made;
}

function paint(canvas, answer, withHeatmap) {
  answer.shown ??= small(answer.picture);
  canvas.width = answer.shown.width;
  canvas.height = answer.shown.height;
  const context = canvas.getContext("2d");
  context.drawImage(answer.shown, 0, 0);
  if (withHeatmap) draw(context, answer.heatmap, petOf(answer.calibrated_p_dog, run.threshold), canvas);
}

function small({ pixels, width, height }) {
  const scale = Math.min(LONGEST_PX / Math.max(width, height), 1);
  const full = new OffscreenCanvas(width, height);
  full.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  const made = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = made.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(full, 0, 0, made.width, made.height);
  return made;
}

function unreadable(file, message) {
  const made = document.getElementById("unread").content.cloneNode(true).firstElementChild;
  made.querySelector("h3").textContent = file.name;
  made.querySelector("p").textContent = message;
  return made;
}

function record(file, answer) {
  const { p_dog, calibrated_p_dog, heatmap, verdict, latency_ms } = answer;
  const [, height, width] = heatmap.shape;
  const rows = Array.from({ length: height }, (_, row) => [...heatmap.values.subarray(row * width, (row + 1) * width)]);
  return {
    file: file.name,
    error: null,
    label: labelOf(answer, run.threshold),
    p_dog,
    calibrated_p_dog,
    likeness: verdict?.likeness ?? null,
    likeness_score: verdict?.score ?? null,
    heatmap: rows,
    latency_ms,
  };
}

function saveAnswers() {
  const url = URL.createObjectURL(new Blob([JSON.stringify({ run: run.run, pictures: records })], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: url, download: "answers.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function failed(error) {
  status.textContent = `The page cannot classify pictures in this browser: ${error.message ?? error}. Use a current version of Chrome, Edge, Firefox or Safari.`;
}

for (const input of document.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    classify([...input.files]);
    input.value = "";
  });
}
addEventListener("paste", (event) => classify([...event.clipboardData.files]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  classify([...event.dataTransfer.files]);
});
save.addEventListener("click", saveAnswers);
ready.then(() => (status.textContent = "Ready. Choose, drop or paste pictures."), failed);
