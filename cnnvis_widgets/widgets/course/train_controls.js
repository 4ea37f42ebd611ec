/** Start and stop a training; see train_controls.py. */
import { errorLine, h, listen, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "train", signal);
  const choose = chooser(model);
  const box = h("input", { type: "checkbox" });
  const label = h("label", {}, box, " snow under one class only (a training set that invites cheating)");
  const press = h("button", { type: "button", class: "cnnvis-train-press" });
  const bar = h("progress", { max: 1, "aria-label": "Training" });
  const status = h("p", { class: "cnnvis-train-status", role: "status" });
  field.append(h("div", { class: "cnnvis-scene-line" }, press, label, bar), status);
  watch(signal, model, ["cheating", "running", "share", "status"], () => {
    const running = model.get("running");
    box.checked = model.get("cheating");
    box.disabled = running;
    press.textContent = running ? "Stop" : "Train a new network";
    bar.hidden = !running;
    bar.value = model.get("share");
    if (status.textContent !== model.get("status")) status.textContent = model.get("status");
  });
  listen(signal, box, "change", () => choose("cheating", box.checked));
  listen(signal, press, "click", () => model.send({ kind: "press" }));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
