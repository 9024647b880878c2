// Shows a notification of the browser for each run that has just ended. A button asks for the
// permission: browsers refuse pages that ask without a click.

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button") ?? addButton(parentElement);
  button.textContent = data.ask;
  const canAsk = "Notification" in window && Notification.permission === "default";
  button.hidden = !(canAsk && data.offers);
  button.onclick = async () => {
    await Notification.requestPermission();
    button.hidden = true;
  };
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = (window.catsdogsNotified ??= new Set());
  for (const { id, text } of data.ended) {
    if (shown.has(id)) continue;
    shown.add(id);
    // The tag keeps several tabs from showing it several times.
    new Notification("Cats vs Dogs", { body: text, tag: id });
  }
}

function addButton(parentElement) {
  const button = document.createElement("button");
  button.type = "button";
  return parentElement.appendChild(button);
}
