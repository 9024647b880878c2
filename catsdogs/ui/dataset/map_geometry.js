// Positions on the map, and the point or the shape near them: the beginning of photo_map.js.
//
// Positions are shares of the map's width and height, from 0 to 1, with y upwards; "pixels" are CSS
// pixels with y downwards.

const MARGIN = 1.06; // Points on the very edge are drawn whole.
const NEAR_PX = 10; // The reach of the mouse to a point.
const SMOOTH_PX = 2; // How far a simplified lasso may be from the drawn one.

function place({ places }, index) {
  return [places[2 * index] / 65535, places[2 * index + 1] / 65535];
}

function pixel({ clientWidth: width, clientHeight: height }, { x, y, zoom }, atX, atY) {
  const scale = zoom / MARGIN;
  return [((atX - x) * scale + 0.5) * width, (0.5 - (atY - y) * scale) * height];
}

function position({ clientWidth: width, clientHeight: height }, { x, y, zoom }, [left, top]) {
  const scale = MARGIN / zoom;
  return [x + (left / width - 0.5) * scale, y + (0.5 - top / height) * scale];
}

function within(share) {
  return Math.min(Math.max(share, 0), 1);
}

// Returns the index of the point nearest to a pixel, of those that the filter finds if there is one
// in reach; -1 for none.
function nearest({ canvas, view, data }, at) {
  const [x, y] = position(canvas, view, at);
  const across = ((canvas.clientWidth * view.zoom) / MARGIN / 65535) ** 2;
  const down = ((canvas.clientHeight * view.zoom) / MARGIN / 65535) ** 2;
  let [best, least] = [-1, 2 * NEAR_PX ** 2];
  for (let index = 0; index < data.count; index++) {
    const dx = data.places[2 * index] - x * 65535;
    const dy = data.places[2 * index + 1] - y * 65535;
    const distance = dx * dx * across + dy * dy * down;
    const handicap = data.found[index] ? 0 : NEAR_PX ** 2;
    if (distance <= NEAR_PX ** 2 && distance + handicap < least) [best, least] = [index, distance + handicap];
  }
  return best;
}

// Leaves out the corners that are near the line between others (Douglas and Peucker, 1973).
function simplified(points) {
  if (points.length < 3) return points;
  const [[x0, y0], [x1, y1]] = [points[0], points.at(-1)];
  const length = Math.hypot(x1 - x0, y1 - y0);
  const away = points.map(([x, y]) =>
    length ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length : Math.hypot(x - x0, y - y0),
  );
  const far = away.indexOf(Math.max(...away));
  if (away[far] <= SMOOTH_PX) return [points[0], points.at(-1)];
  return [...simplified(points.slice(0, far + 1)).slice(0, -1), ...simplified(points.slice(far))];
}
