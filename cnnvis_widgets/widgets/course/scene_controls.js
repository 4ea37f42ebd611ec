/** A class, another picture of it, and a switch for the shortcut; see scene_controls.py. */
import { errorLine, h, listen, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "scene", signal);
  const choose = chooser(model);
  const list = h("select", { "aria-label": "Class of the picture" });
  const next = h("button", { type: "button" }, "Another picture");
  const number = h("span", { class: "cnnvis-hint", role: "status" });
  const box = h("input", { type: "checkbox" });
  const words = h("span");
  field.append(h("div", { class: "cnnvis-scene-line" }, list, next, h("label", {}, box, words), number));

  watch(signal, model, ["names"], () => {
    list.replaceChildren(...model.get("names").map((name, i) => h("option", { value: i }, name)));
    list.value = String(model.get("chosen"));
  });
  watch(signal, model, ["chosen", "seed", "shortcut", "shortcut_label"], () => {
    list.value = String(model.get("chosen"));
    box.checked = model.get("shortcut");
    words.textContent = ` ${model.get("shortcut_label")}`;
    number.textContent = `picture ${model.get("seed")}`;
  });
  listen(signal, list, "change", () => choose("chosen", Number(list.value)));
  listen(signal, next, "click", () => choose("seed", model.get("seed") + 1));
  listen(signal, box, "change", () => choose("shortcut", box.checked));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
