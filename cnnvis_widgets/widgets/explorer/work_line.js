// The work under way: its text, its seconds, and a button that stops it.
import { h, listen, watch } from "../toolkit/base.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const QUIET_MS = 500; // answers that come sooner are not announced

/**
 * @param {Model} model with `working` and `partial`; is sent "cancel"
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function workLine(model, signal) {
  const text = h("span", { role: "status" });
  const stop = h("button", { type: "button" }, "Cancel");
  const work = h("div", { class: "cnnvis-header-work", hidden: true }, text, stop);
  listen(signal, stop, "click", () => model.send({ kind: "cancel" }));
  let [since, timer] = [0, 0];
  const tick = () => {
    const seconds = (performance.now() - since) / 1000;
    work.hidden = seconds * 1000 < QUIET_MS;
    text.textContent = `${model.get("working")} … ${seconds.toFixed(0)} s`;
  };
  watch(signal, model, ["working"], () => {
    clearInterval(timer);
    timer = 0;
    if (!model.get("working")) {
      work.hidden = true;
      return;
    }
    since = performance.now();
    timer = window.setInterval(tick, 250);
  });
  watch(signal, model, ["partial"], () => {
    stop.textContent = model.get("partial") ? "Stop here" : "Cancel";
  });
  signal.addEventListener("abort", () => clearInterval(timer));
  return work;
}
