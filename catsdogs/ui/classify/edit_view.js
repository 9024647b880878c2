// Draws an edited picture with a slider or a brush, and the curve of each run.
//
// All frames are one tall picture, moved behind a window: the slider needs no server. Streamlit
// calls the default export with new data after each edit that the user has completed.

const RETRY_AFTER_MS = 500;
const BRUSH = { least: 0.02, most: 0.3, step: 0.01, value: 0.1 }; // shares of the shorter side

export default function ({ data, parentElement, setTriggerValue }) {
  const view = parentElement.querySelector(".view") ?? addView(parentElement);
  const isOther = view.data?.title !== data.title || view.data?.turn !== data.turn;
  Object.assign(view, { data, setTriggerValue });
  view.style.setProperty("--ratio", data.ratio);
  view.classList.toggle("brush", isBrush(view));
  load(view.frames, data.frames);
  if (isOther) setSlider(view);
  drawCurves(view);
  drawAt(view);
}

function isBrush({ data }) {
  return !data.amounts.length;
}

function addView(parentElement) {
  const view = addTo(parentElement, "div", "view");
  const left = addTo(view, "div", "left");
  view.stage = addTo(left, "div", "stage");
  view.frames = addTo(view.stage, "img", "frames");
  view.canvas = addTo(view.stage, "canvas", "canvas");
  listenForStrokes(view);
  const row = addTo(left, "label", "row");
  view.heading = addTo(row, "span", "title");
  view.slider = addTo(row, "input", "slider");
  view.slider.type = "range";
  view.amount = addTo(row, "output", "amount");
  view.slider.oninput = () => drawAt(view);
  view.slider.onchange = () =>
    isBrush(view) || view.setTriggerValue("settled", Number(view.slider.value));
  const right = addTo(view, "div", "right");
  view.answers = addTo(right, "ul", "answers");
  view.plot = addTo(right, "div", "plot");
  view.ends = addTo(right, "div", "ends");
  view.flips = addTo(right, "div", "flips");
  return view;
}

function setSlider(view) {
  const { data, slider } = view;
  view.heading.textContent = data.title;
  const range = isBrush(view)
    ? { min: BRUSH.least, max: BRUSH.most, step: BRUSH.step }
    : { min: 0, max: data.amounts.length - 1, step: 1 };
  const wasBrush = slider.max === String(BRUSH.most);
  Object.assign(slider, range);
  if (!isBrush(view)) slider.value = data.at;
  else if (!wasBrush) slider.value = BRUSH.value;
}

// The number and the frame at the slider, which the user may be moving.
function drawAt(view) {
  const { data, slider, frames } = view;
  const at = isBrush(view) ? 0 : Number(slider.value);
  const count = data.runs[0].p.length;
  frames.style.transform = `translateY(${(-100 * at) / count}%)`;
  frames.style.height = `${100 * count}%`;
  const amount = isBrush(view) ? `${Math.round(100 * slider.value)} %` : data.amounts[at];
  view.amount.textContent = amount;
  const said = data.runs.map(({ name, said }) => `${name} ${said[at]}`);
  slider.setAttribute("aria-valuetext", [amount, ...(isBrush(view) ? [] : said)].join(", "));
  frames.alt = `The edited picture: ${said.join(", ")}`;
  view.answers.replaceChildren(...data.runs.map((run) => makeAnswer(run, at, data.origin)));
  view.plot.querySelector(".now")?.style.setProperty("left", `${place(data, at)}%`);
}

function makeAnswer({ name, colour, said, classes }, at, origin) {
  const line = document.createElement("li");
  addTo(line, "span", "dot").style.background = colour;
  addTo(line, "span", "name").textContent = name;
  addTo(line, "strong", "said").textContent = said[at];
  if (classes[at] !== classes[origin]) addTo(line, "span", "changed").textContent = "changed";
  return line;
}

function place({ amounts }, at) {
  return (100 * at) / Math.max(amounts.length - 1, 1);
}

function drawCurves(view) {
  const { data, plot, ends } = view;
  plot.hidden = ends.hidden = isBrush(view);
  view.flips.replaceChildren();
  const told = isBrush(view) ? [data.hint] : flips(data);
  for (const one of told) addTo(view.flips, "p", "").textContent = one;
  if (isBrush(view)) return plot.replaceChildren();
  const curves = data.runs.map(
    ({ p, colour }) =>
      `<polyline points="${p.map((one, at) => `${place(data, at)},${100 - 100 * one}`).join(" ")}" stroke="${colour}"/>`,
  );
  const level = 100 - 100 * data.threshold;
  plot.innerHTML = `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
    <line class="threshold" x1="0" x2="100" y1="${level}" y2="${level}"/>${curves.join("")}</svg>`;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", described(data));
  addTo(plot, "span", "now");
  addTo(plot, "span", "axis").textContent = data.axis;
  for (const { flip, colour } of data.runs.filter(({ flip }) => flip)) {
    const mark = addTo(plot, "span", "flip");
    Object.assign(mark.style, { left: `${100 * flip.place}%`, top: `${level}%`, background: colour });
    mark.title = `${flip.to} from ${flip.text} on`;
  }
  ends.replaceChildren();
  addTo(ends, "span", "").textContent = data.amounts[0];
  addTo(ends, "span", "").textContent = data.amounts.at(-1);
}

function flips({ runs }) {
  return runs.map(({ name, flip }) =>
    flip ? `${name}: ${flip.to} at ${flip.text}` : `${name}: no amount changes the answer`,
  );
}

function described(data) {
  return `${data.axis} over ${data.title} from ${data.amounts[0]} to ${data.amounts.at(-1)}. ${flips(data).join(". ")}.`;
}

function listenForStrokes(view) {
  const { canvas } = view;
  let points = [];
  canvas.onpointerdown = (event) => {
    if (!isBrush(view)) return;
    canvas.setPointerCapture(event.pointerId);
    Object.assign(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
    points = [];
    add(event);
  };
  canvas.onpointermove = (event) => points.length && add(event);
  canvas.onpointerup = () => {
    if (!points.length) return;
    view.setTriggerValue("stroke", { points, radius: Number(view.slider.value) });
    points = [];
  };
  canvas.onpointercancel = () => {
    points = [];
    clear(canvas);
  };
  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    const share = (value) => Math.min(Math.max(value, 0), 1);
    points.push([
      share((event.clientX - box.left) / box.width),
      share((event.clientY - box.top) / box.height),
    ]);
    drawStroke(view, points);
  };
}

// Shown until the server's picture, which has the stroke, arrives.
function drawStroke({ canvas, slider }, points) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  pen.lineWidth = 2 * slider.value * Math.min(width, height);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "rgb(128 128 128)";
  pen.beginPath();
  const [first, ...others] = points.map(([x, y]) => [x * width, y * height]);
  pen.moveTo(...first);
  for (const point of others.length ? others : [first]) pen.lineTo(...point);
  pen.stroke();
}

function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

// The previous frames stay until the new ones have loaded. A rerun can remove a file just before
// the browser requests it, and then serves it again.
function load(frames, src) {
  if (frames.getAttribute("src") === src) return;
  frames.onload = () => clear(frames.nextSibling);
  frames.onerror = () => {
    frames.onerror = null;
    setTimeout(() => frames.getAttribute("src") === src && (frames.src = src), RETRY_AFTER_MS);
  };
  frames.src = src;
}

function addTo(parent, tag, className) {
  const node = document.createElement(tag);
  node.className = className;
  return parent.appendChild(node);
}
