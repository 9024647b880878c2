// The page: files come in, answers come out.
import { agreement, cardOf, unreadableCardOf } from "./card.js";
import { classifierOf } from "./classifier.js";
import { UnreadablePicture } from "./decoding.js";
import { settings } from "./embedded.js";
import { recordOf, save } from "./records.js";
import { sentence } from "./wording.js";

const runs = settings();
const [terms] = runs;
const [status, list, button, results] = ["status", "answers", "save", "results"].map((id) => document.getElementById(id));
const ready = classifierOf(runs);
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
    const answered = await classifier(file);
    records.push(recordOf(file.name, answered.answers, terms));
    list.prepend(cardOf(file.name, answered, terms));
    status.textContent = `${file.name}: ${inWords(answered.answers)}`;
  } catch (error) {
    if (!(error instanceof UnreadablePicture)) throw error;
    records.push({ file: file.name, error: error.message });
    list.prepend(unreadableCardOf(file.name, error.message));
    status.textContent = `${file.name}: ${error.message}`;
  }
  results.hidden = false;
}

function inWords(answers) {
  const said = sentence(answers[0], terms);
  return answers.length > 1 ? `${said.replace(/\.$/, "")}. ${agreement(answers, terms)}` : said;
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
button.addEventListener("click", () => save(terms.run, records));
ready.then(() => (status.textContent = "Ready. Choose, drop or paste pictures."), failed);
