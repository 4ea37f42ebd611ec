/** Cards of neurons, a field for any other, aggregate and position; see neuron_picker.py. */
const AGGREGATES = [
  ["sum", "Sum", "the whole map counts"],
  ["mean", "Mean", "the sum divided by the number of places"],
  ["max", "Max", "only the strongest place counts"],
];

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "neurons", signal);
  const choose = chooser(model);

  const list = h("div", { class: "cnnvis-cards", role: "radiogroup" });
  const none = h("p", { class: "cnnvis-hint" }, "No neurons yet.");
  const entry = numberField({
    label: "any unit", whole: true, signal, onvalue: (unit) => choose("value", unit),
  });
  const range = h("span", { class: "cnnvis-hint" });
  body.append(list, none, h("div", { class: "cnnvis-line" }, entry.element, range), entry.complaint);

  choices(model, list, {
    traits: ["neurons"],
    records: () => model.get("neurons"),
    key: "unit",
    draw: (neuron) => [
      neuron.thumbnail
        ? h("img", { src: neuron.thumbnail, alt: `activation map of unit ${neuron.unit}`, draggable: "false" })
        : "",
      h("span", { class: "cnnvis-title" }, neuron.label || `unit ${neuron.unit}`),
      h("span", { class: "cnnvis-note" },
        [neuron.label && `unit ${neuron.unit}`, neuron.value != null && short(neuron.value)].filter(Boolean).join(" · ")),
    ],
  }, signal);
  watch(model, ["neurons", "units"], () => {
    const units = model.get("units");
    none.hidden = model.get("neurons").length > 0;
    entry.limits(0, units - 1);
    entry.input.disabled = units === 0;
    range.textContent = units ? `0 … ${units - 1}` : "choose a layer first";
  }, signal);
  watch(model, ["value"], () => entry.show(model.get("value")), signal);

  body.append(places(model, choose, signal));
  errorLine(model, body, signal);
  return () => undo.abort();
}

/** What is taken of the unit's map: an aggregate of all places, or one place. */
function places(model, choose, signal) {
  const group = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": "what is taken of the neuron's map" });
  const map = h("div", { class: "cnnvis-map", title: "click to choose a place" }, h("span"));
  const part = (label, at) => numberField({
    label, whole: true, signal,
    onvalue: (number) => choose("position", model.get("position").map((old, i) => (i === at ? number : old))),
  });
  const [row, column] = [part("row", 0), part("column", 1)];
  const fields = h("div", { class: "cnnvis-line" }, row.element, column.element);
  const one = h("div", { class: "cnnvis-place" }, map, h("div", {}, fields, row.complaint, column.complaint));
  const box = h("div", { class: "cnnvis-of-map" }, group, one);

  const segment = (key, title, hint) => h("button", { type: "button", role: "radio", "data-key": key, title: hint }, title);
  group.append(...AGGREGATES.map((each) => segment(...each)),
    segment("place", "One place", "one activation of the map, by row and column"));
  roving(group, "[role=radio]", (item) => {
    if (item.dataset.key !== "place") {
      choose("position", []);
      choose("aggregate", item.dataset.key);
    } else if (!model.get("position").length) {
      choose("position", model.get("positions").map((size) => Math.floor(size / 2)));
    }
  }, signal);

  map.addEventListener("click", (event) => {
    if (model.get("disabled")) return;
    const box = map.getBoundingClientRect();
    const [rows, columns] = model.get("positions");
    const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    choose("position", [at((event.clientY - box.top) / box.height, rows), at((event.clientX - box.left) / box.width, columns)]);
  }, { signal });

  watch(model, ["positions", "position", "aggregate", "neurons", "value"], () => {
    const sizes = model.get("positions");
    const position = model.get("position");
    box.hidden = sizes.length === 0;
    one.hidden = position.length === 0;
    mark(group, "[role=radio]", position.length ? "place" : model.get("aggregate"));
    if (!sizes.length || !position.length) return;
    row.limits(0, sizes[0] - 1);
    column.limits(0, sizes[1] - 1);
    row.show(position[0]);
    column.show(position[1]);
    const thumbnail = model.get("neurons").find((neuron) => neuron.unit === model.get("value"))?.thumbnail;
    map.style.backgroundImage = thumbnail ? `url("${thumbnail}")` : "";
    map.style.aspectRatio = `${sizes[1]} / ${sizes[0]}`;
    const percent = (number, size) => `${(100 * number) / size}%`;
    Object.assign(map.firstElementChild.style, {
      top: percent(position[0], sizes[0]), left: percent(position[1], sizes[1]),
      height: percent(1, sizes[0]), width: percent(1, sizes[1]),
    });
  }, signal);
  return box;
}
export default { render };
