// Gives files to a file uploader of the page, as if they had been dropped there: the beginning of
// paste.js and live_camera.js.

function give(uploader, files) {
  const input = document.querySelector(`.st-key-${uploader} input[type=file]`);
  if (!input || !files.length) return false;
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

