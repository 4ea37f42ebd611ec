// A link as a QR code, as large as the window: for those who see it on a projector.
import { h, listen } from "../toolkit/base.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const HERE = /^(localhost|127\.|\[::1\])/;

/**
 * A button that shows the address as a QR code.
 * @param {Model} model is sent "qr" with the address, and answers with an SVG file
 * @param {() => string} address
 * @param {AbortSignal} signal
 * @returns {HTMLElement[]} the button and the dialog
 */
export function qrButton(model, address, signal) {
  const button = h("button", { type: "button", class: "cnnvis-bar-share" }, "QR code");
  const image = h("img", { alt: "QR code of the link" });
  const text = h("p", { class: "cnnvis-qr-address" });
  const only = h("p", { class: "cnnvis-qr-only" });
  const close = h("button", { type: "button" }, "Close");
  const dialog = h(
    "dialog",
    { class: "cnnvis-qr", "aria-label": "Link as a QR code" },
    image,
    text,
    only,
    close,
  );
  listen(signal, button, "click", () => model.send({ kind: "qr", address: address() }));
  listen(signal, close, "click", () => dialog.close());
  listen(signal, dialog, "click", (event) => {
    if (event.target === dialog) dialog.close(); // beside what it shows
  });
  /** @param {{kind: string, svg: string, address: string}} message */
  const answered = (message) => {
    if (message.kind !== "qr") return;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(message.svg)}`;
    text.textContent = message.address;
    only.textContent = HERE.test(new URL(message.address).host)
      ? "This address works on this computer only."
      : "";
    if (!dialog.open) dialog.showModal();
  };
  model.on("msg:custom", answered);
  signal.addEventListener("abort", () => model.off("msg:custom", answered));
  return [button, dialog];
}
