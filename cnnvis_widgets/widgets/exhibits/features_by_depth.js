/** Layers from the first to the last, and what excites their units; see features_by_depth.py. */
const VIEWS = [
  ["patch", "part of the photo", "the part on which the strongest place depends: 95 % of its gradient lies there"],
  ["map", "the unit's map", "its activations over the whole photo"],
  ["gradient", "gradient of the place", "guided backpropagation from the strongest place, in the same part of the photo"],
];
const WORDS = { patch: "the part of the photo on which the place depends", map: "the unit's map over the whole photo", gradient: "the gradient of the place" };

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "features", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "depth" });
  const title = h("p", { class: "cnnvis-features-layer", role: "status" });
  const views = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": "shown" },
    ...VIEWS.map(([key, text, why]) => h("button", { type: "button", role: "radio", "data-key": key, title: why }, text)));
  const units = h("div", { class: "cnnvis-features-units" });
  field.append(
    h("div", { class: "cnnvis-line cnnvis-features-depth" }, h("span", {}, "first layers"), slider, h("span", {}, "last layers")),
    title, h("div", { class: "cnnvis-line" }, views), units,
  );
  /** @type {string[]} */
  let urls = [];
  const draw = () => {
    const floor = get("_floors")[get("depth")];
    if (!floor) return;
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
    slider.max = String(get("_floors").length - 1);
    slider.value = String(get("depth"));
    slider.setAttribute("aria-valuetext", `${floor.layer}. ${floor.note}`);
    title.replaceChildren(h("strong", {}, floor.layer), floor.note ? `  ${floor.note}` : "");
    const view = get("view");
    units.replaceChildren(...floor.units.map(({ unit, excited }) => h("section", { class: "cnnvis-features-unit", "aria-label": `unit ${unit}` },
      h("p", {}, `unit ${unit}`),
      h("div", { class: "cnnvis-features-pictures" }, ...excited.map((one) => {
        const url = URL.createObjectURL(new Blob([one[view]], { type: "image/jpeg" }));
        urls.push(url);
        const [top, left, bottom, right] = one.box;
        const size = `${bottom - top} × ${right - left}`;
        return h("figure", {},
          h("img", { src: url, draggable: "false", alt: `Unit ${unit} on “${one.picture}”: ${WORDS[view]}${view === "map" ? "" : `, ${size} pixels`}` }),
          h("figcaption", {}, one.picture, h("br"), view === "map" ? `up to ${short(one.value)}` : size));
      })))));
  };
  // The traits of one message change one after the other.
  let asked = 0;
  const refresh = () => {
    const mine = ++asked;
    queueMicrotask(() => { if (mine === asked && !signal.aborted) draw(); });
  };
  watch(model, ["_floors", "depth", "view"], refresh, signal);
  watch(model, ["view"], () => mark(views, "[role=radio]", get("view")), signal);
  roving(views, "[role=radio]", (item) => choose("view", item.dataset.key), signal);
  slider.addEventListener("input", () => choose("depth", Number(slider.value)), { signal });
  errorLine(model, field, signal);
  return () => {
    undo.abort();
    for (const url of urls) URL.revokeObjectURL(url);
  };
}
export default { render };
