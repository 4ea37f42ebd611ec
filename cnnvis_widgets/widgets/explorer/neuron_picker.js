/** Cards of neurons, a field for any other, aggregate and position; see neuron_picker.py. */
import { errorLine, h, listen, mark, roving, short, watch } from "../toolkit/base.js";
import { choices, chooser, frame, numberField } from "../toolkit/control.js";
import { ObjectUrls } from "../toolkit/object_urls.js";

/** @typedef {import("../toolkit/base.js").Model} Model */
/** @typedef {{unit: number, value: number | null, label: string, thumbnail: string}} Neuron */

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
    label: "Unit number",
    whole: true,
    signal,
    onvalue: (unit) => choose("value", unit),
  });
  const range = h("span", { class: "cnnvis-hint" });
  const count = h("p", { class: "cnnvis-hint", role: "status" });
  body.append(count, list, none, h("div", { class: "cnnvis-line" }, entry.element, range), entry.complaint);

  choices(
    model,
    list,
    {
      traits: ["neurons"],
      records: () => model.get("neurons"),
      key: "unit",
      draw: (neuron) => [
        mapOf(model, neuron),
        h("span", { class: "cnnvis-title" }, neuron.label || `unit ${neuron.unit}`),
        h(
          "span",
          { class: "cnnvis-note" },
          [neuron.label && `unit ${neuron.unit}`, neuron.value != null && short(neuron.value)]
            .filter(Boolean)
            .join(" · "),
        ),
      ],
    },
    signal,
  );
  const urls = new ObjectUrls(signal);
  watch(signal, model, ["sheet"], () => {
    urls.clear();
    const sheet = model.get("sheet");
    const url = sheet?.byteLength ? `url("${urls.of(sheet, "image/png")}")` : "none";
    body.style.setProperty("--cnnvis-sheet", url);
  });
  watch(signal, model, ["neurons", "units"], () => {
    const units = model.get("units");
    const shown = model.get("neurons").length;
    none.hidden = shown > 0;
    count.hidden = !shown;
    count.textContent = `${shown < units ? `${shown} of ${units}` : shown} units, the most active first`;
    entry.limits(0, units - 1);
    entry.input.disabled = units === 0;
    range.textContent = units ? `0 … ${units - 1}` : "choose a layer first";
  });
  watch(signal, model, ["value"], () => entry.show(model.get("value")));

  body.append(places(model, choose, signal));
  errorLine(model, body, signal);
  return () => undo.abort();
}

/**
 * The choice of what a unit's map is reduced to: an aggregate over all positions, or one position.
 * @param {Model} model
 * @param {(name: string, value: any) => void} choose
 * @param {AbortSignal} signal
 */
function places(model, choose, signal) {
  const group = aggregates(model, choose, signal);
  const here = h("span");
  const map = h("div", { class: "cnnvis-map", title: "click to choose a place" }, here);
  const [row, column] = ["row", "column"].map((label, at) =>
    numberField({
      label,
      whole: true,
      signal,
      onvalue: (number) => {
        const position = model.get("position").slice();
        position[at] = number;
        choose("position", position);
      },
    }),
  );
  const fields = h("div", { class: "cnnvis-line" }, row.element, column.element);
  const one = h("div", { class: "cnnvis-place" }, map, h("div", {}, fields, row.complaint, column.complaint));
  const element = h("div", { class: "cnnvis-of-map" }, group, one);

  listen(signal, map, "click", (event) => {
    if (model.get("disabled")) return;
    const box = map.getBoundingClientRect();
    const shares = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    const sizes = model.get("positions");
    choose(
      "position",
      shares.map((share, k) => Math.min(sizes[k] - 1, Math.max(0, Math.floor(share * sizes[k])))),
    );
  });
  watch(signal, model, ["positions", "position", "aggregate", "neurons", "value"], () => {
    /** @type {{positions: number[], position: number[]}} */
    const { positions: sizes, position } = {
      positions: model.get("positions"),
      position: model.get("position"),
    };
    element.hidden = sizes.length === 0;
    one.hidden = position.length === 0;
    mark(group, "[role=radio]", position.length ? "place" : model.get("aggregate"));
    if (!sizes.length || !position.length) return;
    [row, column].forEach((field, k) => {
      field.limits(0, sizes[k] - 1);
      field.show(position[k]);
    });
    const chosen = chosenOf(model);
    Object.assign(map.style, chosen ? backgroundOf(model, chosen) : { backgroundImage: "" });
    map.style.aspectRatio = `${sizes[1]} / ${sizes[0]}`;
    const [top, left] = position.map((number, k) => `${(100 * number) / sizes[k]}%`);
    const [height, width] = sizes.map((size) => `${100 / size}%`);
    Object.assign(here.style, { top, left, height, width });
  });
  return element;
}

/** A neuron's map on its card. @param {Model} model @param {Neuron} neuron */
function mapOf(model, neuron) {
  const alt = `activation map of unit ${neuron.unit}`;
  if (neuron.thumbnail) return h("img", { src: neuron.thumbnail, alt, draggable: "false" });
  if (!model.get("positions").length) return "";
  const cell = h("span", { class: "cnnvis-cell", role: "img", "aria-label": alt });
  Object.assign(cell.style, backgroundOf(model, neuron));
  return cell;
}

/** The thumbnail, or its cell of the sheet. @param {Model} model @param {Neuron} neuron */
function backgroundOf(model, neuron) {
  if (neuron.thumbnail) {
    const whole = { backgroundSize: "100% 100%", backgroundPosition: "0 0" };
    return { ...whole, backgroundImage: `url("${neuron.thumbnail}")` };
  }
  const all = model.get("neurons");
  const [at, across] = [all.indexOf(neuron), Math.ceil(Math.sqrt(all.length))];
  const down = Math.ceil(all.length / across);
  const share = (/** @type {number} */ i, /** @type {number} */ of) => (of > 1 ? (100 * i) / (of - 1) : 0);
  return {
    backgroundImage: "var(--cnnvis-sheet)",
    backgroundSize: `${100 * across}% ${100 * down}%`,
    backgroundPosition: `${share(at % across, across)}% ${share(Math.floor(at / across), down)}%`,
  };
}

/** @param {Model} model @returns {Neuron | undefined} */
const chosenOf = (model) =>
  model.get("neurons").find((/** @type {{unit: number}} */ { unit }) => unit === model.get("value"));

/**
 * The select element with the aggregates and "one position".
 * @param {Model} model
 * @param {(name: string, value: any) => void} choose
 * @param {AbortSignal} signal
 */
function aggregates(model, choose, signal) {
  const all = [...AGGREGATES, ["place", "Single position", "one activation of the map, by row and column"]];
  const group = h(
    "div",
    { class: "cnnvis-segments", role: "radiogroup", "aria-label": "what is taken of the neuron's map" },
    ...all.map(([key, text, title]) =>
      h("button", { type: "button", role: "radio", "data-key": key, title }, text),
    ),
  );
  /** @param {import("../toolkit/base.js").Item} item */
  const pick = (item) => {
    if (item.dataset.key !== "place") {
      choose("position", []);
      choose("aggregate", item.dataset.key);
    } else if (!model.get("position").length) {
      const middle = (/** @type {number} */ size) => Math.floor(size / 2);
      choose("position", model.get("positions").map(middle));
    }
  };
  roving(group, "[role=radio]", pick, signal);
  return group;
}

export default { render };
