/** Cards of methods; see method_picker.py. */
import { errorLine, h } from "../toolkit/base.js";
import { choices, frame } from "../toolkit/control.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "methods", signal);
  const list = h("div", { class: "cnnvis-cards", role: "radiogroup" });
  body.append(list);

  choices(
    model,
    list,
    {
      traits: ["methods"],
      records: () => model.get("methods"),
      key: "name",
      why: (method) => !method.suits && (method.why || "does not suit this network"),
      draw: (method) => [
        h("span", { class: "cnnvis-title" }, method.title || method.name),
        h("span", { class: "cnnvis-summary" }, method.summary),
        h("span", { class: "cnnvis-why", hidden: method.suits }, method.why || "does not suit this network"),
      ],
    },
    signal,
  );

  errorLine(model, body, signal);
  return () => undo.abort();
}
export default { render };
