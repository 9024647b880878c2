// A heat map as a transparent layer, in the colours of `inference/heatmap.py`.
const COLOURS = [[70, 10, 130], [220, 40, 120], [255, 235, 60]];

/**
 * Draw the evidence for the class 0 or 1 or, without a label, for both over a photo.
 *
 * A heat map is {shape: [1, h, w], values}.
 */
export function draw(context, { shape: [, height, width], values }, label, size) {
  const strengths = (label === null ? [0, 1] : [label]).map((one) => strengthsOf(values, one));
  const layer = new ImageData(width, height);
  strengths[0].forEach((_, at) => layer.data.set(coloured(Math.max(...strengths.map((one) => one[at]))), at * 4));
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d").putImageData(layer, 0, 0);
  context.imageSmoothingQuality = "high";
  context.globalAlpha = 0.75;
  context.drawImage(small, 0, 0, size.width, size.height);
}

// From 0 to 1; the strongest evidence is 1.
function strengthsOf(values, label) {
  const evidence = values.map((value) => Math.max(label === 1 ? value : -value, 0));
  const most = Math.max(evidence.reduce((one, other) => Math.max(one, other), 0), 1e-9);
  return evidence.map((value) => value / most);
}

function coloured(strength) {
  const [from, to] = strength < 0.5 ? COLOURS.slice(0, 2) : COLOURS.slice(1);
  const share = strength < 0.5 ? strength * 2 : strength * 2 - 1;
  return [...from.map((one, i) => one + (to[i] - one) * share), strength * 255];
}
