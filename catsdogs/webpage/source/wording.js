// An answer in words.

/** Return "cat", "dog" or "neither". */
export function labelOf({ calibrated_p_dog, verdict }, threshold) {
  return verdict?.isNeither ? "neither" : petOf(calibrated_p_dog, threshold);
}

/** Return "cat" or "dog". */
export function petOf(p_dog, threshold) {
  return p_dog >= threshold ? "dog" : "cat";
}

/** Return whether it is a pet, and the picture may also show one of the other class. */
export function mayShowBoth(answer, threshold) {
  return Boolean(answer.both) && labelOf(answer, threshold) !== "neither";
}

/** Why a picture is neither. */
export const REASON = "It is unlike the model's training photos.";

/** Return "Dog, 98.2 %", or "Neither". */
export function headline(answer, threshold) {
  const p_dog = answer.calibrated_p_dog;
  const label = labelOf(answer, threshold);
  if (label === "neither") return "Neither";
  return label === "dog" ? `Dog, ${percent(p_dog)}` : `Cat, ${percent(1 - p_dog)}`;
}

/** Return the headline as a sentence, with the reason for "neither". */
export function sentence(answer, threshold) {
  const text = headline(answer, threshold);
  return labelOf(answer, threshold) === "neither" ? `${text}. ${REASON}` : text;
}

/** Return a share as a person reads it. */
export function percent(share) {
  return share >= 0.9995 ? "over 99.9 %" : `${(share * 100).toFixed(1)} %`;
}
