// Draws a large picture, a heat map over it, and the control of the heat map. Streamlit calls the
// default export whenever the picture changes; the user's choice of heat map and strength stays.

const STRENGTH = 0.6;
const RETRY_AFTER_MS = 500;

export default function ({ data, parentElement }) {
  const viewer = parentElement.querySelector(".viewer") ?? addViewer(parentElement, data);
  viewer.data = data;
  viewer.style.setProperty("--height", `${data.height}px`);
  viewer.style.setProperty("--ratio", data.ratio);
  drawPicture(viewer);
  drawControls(viewer);
  paint(viewer);
}

function addViewer(parentElement, { heat_on }) {
  const viewer = make("div", "viewer");
  // Whether the heat map is on, which run's, and how strong: the user's choice.
  viewer.choice = { on: heat_on, name: "", strength: STRENGTH };
  viewer.stage = make("div", "stage");
  viewer.controls = make("div", "controls");
  viewer.append(viewer.stage, viewer.controls);
  return parentElement.appendChild(viewer);
}

function drawPicture({ stage, data }) {
  if (!data.src) {
    const message = make("p", "message");
    message.textContent = data.message || "This picture cannot be shown.";
    return stage.replaceChildren(message);
  }
  const picture = stage.querySelector(".picture") ?? make("img", "picture");
  const heat = stage.querySelector(".heat") ?? make("img", "heat");
  picture.alt = data.alt;
  heat.alt = "";
  load(picture, data.src);
  const places = make("div", "places");
  stage.replaceChildren(picture, heat, places, ...(data.mark ? [makeMark(data.mark)] : []));
}

// The previous picture stays until the new one has loaded. A rerun can remove a picture just before
// the browser requests it, and then serves it again.
function load(picture, src) {
  if (picture.getAttribute("src") === src) return;
  picture.src = src;
  picture.onerror = () => {
    picture.onerror = null;
    setTimeout(() => picture.getAttribute("src") === src && (picture.src = src), RETRY_AFTER_MS);
  };
}

function makeMark(mark) {
  const sign = make("span", `mark ${mark}`);
  sign.textContent = mark === "wrong" ? "✗ wrong" : "✓ right";
  return sign;
}

function makePlace([label, [x, y]]) {
  const sign = make("span", "place");
  sign.textContent = label;
  Object.assign(sign.style, { left: `${100 * x}%`, top: `${100 * y}%` });
  return sign;
}

function drawControls(viewer) {
  const { controls, data, choice } = viewer;
  const key = JSON.stringify(data.heats.map(({ name, colour }) => [name, colour]));
  if (controls.key === key) return; // Replacing a slider would take the focus from it.
  controls.key = key;
  if (!data.heats.length) return controls.replaceChildren();
  const buttons = data.heats.map((heat) => makeButton(viewer, heat));
  const slider = make("input", "strength");
  Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: choice.strength });
  slider.setAttribute("aria-label", "Strength of the heat map");
  slider.title = "Strength of the heat map";
  slider.oninput = () => {
    choice.strength = Number(slider.value);
    paint(viewer);
  };
  const title = make("span", "title");
  title.textContent = "Heat map";
  controls.replaceChildren(title, ...buttons, slider, makeScale(data.scale));
}

function makeScale(colours) {
  const scale = make("span", "scale");
  const bar = make("span", "bar");
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  scale.append("weak", bar, "strong evidence");
  return scale;
}

function makeButton(viewer, { name, colour }) {
  const button = make("button", "run");
  button.type = "button";
  button.name = name;
  const dot = make("span", "dot");
  dot.style.background = colour;
  button.append(dot, name);
  button.onclick = () => {
    const { choice } = viewer;
    choice.on = !(choice.on && shownHeat(viewer)?.name === name);
    choice.name = name;
    paint(viewer);
  };
  return button;
}

function shownHeat({ data, choice }) {
  if (!choice.on) return undefined;
  return data.heats.find(({ name }) => name === choice.name) ?? data.heats[0];
}

function paint(viewer) {
  const shown = shownHeat(viewer);
  const heat = viewer.stage.querySelector(".heat");
  if (heat) {
    heat.hidden = !shown;
    if (shown) load(heat, shown.src);
    heat.style.opacity = viewer.choice.strength;
    const places = viewer.stage.querySelector(".places");
    places.replaceChildren(...Object.entries(shown?.places ?? {}).map(makePlace));
  }
  for (const button of viewer.controls.querySelectorAll(".run")) {
    button.setAttribute("aria-pressed", String(button.name === shown?.name));
  }
}

function make(tag, className) {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}
