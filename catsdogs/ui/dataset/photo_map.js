// Draws a map of photos by WebGL: every photo is a point.
//
// Streamlit calls the default export whenever the points, their colours or the filter change. The
// view stays where the user moved it until the points themselves change. map_geometry.js and
// map_points.js come before this file.

const CLICK_PX = 4; // A press that moves less is a click.
const HOVER_MS = 60;
const MOST_ZOOM = 60;
const MODES = { lasso: "Lasso", box: "Box", move: "Move" };

export default function ({ data: message, parentElement, setTriggerValue }) {
  const map = parentElement.querySelector(".map") ?? addMap(parentElement);
  map.setTriggerValue = setTriggerValue;
  take(map, unpacked(message));
  return () => {
    // Streamlit also runs the clean-up of a superseded call, when the map is still in use.
    if (!parentElement.isConnected) release(map);
  };
}

// The message is a JSON document after its length, then x and y of each point as 16-bit numbers,
// then the number of its colour, then whether the filter finds it.
function unpacked(message) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const end = 4 + view.getUint32(0);
  const data = JSON.parse(new TextDecoder().decode(message.subarray(4, end)));
  const part = (from, to) => message.slice(end + from * data.count, end + to * data.count);
  return { ...data, places: new Uint16Array(part(0, 4).buffer), codes: part(4, 5), found: part(5, 6) };
}

function addMap(parentElement) {
  const map = addTo(parentElement, "div", "map");
  map.mode = "lasso";
  addTools(map);
  map.frame = addTo(map, "div", "frame");
  map.canvas = addTo(map.frame, "canvas", "");
  map.canvas.tabIndex = 0;
  map.canvas.setAttribute("role", "img");
  map.svg = addTo(map.frame, "svg", "", "http://www.w3.org/2000/svg");
  map.area = addTo(map.svg, "polygon", "", map.svg.namespaceURI);
  map.ring = addTo(map.svg, "circle", "", map.svg.namespaceURI);
  map.card = addTo(map.frame, "div", "card");
  map.legend = addTo(map, "ul", "legend");
  map.gl = map.canvas.getContext("webgl", { antialias: false, powerPreference: "low-power" });
  if (map.gl) prepare(map);
  else addTo(map.frame, "p", "problem").textContent = "This browser cannot draw the map: it has no WebGL.";
  listen(map);
  map.resized = new ResizeObserver(() => draw(map));
  map.resized.observe(map.frame);
  return map;
}

function addTools(map) {
  const tools = addTo(map, "div", "tools");
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", "Tools of the map");
  const press = (name, title, action) => {
    const button = Object.assign(addTo(tools, "button", ""), { textContent: name, title, type: "button" });
    button.setAttribute("aria-label", title);
    button.onclick = () => action(button);
    return button;
  };
  for (const [mode, name] of Object.entries(MODES)) {
    const title = mode === "move" ? "Move the map" : `Select by ${name.toLowerCase()}`;
    const button = press(name, title, () => setMode(map, mode));
    button.dataset.mode = mode;
  }
  press("+", "Zoom in", () => zoom(map, 1.6));
  press("−", "Zoom out", () => zoom(map, 1 / 1.6));
  press("Whole map", "Show the whole map", () => reset(map));
  map.clear = press("Clear selection", "Clear the selection", () => map.setTriggerValue("selected", []));
  map.tools = tools;
  setMode(map, map.mode);
}

function setMode(map, mode) {
  map.mode = mode;
  for (const button of map.tools.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  map.dataset.mode = mode;
}

function take(map, data) {
  const isOther = map.data?.method !== data.method;
  map.data = data;
  map.canvas.setAttribute("aria-label", data.alt);
  map.clear.hidden = !data.area.length;
  hover(map, -1);
  addLegend(map, data);
  if (map.gl) upload(map, data);
  if (isOther) reset(map);
  else draw(map);
}

function addLegend({ legend }, { legend: entries, ends, shades }) {
  legend.replaceChildren();
  if (ends.length) {
    const scale = addTo(legend, "li", "scale");
    addTo(scale, "span", "").textContent = number(ends[0]);
    addTo(scale, "i", "").style.background = `linear-gradient(to right, ${shades.join()})`;
    addTo(scale, "span", "").textContent = number(ends[1]);
  }
  for (const { shades: own, name, count } of entries) {
    const entry = addTo(legend, "li", "");
    addTo(entry, "i", "").style.background = `linear-gradient(to right, ${[own[0], ...own].join()})`;
    addTo(entry, "span", "").textContent = `${name} (${count.toLocaleString("en")})`;
  }
}

function draw(map) {
  map.pending ??= requestAnimationFrame(() => {
    map.pending = undefined;
    if (map.isConnected && map.data) paint(map);
  });
}

function drawShapes({ canvas, svg, area, ring, drag, data, hit, view }) {
  svg.setAttribute("viewBox", `0 0 ${canvas.clientWidth} ${canvas.clientHeight}`);
  const shown = drag?.shape ?? data.area.map(([x, y]) => pixel(canvas, view, (x + 1) / 2, (y + 1) / 2));
  area.setAttribute("points", shown.map((point) => point.join()).join(" "));
  const isNear = hit >= 0 && !drag;
  ring.setAttribute("r", isNear ? 7 : 0);
  if (!isNear) return;
  const [x, y] = pixel(canvas, view, ...place(data, hit));
  ring.setAttribute("cx", x);
  ring.setAttribute("cy", y);
}

function reset(map) {
  map.view = { x: 0.5, y: 0.5, zoom: 1 };
  draw(map);
}

// Zooms around a pixel, which keeps its place; around the middle without one.
function zoom(map, factor, at) {
  const { canvas, view } = map;
  const around = at ?? [canvas.clientWidth / 2, canvas.clientHeight / 2];
  const before = position(canvas, view, around);
  const next = { ...view, zoom: Math.min(Math.max(view.zoom * factor, 1), MOST_ZOOM) };
  const after = position(canvas, next, around);
  map.view = { ...next, x: next.x + before[0] - after[0], y: next.y + before[1] - after[1] };
  if (map.view.zoom === 1) reset(map);
  draw(map);
}

function moveBy(map, right, down) {
  const { canvas, view } = map;
  const [x, y] = position(canvas, view, [canvas.clientWidth / 2 - right, canvas.clientHeight / 2 - down]);
  map.view = { ...view, x: within(x), y: within(y) };
  draw(map);
}

function listen(map) {
  const { canvas } = map;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    const mode = event.shiftKey ? "move" : map.mode;
    map.drag = { mode, points: [here(event)], shape: null };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (map.drag) dragTo(map, here(event));
    else hover(map, nearest(map, here(event)));
  });
  canvas.addEventListener("pointerup", (event) => drop(map, here(event)));
  canvas.addEventListener("pointercancel", () => {
    map.drag = undefined;
    draw(map);
  });
  canvas.addEventListener("pointerleave", () => hover(map, -1));
  canvas.addEventListener("wheel", (event) => {
    // The whole map cannot become smaller, so the page scrolls.
    if (event.deltaY > 0 && map.view.zoom === 1) return;
    event.preventDefault();
    hover(map, -1);
    zoom(map, Math.exp(-event.deltaY / 400), here(event));
  });
  canvas.addEventListener("keydown", (event) => onKey(map, event));
}

function here(event) {
  return [event.offsetX, event.offsetY];
}

function dragTo(map, at) {
  const { drag } = map;
  const [start, last] = [drag.points[0], drag.points.at(-1)];
  drag.isMoved ||= Math.hypot(at[0] - start[0], at[1] - start[1]) > CLICK_PX;
  if (!drag.isMoved) return;
  hover(map, -1);
  drag.points.push(at);
  if (drag.mode === "move") moveBy(map, at[0] - last[0], at[1] - last[1]);
  else if (drag.mode === "lasso") drag.shape = drag.points;
  else drag.shape = [start, [at[0], start[1]], at, [start[0], at[1]]];
  draw(map);
}

function drop(map, at) {
  const { drag, canvas, view } = map;
  map.drag = undefined;
  if (!drag) return;
  if (!drag.isMoved) open(map, nearest(map, at));
  else if (drag.shape?.length > 2) {
    const shape = simplified(drag.shape).map((point) => position(canvas, view, point));
    map.setTriggerValue("selected", shape.map(([x, y]) => [2 * x - 1, 2 * y - 1]));
    // Until the answer comes, the map shows what was drawn.
    map.data.area = shape.map(([x, y]) => [2 * x - 1, 2 * y - 1]);
  }
  draw(map);
}

function open(map, index) {
  if (index >= 0) map.setTriggerValue("opened", index);
}

function onKey(map, event) {
  const step = 40;
  const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (event.key in moves) moveBy(map, ...moves[event.key]);
  else if (event.key === "+") zoom(map, 1.3);
  else if (event.key === "-") zoom(map, 1 / 1.3);
  else if (event.key === "0") reset(map);
  else return;
  event.preventDefault();
  event.stopPropagation(); // Elsewhere on the page the same keys do other things.
}

function hover(map, index) {
  if (map.hit === index) return;
  map.hit = index;
  map.card.hidden = true;
  map.canvas.classList.toggle("near", index >= 0);
  clearTimeout(map.waiting);
  if (index >= 0) map.waiting = setTimeout(() => showCard(map, index), HOVER_MS);
  draw(map);
}

async function showCard(map, index) {
  const answer = await fetch(`${map.data.thumbnails}/${index}`).catch(() => null);
  const jpeg = answer?.ok ? await answer.blob() : null;
  if (map.hit !== index) return;
  URL.revokeObjectURL(map.shown);
  map.shown = jpeg ? URL.createObjectURL(jpeg) : "";
  map.card.replaceChildren();
  const name = decodeURIComponent(answer?.headers.get("X-Photo-Name") ?? "");
  if (jpeg) Object.assign(addTo(map.card, "img", ""), { src: map.shown, alt: name });
  else addTo(map.card, "span", "").textContent = "This photo cannot be shown.";
  addTo(map.card, "span", "").textContent = name;
  addTo(map.card, "span", "").textContent = value(map.data, index);
  map.card.hidden = false;
  const [x, y] = pixel(map.canvas, map.view, ...place(map.data, index));
  const isRight = x > map.canvas.clientWidth / 2;
  const top = Math.min(y, Math.max(0, map.canvas.clientHeight - map.card.offsetHeight));
  Object.assign(map.card.style, {
    left: isRight ? "" : `${x + 14}px`,
    right: isRight ? `${map.canvas.clientWidth - x + 14}px` : "",
    top: `${top}px`,
  });
}

// Returns what the colour of a point means.
function value({ codes, names, ends, shades, colour }, index) {
  const code = codes[index];
  if (code === NO_VALUE) return `${colour}: not known`;
  if (!ends.length) return names[code];
  return `${colour}: about ${number(ends[0] + ((ends[1] - ends[0]) * code) / (shades.length - 1))}`;
}

function number(value) {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

function release(map) {
  map.resized.disconnect();
  URL.revokeObjectURL(map.shown);
  // Browsers allow few contexts, and keep those of removed canvases for a while.
  map.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  map.remove();
}

function addTo(parent, name, className, space) {
  const node = space ? document.createElementNS(space, name) : document.createElement(name);
  if (className) node.className = className;
  return parent.appendChild(node);
}
