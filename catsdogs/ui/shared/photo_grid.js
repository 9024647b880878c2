// Draws a grid of thumbnails. Streamlit calls the default export whenever the photos change.
//
// Each tile is a button, which screen readers and the keyboard can reach: the arrow keys move, Enter
// opens, Page Up and Page Down turn the page. When the dialog of the opened photo closes, its tile
// has the focus again.
//
// In a grid with a version, tiles can be selected. While some are, a click selects, too; Enter still
// opens. The grid keeps the selection and reports it whole, so a report that is overtaken by the
// next one is not missed.

const DIALOG = '[role="dialog"]';
const DIALOG_OPENS_WITHIN_MS = 10_000;
const DRAG_PX = 6;

export default function ({ data: message, parentElement, setTriggerValue }) {
  const data = unpacked(message);
  const grid = parentElement.querySelector(".grid") ?? addGrid(parentElement);
  grid.setTriggerValue = setTriggerValue;
  grid.style.setProperty("--columns", data.columns || "");
  grid.style.setProperty("--most", data.most);
  data.tiles.forEach((tile, index) => placeTile(grid, tile, index));
  while (grid.children.length > data.tiles.length) grid.lastChild.remove();
  if (data.reveal && grid.revealed !== data.reveal) requestAnimationFrame(() => showFirst(grid));
  grid.revealed = data.reveal;
  grid.classList.toggle("strip", data.strip);
  if (grid.version !== data.version) {
    grid.version = data.version;
    grid.selected = new Set(data.selected);
  }
  grid.classList.toggle("selectable", data.version > 0);
  paintSelection(grid);
  if (data.strip) requestAnimationFrame(() => scrollToCurrent(grid));
}

// The message is a JSON document after its length, and then the pictures of its tiles.
function unpacked(message) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let end = 4 + view.getUint32(0);
  const data = JSON.parse(new TextDecoder().decode(message.subarray(4, end)));
  for (const tile of data.tiles) {
    const jpeg = message.subarray(end, (end += tile.size));
    if (tile.size) tile.src = dataUrl(jpeg);
  }
  return data;
}

// The browser shows a page of these in half the time that object URLs take.
function dataUrl(jpeg) {
  return `data:image/jpeg;base64,${btoa(String.fromCharCode(...jpeg))}`;
}

// Moves only the strip, not the page.
function scrollToCurrent(grid) {
  const tile = grid.querySelector("[aria-current]");
  if (tile) grid.scrollLeft = tile.offsetLeft - (grid.clientWidth - tile.offsetWidth) / 2;
}

function showFirst(grid) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  grid.firstChild?.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
}

function addGrid(parentElement) {
  const frame = document.createElement("div");
  frame.className = "frame";
  const grid = document.createElement("div");
  grid.className = "grid";
  grid.selected = new Set();
  grid.onkeydown = (event) => onKey(event, grid);
  // A button is pressed when Space is let go.
  grid.onkeyup = (event) => grid.version && event.key === " " && event.preventDefault();
  grid.onpointerdown = (event) => onPointerDown(event, grid);
  frame.append(grid);
  parentElement.appendChild(frame);
  return grid;
}

function placeTile(grid, tile, index) {
  const known = grid.children[index];
  const content = JSON.stringify(tile);
  if (known?.content === content) return;
  const made = makeTile(grid, tile, index);
  made.content = content;
  if (!known) return grid.append(made);
  const hadFocus = grid.getRootNode().activeElement === known;
  known.replaceWith(made);
  if (hadFocus) made.focus();
}

function makeTile(grid, { name, note, faded, src, mark, current }, index) {
  const tile = document.createElement("button");
  tile.type = "button";
  tile.className = faded ? "tile faded" : "tile";
  tile.label = [name, note, mark].filter(Boolean).join(", ");
  if (current) tile.setAttribute("aria-current", "true");
  tile.title = name;
  tile.onclick = (event) => {
    if (isSelecting(event, grid)) return select(grid, index, event.shiftKey);
    returnFocusAfterDialog(grid, index);
    grid.setTriggerValue("opened", index);
  };
  tile.append(makePicture(src), makeLine("check", "✓"));
  if (mark) tile.append(makeMark(mark));
  if (name) tile.append(makeLine("name", name));
  if (note) tile.append(makeLine("note", note));
  return tile;
}

// Streamlit's dialog cannot return the focus by itself: the tile is in a shadow root.
function returnFocusAfterDialog(grid, index) {
  grid.watcher?.disconnect();
  const openedAt = performance.now();
  let wasOpen = false;
  grid.watcher = new MutationObserver(() => {
    const isOpen = document.querySelector(DIALOG) !== null;
    const isLate = !wasOpen && performance.now() - openedAt > DIALOG_OPENS_WITHIN_MS;
    if (isLate || (wasOpen && !isOpen)) grid.watcher.disconnect();
    if (wasOpen && !isOpen) grid.children[index]?.focus();
    wasOpen ||= isOpen;
  });
  grid.watcher.observe(document.body, { childList: true, subtree: true });
}

function makePicture(src) {
  if (!src) return makeLine("missing", "cannot be shown");
  const picture = document.createElement("img");
  picture.alt = "";
  picture.draggable = false;
  picture.src = src;
  return picture;
}

function makeMark(mark) {
  const sign = makeLine(`mark ${mark}`, mark === "wrong" ? "✗" : "✓");
  sign.title = mark;
  return sign;
}

function makeLine(className, text) {
  const line = document.createElement("span");
  line.className = className;
  line.textContent = text;
  return line;
}

// A click by keyboard has no detail: it opens the photo.
function isSelecting(event, grid) {
  if (!grid.version || event.detail === 0) return false;
  const wantsTo = event.shiftKey || event.ctrlKey || event.metaKey || grid.selected.size > 0;
  return wantsTo || event.target.classList.contains("check");
}

// Selects a tile or ends its selection; as a range, all from the last one that was selected.
function select(grid, index, isRange) {
  if (isRange && grid.anchor !== undefined) {
    const [from, to] = [Math.min(grid.anchor, index), Math.max(grid.anchor, index)];
    for (let at = from; at <= to; at++) grid.selected.add(at);
  } else {
    if (!grid.selected.delete(index)) grid.selected.add(index);
    grid.anchor = index;
  }
  report(grid);
}

function report(grid) {
  paintSelection(grid);
  const positions = [...grid.selected].filter((at) => at < grid.children.length);
  grid.setTriggerValue("selected", { version: grid.version, positions });
}

function paintSelection(grid) {
  grid.classList.toggle("selecting", grid.selected.size > 0);
  [...grid.children].forEach((tile, index) => {
    const isSelected = grid.selected.has(index);
    tile.classList.toggle("selected", isSelected);
    tile.setAttribute("aria-label", isSelected ? `${tile.label}, selected` : tile.label);
  });
}

// A finger scrolls the page instead.
function onPointerDown(down, grid) {
  if (!grid.version || down.button !== 0 || down.pointerType !== "mouse") return;
  const ending = new AbortController();
  const start = placeIn(grid.parentElement, down);
  const before = [...grid.selected];
  let box = null;
  const move = (event) => {
    const end = placeIn(grid.parentElement, event);
    if (!box && Math.hypot(end.x - start.x, end.y - start.y) < DRAG_PX) return;
    box ??= addBox(grid.parentElement, down.pointerId);
    const [left, right] = [start.x, end.x].sort((a, b) => a - b);
    const [top, bottom] = [start.y, end.y].sort((a, b) => a - b);
    box.style.inset = `${top}px auto auto ${left}px`;
    box.style.width = `${right - left}px`;
    box.style.height = `${bottom - top}px`;
    grid.selected = new Set([...before, ...touched(grid, { left, right, top, bottom })]);
    paintSelection(grid);
  };
  const end = () => {
    ending.abort();
    if (!box) return;
    box.remove();
    report(grid);
  };
  addEventListener("pointermove", move, { signal: ending.signal });
  addEventListener("pointerup", end, { signal: ending.signal });
  addEventListener("pointercancel", end, { signal: ending.signal });
}

function placeIn(frame, event) {
  const area = frame.getBoundingClientRect();
  return { x: event.clientX - area.x, y: event.clientY - area.y };
}

function addBox(frame, pointerId) {
  const box = makeLine("box", "");
  frame.append(box);
  // From now on, the click belongs to the frame and not to a tile.
  frame.setPointerCapture(pointerId);
  return box;
}

// Returns the positions of the tiles that an area of the frame touches.
function touched(grid, { left, right, top, bottom }) {
  return [...grid.children].flatMap((tile, index) => {
    const isBeside = tile.offsetLeft > right || tile.offsetLeft + tile.offsetWidth < left;
    const isAboveOrBelow = tile.offsetTop > bottom || tile.offsetTop + tile.offsetHeight < top;
    return isBeside || isAboveOrBelow ? [] : [index];
  });
}

function onKey(event, grid) {
  const tiles = [...grid.children];
  const here = tiles.indexOf(event.target);
  const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const turns = { PageUp: -1, PageDown: 1 };
  const next = here + steps[event.key];
  if (event.key in steps && event.shiftKey && grid.version && tiles[next]) extend(grid, here, next);
  if (event.key in steps) tiles[next]?.focus();
  else if (event.key in turns) grid.setTriggerValue("turned", turns[event.key]);
  else if (!grid.version || !selectByKey(event, grid, here)) return;
  event.preventDefault();
  // Elsewhere on the page the same keys do other things.
  event.stopPropagation();
}

function extend(grid, here, next) {
  if (!grid.selected.has(grid.anchor)) grid.anchor = here;
  select(grid, next, true);
}

// Returns whether the key selects something.
function selectByKey(event, grid, here) {
  if (event.key === " ") select(grid, here, event.shiftKey);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) selectPage(grid, true);
  else if (event.key === "Escape" && grid.selected.size > 0) selectPage(grid, false);
  else return false;
  return true;
}

function selectPage(grid, isSelected) {
  grid.selected = new Set(isSelected ? [...grid.children].keys() : []);
  report(grid);
}
