// The live camera of the app: each frame is answered here, and none leaves this page.
import { unpacked } from "./gzip.js";
import { draw } from "./heatmap.js";
import { networkOf, start } from "./network.js";
import { resized } from "./resizing.js";
import { capital, headline, labelOf, REASON } from "./wording.js";

// On a phone the camera at the back, which looks away from the user. Larger frames only take longer.
const WANTED = { video: { facingMode: "environment", width: { ideal: 640 }, height: { ideal: 480 } } };
const PACE_OVER_MS = 2000;
const SPEAK_EVERY_MS = 2000;
const RETRY_AFTER_MS = 500;
const JPEG_QUALITY = 0.95;
const REFUSALS = {
  NotAllowedError: "The browser does not allow this page to use the camera. Allow it in the browser's settings for this page, then open the camera again.",
  NotFoundError: "No camera was found. Connect one, then open the camera again.",
  NotReadableError: "The camera cannot be opened. Close other programs that use it, then open the camera again.",
};
const MARKUP = `<div class="stage" hidden><video autoplay muted playsinline aria-label="Live picture of the camera"></video><canvas></canvas></div>
<p class="status" role="status">Asking for the camera…</p><p class="spoken" role="status"></p>
<div class="answer" hidden><p class="label"></p>
<p class="bar"><span></span><meter min="0" max="1"></meter><span></span></p>
<p class="reason" hidden>${REASON}</p>
<p class="pace"></p></div>
<div class="controls" hidden><button type="button"></button>
<label><input type="checkbox"> Heat map</label></div>`;
let litert;
let loaded = { key: "", networks: Promise.resolve([]) };

/**
 * Show the camera in `parent`; return {close}.
 *
 * `data` has the addresses of the WebAssembly and of each network's settings, model and references. The first network
 * answers, and the one with references judges "neither". `keep` gets a frame as a JPEG file.
 */
export function open(parent, data, keep) {
  const view = document.createElement("div");
  view.className = "camera";
  view.innerHTML = MARKUP;
  parent.append(view);
  const parts = Object.fromEntries(
    ["stage", "video", "canvas", "status", "spoken", "answer", "label", "meter", "bar", "reason", "pace", "controls", "button", "input"].map((name) => [
      name,
      view.querySelector(`.${name}`) ?? view.querySelector(name),
    ]),
  );
  const session = { parts, isOpen: true, stream: null, times: [], spokenAt: 0 };
  parts.button.textContent = data.keep;
  parts.button.addEventListener("click", async () => keep(await jpegOf(parts.video)));
  run(session, data);
  return {
    close() {
      session.isOpen = false;
      stop(session);
      view.remove();
    },
  };
}

async function run(session, data) {
  if (!(await show(session))) return;
  try {
    say(session, data.problem || (data.networks.length ? "Loading the model…" : "Choose a run in Settings to see answers."));
    if (!data.networks.length) return;
    const networks = await networksOf(data);
    say(session, "");
    session.parts.answer.hidden = false;
    while (session.isOpen) await answerNext(session, networks);
  } catch (error) {
    say(session, `The model cannot run in this browser: ${error.message ?? error}. You can still keep a frame.`);
  }
}

// Start the camera; return whether there is a picture.
async function show(session) {
  const { video, stage, controls } = session.parts;
  if (!navigator.mediaDevices?.getUserMedia) {
    say(session, "Browsers allow a camera only at http://localhost or over https. Open the app at one of these.");
    return false;
  }
  try {
    session.stream = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    say(session, REFUSALS[error.name] ?? `The camera cannot be opened: ${error.message}.`);
    return false;
  }
  if (!session.isOpen) return stop(session); // Closed while the browser asked.
  session.stream.getVideoTracks()[0].addEventListener("ended", () => {
    say(session, "The camera was disconnected. Connect it, then open the camera again.");
    session.isOpen = false;
  });
  video.srcObject = session.stream;
  await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
  stage.hidden = controls.hidden = false;
  return true;
}

function stop({ stream }) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  return false;
}

function say({ parts: { status } }, text) {
  status.textContent = text;
}

// Opening the camera again loads nothing. Other networks take the place of these.
async function networksOf({ wasm, networks }) {
  litert ??= forgetting(fetched(wasm).then((response) => unpacked(response.body)).then(start), () => (litert = null));
  await litert;
  const key = JSON.stringify(networks);
  if (key !== loaded.key) {
    loaded.networks.then((all) => all.forEach(({ network }) => network.free()), () => {});
    loaded = { key, networks: forgetting(Promise.all(networks.map(networkAt)), () => (loaded.key = "")) };
  }
  return loaded.networks;
}

function forgetting(promise, forget) {
  promise.catch(forget);
  return promise;
}

async function networkAt({ settings, model, references }) {
  const [run, file, vectors] = await Promise.all([
    fetched(settings).then((response) => response.json()),
    bytesAt(model),
    references && bytesAt(references),
  ]);
  return { run, network: await networkOf(run, file, vectors) };
}

async function bytesAt(address) {
  return new Uint8Array(await (await fetched(address)).arrayBuffer());
}

// The app can remove a file just before the browser requests it, and then serves it again.
async function fetched(address) {
  const url = new URL(address, document.baseURI);
  let response = await fetch(url);
  if (!response.ok) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    response = await fetch(url);
  }
  if (!response.ok) throw new Error(`the app answered ${response.status} for ${url.pathname}`);
  return response;
}

async function answerNext(session, networks) {
  const { video } = session.parts;
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  if (!session.isOpen) return;
  const frame = pictureOf(video);
  const answers = [];
  for (const { run, network } of networks) answers.push(await network.answer(resized(frame, run.side)));
  const verdict = answers.find((one) => one.verdict)?.verdict ?? null;
  if (session.isOpen) tell(session, { ...answers[0], verdict }, networks[0].run);
}

function pictureOf(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const context = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
  context.drawImage(video, 0, 0);
  return { pixels: context.getImageData(0, 0, width, height).data, width, height };
}

function tell(session, answer, terms) {
  const { label, meter, bar, reason, pace, canvas, input, video } = session.parts;
  const now = performance.now();
  session.times = [...session.times.filter((time) => time > now - PACE_OVER_MS), now];
  label.textContent = headline(answer, terms);
  [...bar.querySelectorAll("span")].forEach((one, at) => (one.textContent = capital(terms.classes[at])));
  meter.setAttribute("aria-label", `P(${terms.classes[1]})`);
  meter.value = answer.calibrated_p_dog;
  bar.hidden = labelOf(answer, terms) === "neither";
  reason.hidden = !bar.hidden;
  const [first] = session.times;
  if (now > first) pace.textContent = `${(((session.times.length - 1) * 1000) / (now - first)).toFixed(0)} answers a second`;
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  if (input.checked) draw(canvas.getContext("2d"), answer.heatmap, Number(answer.calibrated_p_dog >= terms.threshold), canvas);
  speak(session, labelOf(answer, terms), now);
}

// Screen readers hear a new label, but not each frame's.
function speak(session, text, now) {
  const { spoken } = session.parts;
  if (text === spoken.textContent || now < session.spokenAt + SPEAK_EVERY_MS) return;
  session.spokenAt = now;
  spoken.textContent = text;
}

async function jpegOf(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
  return new File([blob], `camera-${time}.jpg`, { type: blob.type });
}
