// A picture and its answers on the page.
import { draw } from "./heatmap.js";
import { labelOf, mayShowBoth, percent, classOf, sentence } from "./wording.js";

const LONGEST_PX = 480; // of a photo on the page

/** Return the list item of a picture: its answers, and the heat map that the user chooses. */
export function cardOf(name, { picture, answers }, terms) {
  const made = copyOf("card");
  const shown = small(picture);
  made.querySelector("h3").textContent = name;
  made.querySelector(".answers").append(...answers.map((one) => answerOf(name, one, terms, answers.length > 1)));
  if (answers.length > 1) made.querySelector(".agreement").textContent = agreement(answers, terms);
  const [canvas, overlay, choice] = ["canvas", "input", "select"].map((one) => made.querySelector(one));
  choice.replaceChildren(...answers.map(({ run }, at) => new Option(run, at)));
  choice.hidden = answers.length === 1;
  choice.setAttribute("aria-label", `Run of the heat map on ${name}`);
  const repaint = () => paint(canvas, shown, overlay.checked ? answers[choice.value] : null, { name, terms });
  for (const control of [overlay, choice]) control.addEventListener("change", repaint);
  repaint();
  return made;
}

/** Return the list item of a file that cannot be opened. */
export function unreadableCardOf(name, message) {
  const made = copyOf("unread");
  made.querySelector("h3").textContent = name;
  made.querySelector("p").textContent = message;
  return made;
}

/** Return whether the answers have one label. */
export function agree(answers, terms) {
  return new Set(answers.map((one) => labelOf(one, terms))).size === 1;
}

/** Return whether the runs agree, in words. */
export function agreement(answers, terms) {
  return agree(answers, terms) ? "Both runs agree." : "The runs disagree.";
}

function answerOf(name, answer, terms, isNamed) {
  const made = copyOf("answer");
  const p_dog = answer.calibrated_p_dog;
  made.querySelector(".run").textContent = isNamed ? answer.run : "";
  made.querySelector("strong").textContent = sentence(answer, terms);
  made.querySelector(".both").hidden = !mayShowBoth(answer, terms);
  const bar = made.querySelector("meter");
  bar.value = p_dog;
  bar.setAttribute("aria-label", `P(${terms.classes[1]}) for ${name}${isNamed ? `, ${answer.run}` : ""}`);
  bar.textContent = percent(p_dog);
  made.querySelector(".number").textContent = `P(${terms.classes[1]}) ${p_dog.toFixed(3)}`;
  // A probability of two classes means nothing for a picture of something else.
  for (const one of made.querySelectorAll(".bar, .number")) one.hidden = labelOf(answer, terms) === "neither";
  return made;
}

function paint(canvas, shown, answer, { name, terms }) {
  [canvas.width, canvas.height] = [shown.width, shown.height];
  const context = canvas.getContext("2d");
  context.drawImage(shown, 0, 0);
  canvas.setAttribute("aria-label", name);
  if (!answer) return;
  const label = mayShowBoth(answer, terms) ? null : classOf(answer.calibrated_p_dog, terms);
  draw(context, answer.heatmap, label === null ? null : terms.classes.indexOf(label), canvas);
  canvas.setAttribute("aria-label", `${name}, with the parts that speak for ${label ?? terms.classes.join(" and ")}`);
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

function copyOf(id) {
  return document.getElementById(id).content.cloneNode(true).firstElementChild;
}
