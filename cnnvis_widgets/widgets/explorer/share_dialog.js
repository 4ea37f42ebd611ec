// A link as a QR code as large as the window, with choices of what its page locks and hides.
import { h, listen } from "../toolkit/base.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const HERE = /^(localhost|127\.|\[::1\])/;
const LONGEST = 1500; // characters, as in qr_code.py
const FIXED = ["Network", "Picture", "Layer", "Neuron", "Method", "Parameters"];
const HIDDEN = ["Title", "Classes", "Trust", "Tools", "Code"];

/**
 * A button that shows the address as a QR code.
 * @param {Model} model is sent "qr" with the address, and answers with an SVG file
 * @param {() => string} address
 * @param {AbortSignal} signal
 * @returns {HTMLElement[]} the button and the dialog
 */
export function shareDialog(model, address, signal) {
  const button = h("button", { type: "button", class: "cnnvis-bar-share" }, "QR code");
  const image = h("img", { alt: "QR code of the link" });
  const text = h("p", { class: "cnnvis-qr-address", tabindex: "0", translate: "no" });
  const only = h("p", { class: "cnnvis-qr-only" });
  const lacks = h("p", { class: "cnnvis-qr-lacks" });
  const copy = h("button", { type: "button" }, "Copy link");
  const close = h("button", { type: "button" }, "Close");
  const groups = { fixed: boxes("Fixed", FIXED), hidden: boxes("Hidden", HIDDEN) };
  const forClass = h(
    "details",
    { class: "cnnvis-qr-class" },
    h("summary", {}, "For a class: what students cannot change, or do not see"),
    groups.fixed,
    groups.hidden,
  );
  const dialog = h(
    "dialog",
    { class: "cnnvis-qr", "aria-label": "Link as a QR code" },
    image,
    text,
    only,
    lacks,
    forClass,
    h("div", { class: "cnnvis-qr-actions" }, copy, close),
  );
  let shortened = false;
  const ask = () => {
    const url = new URL(address());
    for (const [name, group] of Object.entries(groups)) {
      const names = inputs(group).flatMap((box) => (box.checked ? [box.value] : []));
      if (names.length) url.searchParams.set(name, names.join(","));
      else url.searchParams.delete(name);
    }
    shortened = url.href.length > LONGEST && url.searchParams.has("kept");
    if (shortened) url.searchParams.delete("kept");
    const plain = { "%2C": ",", "%21": "!", "%3B": ";", "%3D": "=" }; // as the address has them
    let href = url.href;
    for (const [escaped, letter] of Object.entries(plain)) href = href.replaceAll(escaped, letter);
    model.send({ kind: "qr", address: href });
  };
  listen(signal, button, "click", () => {
    for (const [name, group] of Object.entries(groups)) {
      for (const box of inputs(group)) box.checked = model.get(name).includes(box.value);
    }
    ask();
  });
  listen(signal, forClass, "change", ask);
  listen(signal, copy, "click", async () => {
    await navigator.clipboard.writeText(text.textContent ?? "");
    copy.textContent = "Copied";
    window.setTimeout(() => (copy.textContent = "Copy link"), 2000);
  });
  listen(signal, close, "click", () => dialog.close());
  listen(signal, dialog, "click", (event) => {
    if (event.target === dialog) dialog.close(); // a click on the backdrop
  });
  /** @param {{kind: string, svg: string, address: string}} message */
  const answered = (message) => {
    if (message.kind !== "qr") return;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(message.svg)}`;
    text.textContent = message.address;
    only.textContent = HERE.test(new URL(message.address).host)
      ? "This address works on this computer only."
      : "";
    const notes = [...model.get("lacks")];
    if (shortened) notes.push("The kept maps are left out: the code would be too fine to be photographed.");
    lacks.replaceChildren(...notes.map((one) => h("span", {}, one)));
    lacks.hidden = !notes.length;
    if (!dialog.open) dialog.showModal();
  };
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => model.off("msg:custom", answered));
  return [button, dialog];
}

/** @param {string} title @param {string[]} names */
function boxes(title, names) {
  const entries = names.map((name) =>
    h("label", {}, h("input", { type: "checkbox", value: name.toLowerCase() }), ` ${name}`),
  );
  return h("fieldset", {}, h("legend", {}, title), ...entries);
}

/** @param {HTMLElement} group @returns {HTMLInputElement[]} */
function inputs(group) {
  return [...group.querySelectorAll("input")];
}
