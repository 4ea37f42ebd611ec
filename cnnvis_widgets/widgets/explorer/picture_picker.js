/** Thumbnails and an upload; see picture_picker.py. */
import { errorLine, h, listen, send, uniqueId, useUp, watch } from "../toolkit/base.js";
import { choices, frame } from "../toolkit/control.js";
import { pen } from "../toolkit/pixels.js";
import { textOf } from "../toolkit/png_text.js";
import { camera } from "./camera.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const LONGER_SIDE = 1024; // pixels
const AS_IT_IS = 8 * 1024 * 1024; // bytes; a message over 10 MB would end the connection
const COMFORTABLE = 4 * 1024 * 1024;
const NETWORK = /\.(keras|h5|hdf5)$/i;

/**
 * Make a picture file small enough to be sent. Where the browser cannot open it, the file itself is
 * returned, for Python to say what is wrong.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (file.size <= AS_IT_IS) return file;
    throw new Error(
      `${file.name} is ${megabytes(file.size)} and not a picture that this browser can open. ` +
        "JPEG, PNG and WebP of any size can be opened, other files up to 8 MB.",
    );
  }
  let scale = Math.min(1, LONGER_SIDE / Math.max(bitmap.width, bitmap.height));
  // A small file of a format that every decoder knows is sent as it is: not one value changes.
  const decodable = file.type === "image/png" || file.type === "image/jpeg";
  if (scale === 1 && decodable && file.size <= COMFORTABLE) return file;
  for (;;) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = pen(canvas);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const transparent = hasTransparency(context);
    const type = transparent || scale === 1 ? "image/png" : "image/jpeg";
    /** @param {string} kind @returns {Promise<Blob | null>} */
    const fileOf = (kind) => new Promise((done) => canvas.toBlob(done, kind, 0.92));
    let blob = await fileOf(type);
    if (blob && blob.size > COMFORTABLE && !transparent) {
      blob = await fileOf("image/jpeg");
    }
    if (!blob) throw new Error(`${file.name} could not be made smaller by this browser.`);
    if (blob.size <= COMFORTABLE) {
      bitmap.close();
      return blob;
    }
    scale *= 0.7;
  }
}

function hasTransparency(context) {
  const { data } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return true;
  return false;
}

function megabytes(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * The state in a picture saved by an explorer: its text, and the visitor's own picture.
 * @param {File} file
 */
async function explanationIn(file) {
  if (file.type !== "image/png") return null;
  const text = textOf(new Uint8Array(await file.arrayBuffer()), "cnnvis");
  if (text === null) return null;
  try {
    const { picture = "", ...state } = JSON.parse(text);
    return {
      text: JSON.stringify(state),
      picture: Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)).buffer,
    };
  } catch {
    return null; // a picture like any other
  }
}

/** The first picture among what was dropped or pasted. */
function pictureIn(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.find((file) => file.type.startsWith("image/")) ?? files[0];
}

/**
 * The upload button, with the state of an upload.
 * @param {Model} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function uploading(model, root, signal) {
  const input = h("input", { type: "file", accept: "image/*", hidden: true, tabindex: "-1" });
  const button = h(
    "button",
    { type: "button", class: "cnnvis-upload", onclick: () => input.click() },
    "Upload a picture…",
  );
  const status = h("span", { class: "cnnvis-hint", role: "status" });
  const photo = camera(
    (file) => take(file),
    (message) => send(model, "error", message),
    signal,
  );
  const bar = h("div", { class: "cnnvis-uploads" }, input, button, photo.button, status, photo.view);
  const invitation = "or drop one here, or paste it";
  let pending = "";
  let patience = 0;

  const rest = () => {
    clearTimeout(patience);
    pending = "";
    input.value = "";
    status.textContent = invitation;
    root.classList.remove("cnnvis-sending");
    button.disabled = false;
  };
  /** @param {File | undefined} file */
  const take = async (file) => {
    if (!file || pending || model.get("disabled")) return;
    const id = (pending = uniqueId());
    root.classList.add("cnnvis-sending");
    button.disabled = true;
    send(model, "error", "");
    try {
      status.textContent = `making ${file.name} ready…`;
      const saved = model.get("_opens") ? await explanationIn(file) : null;
      const bytes = saved?.picture ?? (await (await shrink(file)).arrayBuffer());
      if (signal.aborted) return;
      status.textContent = saved ? "opening the explanation…" : `sending ${megabytes(bytes.byteLength)}…`;
      const what = saved ? { kind: "explanation", text: saved.text } : { kind: "upload" };
      model.send({ ...what, id, filename: file.name }, undefined, [bytes]);
      patience = window.setTimeout(() => {
        rest();
        send(model, "error", `No answer came for ${file.name} within a minute. Is the kernel still there?`);
      }, 60_000);
    } catch (error) {
      rest();
      send(model, "error", error instanceof Error ? error.message : String(error));
    }
  };
  /** @param {{kind: string, id: string}} message */
  const answered = (message) => {
    if (message.kind === "uploaded" && message.id === pending) rest();
  };
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => {
    clearTimeout(patience);
    model.off("msg:custom", answered);
  });

  listen(signal, input, "change", () => take(input.files?.[0]));
  droppedAndPasted(model, root, take, signal);
  watch(signal, model, ["_takes_uploads"], () => {
    bar.hidden = !model.get("_takes_uploads");
  });
  rest();
  return bar;
}

/**
 * Accept a picture that is pasted, or dropped on the picker or anywhere on its explorer.
 * @param {Model} model
 * @param {HTMLElement} root
 * @param {(file: File) => void} take
 * @param {AbortSignal} signal
 */
function droppedAndPasted(model, root, take, signal) {
  const open = () => model.get("_takes_uploads") && !model.get("disabled");
  const around = () => root.closest(".cnnvis-explorer") ?? root;
  let depth = 0; // dragenter and dragleave also come from the children
  /** @param {number} change */
  const light = (change) => {
    depth = Math.max(0, change ? depth + change : 0);
    around().classList.toggle("cnnvis-dropping", depth > 0);
  };
  for (const [name, action] of Object.entries({
    dragenter: () => light(1),
    dragover: () => {},
    dragleave: () => light(-1),
    drop: (/** @type {DragEvent} */ event) => {
      light(0);
      const file = pictureIn(event.dataTransfer);
      if (file && NETWORK.test(file.name) && around() !== root) return; // see own_network.js
      if (file) take(file);
      else send(model, "error", "That was not a file. Drop a picture file here.");
    },
  })) {
    listen(signal, document, name, (event) => {
      if (!open() || !(event.target instanceof Node) || !around().contains(event.target)) return;
      useUp(event);
      action(event);
    });
  }
  // A paste goes to whatever has the focus; the picker also takes it while the pointer rests on it.
  listen(signal, document, "paste", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const editing = target.closest?.("input, textarea, [contenteditable]");
    const ours = around().contains(target) || (around().matches(":hover") && !editing);
    const file = pictureIn(event.clipboardData);
    if (!ours || !open()) return;
    if (file) {
      event.preventDefault();
      take(file);
    } else if (!editing) send(model, "error", "There is no picture on the clipboard.");
  });
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "pictures", signal);
  const list = h("div", { class: "cnnvis-cards", role: "radiogroup" });
  body.append(list, uploading(model, body, signal));

  choices(
    model,
    list,
    {
      traits: ["pictures", "_uploads"],
      records: () => [...model.get("pictures"), ...model.get("_uploads")],
      key: "name",
      attributes: (picture) => ({ title: picture.title || picture.name }),
      draw: (picture) => [
        picture.thumbnail
          ? h("img", { src: picture.thumbnail, alt: picture.alt, draggable: "false" })
          : h("span", {
              class: "cnnvis-blank",
              role: picture.alt ? "img" : null,
              "aria-label": picture.alt || null,
            }),
        h("span", { class: "cnnvis-caption" }, picture.title || picture.name),
      ],
    },
    signal,
  );

  errorLine(model, body, signal);
  return () => undo.abort();
}
export default { render };
