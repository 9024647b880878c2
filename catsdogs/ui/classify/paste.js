// Gives a pasted picture to the file uploader of the page, as if it had been dropped there. The
// button reads the clipboard where the browser allows it; Ctrl+V works everywhere on the page.

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button") ?? addButton(parentElement);
  button.title = data.hint;
  button.onclick = async () => give(data.uploader, await clipboardFiles(button, data.hint));
  document.removeEventListener("paste", parentElement.onPasted);
  parentElement.onPasted = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && give(data.uploader, files)) event.preventDefault();
  };
  document.addEventListener("paste", parentElement.onPasted);
  return () => document.removeEventListener("paste", parentElement.onPasted);
}

function addButton(parentElement) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Paste";
  return parentElement.appendChild(button);
}

async function clipboardFiles(button, hint) {
  const files = [];
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((name) => name.startsWith("image/"));
      if (!type) continue;
      const extension = type.slice("image/".length);
      files.push(new File([await item.getType(type)], `pasted.${extension}`, { type }));
    }
  } catch {
    // Not allowed here: the keyboard still works.
  }
  button.textContent = files.length ? "Paste" : hint;
  return files;
}
