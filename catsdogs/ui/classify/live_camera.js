// Loads the live camera from the app when it is opened. A frame that the user keeps takes the way
// of an upload; no other frame leaves the browser.

export default function ({ data, parentElement }) {
  const wanted = JSON.stringify(data);
  if (parentElement.wanted === wanted) return parentElement.closeCamera;
  parentElement.closeCamera?.();
  parentElement.wanted = wanted;
  const opened = load(parentElement, data, (frame) => give(data.uploader, [frame]));
  parentElement.closeCamera = () => {
    parentElement.wanted = "";
    opened.then((camera) => camera?.close());
  };
  return parentElement.closeCamera;
}

async function load(parentElement, data, keep) {
  try {
    const { open } = await import(new URL(data.script, document.baseURI));
    return open(parentElement, data, keep);
  } catch (error) {
    parentElement.append(`The camera cannot be opened: ${error.message}. Reload the page.`);
  }
}
