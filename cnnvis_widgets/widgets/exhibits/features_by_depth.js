/** Layers from the first to the last, and what excites their units; see features_by_depth.py. */
import {
  errorLine,
  h,
  listen,
  mark,
  rendering,
  roving,
  short,
  watch,
  watchTogether,
} from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { ObjectUrls } from "../toolkit/object_urls.js";

const VIEWS = [
  [
    "patch",
    "part of the photo",
    "the part on which the strongest place depends: 95 % of its gradient is there",
  ],
  ["map", "the unit's map", "its activations over the whole photo"],
  [
    "gradient",
    "gradient of the place",
    "guided backpropagation from the strongest place, in the same part of the photo",
  ],
];
const WORDS = {
  patch: "the part of the photo on which the place depends",
  map: "the unit's map over the whole photo",
  gradient: "the gradient of the place",
};

class FeaturesByDepthView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "features", signal);
    this.choose = chooser(model);
    this.slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "depth" });
    this.title = h("p", { class: "cnnvis-features-layer", role: "status" });
    this.views = h(
      "div",
      { class: "cnnvis-segments", role: "radiogroup", "aria-label": "shown" },
      ...VIEWS.map(([key, text, why]) =>
        h("button", { type: "button", role: "radio", "data-key": key, title: why }, text),
      ),
    );
    this.units = h("div", { class: "cnnvis-features-units" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-line cnnvis-features-depth" },
        h("span", {}, "first layers"),
        this.slider,
        h("span", {}, "last layers"),
      ),
      this.title,
      h("div", { class: "cnnvis-line" }, this.views),
      this.units,
    );
    this.urls = new ObjectUrls(signal);
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watchTogether(this.signal, this.model, ["_floors", "depth", "view"], () => this.draw());
    watch(this.signal, this.model, ["view"], () => mark(this.views, "[role=radio]", this.get("view")));
    roving(this.views, "[role=radio]", (item) => this.choose("view", item.dataset.key), this.signal);
    listen(this.signal, this.slider, "input", () => this.choose("depth", Number(this.slider.value)));
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  draw() {
    const floor = this.get("_floors")[this.get("depth")];
    if (!floor) return;
    this.urls.clear();
    this.slider.max = String(this.get("_floors").length - 1);
    this.slider.value = String(this.get("depth"));
    this.slider.setAttribute("aria-valuetext", `${floor.layer}. ${floor.note}`);
    this.title.replaceChildren(h("strong", {}, floor.layer), floor.note ? `  ${floor.note}` : "");
    const view = this.get("view");
    this.units.replaceChildren(
      ...floor.units.map(({ unit, excited }) =>
        h(
          "section",
          { class: "cnnvis-features-unit", "aria-label": `unit ${unit}` },
          h("p", {}, `unit ${unit}`),
          h(
            "div",
            { class: "cnnvis-features-pictures" },
            ...excited.map((one) => {
              const url = this.urls.of(one[view], "image/jpeg");
              const [top, left, bottom, right] = one.box;
              const size = `${bottom - top} × ${right - left}`;
              return h(
                "figure",
                {},
                h("img", {
                  src: url,
                  draggable: "false",
                  alt:
                    `Unit ${unit} on “${one.picture}”: ` +
                    `${WORDS[view]}${view === "map" ? "" : `, ${size} pixels`}`,
                }),
                h(
                  "figcaption",
                  {},
                  one.picture,
                  h("br"),
                  view === "map" ? `up to ${short(one.value)}` : size,
                ),
              );
            }),
          ),
        ),
      ),
    );
  }
}

const render = rendering(FeaturesByDepthView);

export default { render };
