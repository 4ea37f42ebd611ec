/** Bars of the most probable classes, and a search among all; see predictions.py. */
import { errorLine, h, short, watch } from "../toolkit/base.js";
import { choices, frame } from "../toolkit/control.js";
import { ClassSearch, nameOf } from "./class_search.js";

function percent(score) {
  if (score > 0 && score < 0.001) return "< 0.1 %";
  return `${(100 * score).toFixed(1)} %`;
}

/** Bars start at zero; with a negative logit, zero is inside the chart. */
function bar(model, prediction) {
  const all = model.get("predictions");
  const size = (p) => p.score ?? p.logit ?? 0;
  const probabilities = all.every((p) => p.score !== null);
  const low = Math.min(0, ...all.map(size));
  const high = probabilities ? 1 : Math.max(0, ...all.map(size)) || 1;
  const share = (x) => (100 * (x - low)) / (high - low);
  const [from, to] = [share(Math.min(0, size(prediction))), share(Math.max(0, size(prediction)))];
  return h(
    "span",
    { class: "cnnvis-track", "aria-hidden": "true" },
    h("span", {
      class: size(prediction) < 0 && "cnnvis-negative",
      style: `inset-inline-start: ${from}%; width: ${Math.max(0, to - from)}%`,
    }),
  );
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "predictions", signal);
  const none = h("p", { class: "cnnvis-hint" }, "No predictions yet.");
  const list = h("div", { class: "cnnvis-rows", role: "listbox" });
  const other = h("p", { class: "cnnvis-other", "aria-live": "polite" });
  body.append(none, list, other);

  choices(
    model,
    list,
    {
      traits: ["predictions", "labels"],
      records: () => model.get("predictions"),
      key: "unit",
      attributes: (prediction) => ({
        title:
          `unit ${prediction.unit}` +
          (prediction.logit === null ? "" : `, ${short(prediction.logit)} before softmax`),
      }),
      draw: (prediction) => [
        h("span", { class: "cnnvis-name" }, prediction.label || nameOf(model, prediction.unit)),
        h(
          "span",
          { class: "cnnvis-score" },
          prediction.score === null ? short(prediction.logit) : percent(prediction.score),
        ),
        bar(model, prediction),
      ],
    },
    signal,
  );
  watch(signal, model, ["predictions", "value", "labels"], () => {
    const unit = model.get("value");
    const all = model.get("predictions");
    none.hidden = all.length > 0;
    other.hidden = unit === null || all.some((prediction) => prediction.unit === unit);
    other.replaceChildren(
      "Chosen: ",
      h("strong", {}, unit === null ? "" : nameOf(model, unit)),
      ` (unit ${unit})`,
    );
  });
  body.append(new ClassSearch(model, signal).element);
  errorLine(model, body, signal);
  return () => undo.abort();
}

export default { render };
