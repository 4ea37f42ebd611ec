/** Rows of networks; see network_picker.py. */
import { errorLine, h, watch } from "../toolkit/base.js";
import { choices, frame } from "../toolkit/control.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "networks", signal);
  const list = h("div", { class: "cnnvis-rows", role: "listbox" });
  const loading = h("p", { class: "cnnvis-hint cnnvis-loading", "aria-hidden": "true" });
  // The running seconds are for the eye; a screen reader hears of the work once.
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  body.append(list, loading, spoken);

  choices(
    model,
    list,
    {
      traits: ["networks"],
      records: () => model.get("networks"),
      key: "name",
      why: (network) => !network.available && (network.why || "not available"),
      draw: (network) => [
        h("span", { class: "cnnvis-title" }, network.title || network.name),
        h("span", { class: "cnnvis-note" }, network.note),
        h("span", { class: "cnnvis-why", hidden: network.available }, network.why || "not available"),
      ],
    },
    signal,
  );

  watch(signal, model, ["loading"], () => {
    const text = model.get("loading");
    loading.textContent = text;
    loading.hidden = !text;
    const announcement = text.replace(/[\d.,]+ ?\w*\s*$/, "").trim();
    if (spoken.textContent !== announcement) spoken.textContent = announcement;
  });
  errorLine(model, body, signal);
  return () => undo.abort();
}
export default { render };
