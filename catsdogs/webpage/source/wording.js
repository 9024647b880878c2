// An answer in words. `terms` are the settings of a run: its threshold and the names of its two classes.

/** Return the name of a class, or "neither". */
export function labelOf({ calibrated_p_dog, verdict }, terms) {
  return verdict?.isNeither ? "neither" : classOf(calibrated_p_dog, terms);
}

/** Return the name of the class with this probability of the second one. */
export function classOf(p_dog, { threshold, classes }) {
  return classes[Number(p_dog >= threshold)];
}

/** Return whether it is one of the classes, and the picture may also show the other. */
export function mayShowBoth(answer, terms) {
  return Boolean(answer.both) && labelOf(answer, terms) !== "neither";
}

/** Why a picture is neither. */
export const REASON = "It is unlike the model's training photos.";

/** Return "Dog, 98.2 %", or "Neither". */
export function headline(answer, terms) {
  const p_dog = answer.calibrated_p_dog;
  const label = labelOf(answer, terms);
  if (label === "neither") return "Neither";
  return `${capital(label)}, ${percent(label === terms.classes[1] ? p_dog : 1 - p_dog)}`;
}

/** Return the headline as a sentence, with the reason for "neither". */
export function sentence(answer, terms) {
  const text = headline(answer, terms);
  return labelOf(answer, terms) === "neither" ? `${text}. ${REASON}` : text;
}

/** Return a share as a person reads it. */
export function percent(share) {
  return share >= 0.9995 ? "over 99.9 %" : `${(share * 100).toFixed(1)} %`;
}

/** Return a name with a capital letter in front. */
export function capital(name) {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
