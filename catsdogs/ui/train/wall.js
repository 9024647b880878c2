// Draws the wall: photos with an answer each, and a slider through the epochs.
//
// Streamlit calls the default export with new data after each epoch. The photos keep their nodes, so
// that only an answer that changed moves.

const HISTORY = 12; // Epochs that the dots below a photo show.

export default function ({ data, parentElement }) {
  const wall = parentElement.querySelector(".wall") ?? addWall(parentElement);
  const follows = Number(wall.slider.value) >= Number(wall.slider.max);
  wall.newest = data;
  placePhotos(wall, data.photos);
  wall.slider.max = Math.max(data.epochs.length - 1, 0);
  if (follows) wall.slider.value = wall.slider.max;
  wall.slider.hidden = data.epochs.length < 2;
  drawAnswers(wall);
}

function addWall(parentElement) {
  const wall = addTo(parentElement, "div", "wall");
  addTo(wall, "p", "title").textContent = "Validation photos";
  wall.heading = addTo(wall, "p", "heading");
  wall.grid = addTo(wall, "ul", "grid");
  wall.slider = addTo(wall, "input", "slider");
  Object.assign(wall.slider, { type: "range", min: 0, max: 0, value: 0 });
  wall.slider.setAttribute("aria-label", "Epoch of the answers");
  wall.slider.oninput = () => drawAnswers(wall);
  return wall;
}

function placePhotos(wall, photos) {
  const content = JSON.stringify(photos);
  if (wall.content === content) return;
  wall.content = content;
  wall.grid.replaceChildren();
  for (const { label, alt, src } of photos) {
    const tile = addTo(wall.grid, "li", "tile");
    if (src) Object.assign(addTo(tile, "img", ""), { src, alt });
    else addTo(tile, "span", "missing").textContent = label;
    tile.mark = addTo(tile, "span", "mark");
    tile.answer = addTo(tile, "span", "answer");
    tile.history = addTo(tile, "span", "history");
    tile.history.setAttribute("aria-hidden", "true");
  }
}

function drawAnswers({ newest, grid, heading, slider }) {
  const { photos, epochs, classes, positive } = newest;
  const at = Number(slider.value);
  const said = (p) => classes[Number(p >= 0.5)];
  const isRight = (epoch, index) => said(positive[epoch][index]) === photos[index].label;
  if (!epochs.length) {
    heading.textContent = "answers come after the first epoch";
    return;
  }
  const right = photos.filter((_, index) => isRight(at, index)).length;
  heading.textContent = `after epoch ${epochs[at]}: ${right} of ${photos.length} right`;
  slider.setAttribute("aria-valuetext", heading.textContent);
  [...grid.children].forEach((tile, index) => {
    drawAnswer(tile, said(positive[at][index]), positive[at][index], isRight(at, index));
    const shown = epochs.map((_, epoch) => epoch).slice(Math.max(0, at + 1 - HISTORY), at + 1);
    tile.history.replaceChildren(
      ...shown.map((epoch) => {
        const dot = document.createElement("i");
        dot.className = isRight(epoch, index) ? "right" : "wrong";
        return dot;
      }),
    );
  });
}

function drawAnswer(tile, said, p, isRight) {
  const state = isRight ? "right" : "wrong";
  tile.answer.textContent = `${said} ${percent(Math.max(p, 1 - p))}`;
  tile.mark.textContent = isRight ? "✓" : "✗";
  tile.mark.title = state;
  if (tile.dataset.state && tile.dataset.state !== state) flip(tile);
  tile.dataset.state = state;
}

function flip(tile) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  tile.animate([{ transform: "rotateY(90deg)" }, { transform: "none" }], { duration: 450 });
}

function percent(share) {
  const text = Math.min(100 * share, 99.9).toFixed(1);
  return `${text}\u00a0%`;
}

function addTo(parent, name, className) {
  const node = document.createElement(name);
  node.className = className;
  return parent.appendChild(node);
}
