// Draws a grid of thumbnails. Streamlit calls the default export whenever the photos change.
//
// Each tile is a button, which screen readers and the keyboard can reach: the arrow keys move, Enter
// opens, Page Up and Page Down turn the page.

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid") ?? addGrid(parentElement);
  const hadFocus = parentElement.activeElement?.closest?.(".grid") ? grid.focused : -1;
  grid.replaceChildren(...data.map((tile, index) => makeTile(tile, index, setTriggerValue)));
  grid.onfocusin = (event) => {
    grid.focused = [...grid.children].indexOf(event.target);
  };
  grid.onkeydown = (event) => onKey(event, grid, setTriggerValue);
  if (hadFocus >= 0) grid.children[Math.min(hadFocus, grid.children.length - 1)]?.focus();
}

function addGrid(parentElement) {
  const grid = document.createElement("div");
  grid.className = "grid";
  return parentElement.appendChild(grid);
}

function makeTile({ name, note, faded, jpeg }, index, setTriggerValue) {
  const tile = document.createElement("button");
  tile.type = "button";
  tile.className = faded ? "tile faded" : "tile";
  tile.setAttribute("aria-label", `${name}, ${note}`);
  tile.onclick = () => setTriggerValue("opened", index);
  tile.append(makePicture(jpeg), makeLine("name", name), makeLine("note", note));
  return tile;
}

function makePicture(jpeg) {
  if (!jpeg) return makeLine("missing", "cannot be shown");
  const picture = document.createElement("img");
  picture.alt = "";
  picture.src = `data:image/jpeg;base64,${jpeg}`;
  return picture;
}

function makeLine(className, text) {
  const line = document.createElement("span");
  line.className = className;
  line.textContent = text;
  line.title = text;
  return line;
}

function onKey(event, grid, setTriggerValue) {
  const tiles = [...grid.children];
  const here = tiles.indexOf(event.target);
  const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const turns = { PageUp: -1, PageDown: 1 };
  if (event.key in steps) tiles[here + steps[event.key]]?.focus();
  else if (event.key in turns) setTriggerValue("turned", turns[event.key]);
  else return;
  event.preventDefault();
  // Elsewhere on the page the same keys do other things.
  event.stopPropagation();
}
