// Draws a grid of thumbnails. Streamlit calls the default export whenever the photos change.
//
// Each tile is a button, which screen readers and the keyboard can reach: the arrow keys move, Enter
// opens, Page Up and Page Down turn the page. When the dialog of the opened photo closes, its tile
// has the focus again.

const DIALOG = '[role="dialog"]';
const DIALOG_OPENS_WITHIN_MS = 10_000;

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
  grid.onkeydown = (event) => onKey(event, grid);
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
  tile.setAttribute("aria-label", [name, note, mark].filter(Boolean).join(", "));
  if (current) tile.setAttribute("aria-current", "true");
  tile.title = name;
  tile.onclick = () => {
    returnFocusAfterDialog(grid, index);
    grid.setTriggerValue("opened", index);
  };
  tile.append(makePicture(src));
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

function onKey(event, grid) {
  const tiles = [...grid.children];
  const here = tiles.indexOf(event.target);
  const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const turns = { PageUp: -1, PageDown: 1 };
  if (event.key in steps) tiles[here + steps[event.key]]?.focus();
  else if (event.key in turns) grid.setTriggerValue("turned", turns[event.key]);
  else return;
  event.preventDefault();
  // Elsewhere on the page the same keys do other things.
  event.stopPropagation();
}
