// Draws a confusion matrix: a table with a button in each cell. Streamlit calls the default export
// whenever the counts or the chosen cell change; the nodes stay, so that the focus does.

const LONGEST = 14; // characters of a class' name in one line

export default function ({ data, parentElement, setTriggerValue }) {
  let table = parentElement.querySelector("table");
  const classes = JSON.stringify(data.classes);
  if (table?.dataset.classes !== classes) {
    table?.remove();
    table = addTable(parentElement, data);
    table.dataset.classes = classes;
  }
  table.setAttribute("aria-label", `Confusion matrix of ${data.name}`);
  const buttons = [...table.querySelectorAll("button")];
  const cells = data.rows.flatMap(({ truth, plural, cells }) => cells.map((cell) => ({ truth, plural, ...cell })));
  cells.forEach((cell, index) => fill(buttons[index], cell, data.clickable, setTriggerValue));
}

function addTable(parentElement, { classes, rows }) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(document.createElement("td"), ...classes.map((name) => title("col", `said ${name}`)));
  const longest = Math.max(...rows.map(({ plural }) => plural.length));
  table.style.setProperty("--longest", `${Math.min(longest, LONGEST)}ch`);
  const body = table.createTBody();
  for (const { plural, cells } of rows) {
    const row = body.insertRow();
    row.append(title("row", plural));
    for (const _ of cells) row.insertCell().append(makeButton());
  }
  return parentElement.appendChild(table);
}

function title(scope, text) {
  const node = document.createElement("th");
  node.scope = scope;
  node.textContent = text;
  return node;
}

function makeButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("strong"), document.createElement("span"));
  return button;
}

function fill(button, { truth, plural, said, count, percent, share, chosen }, clickable, setTriggerValue) {
  const [strong, small] = button.children;
  strong.textContent = `${count} ${truth === said ? "✓" : "✗"}`;
  small.textContent = percent;
  button.disabled = !clickable;
  button.setAttribute("aria-label", `${plural} called ${said}: ${count}, ${percent}`);
  button.setAttribute("aria-pressed", String(chosen));
  button.style.setProperty("--share", `${Math.round(share * 100)}%`);
  button.onclick = () => setTriggerValue("cell", [truth, said]);
}
