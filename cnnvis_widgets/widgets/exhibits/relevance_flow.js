/** Relevance from the neuron down to the pixels, floor by floor; see relevance_flow.py. */
import { errorLine, h, rendering, short, watch } from "../toolkit/base.js";
import { chooser, frame, refill } from "../toolkit/control.js";
import { blended, formatted, greyed, highest, placesOf, spread } from "../toolkit/heatmap_canvas.js";
import { cellOf, cover, pixelCursor } from "../toolkit/pixel_cursor.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";
import { stepper } from "../toolkit/stepper.js";

const [OPACITY, PACE_MS] = [0.6, 900]; // of the map; a floor

class RelevanceFlowView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "relevance-flow", signal);
    this.choose = chooser(model);
    this.canvas = h("canvas", { role: "img", tabindex: 0 });
    this.cell = h("span", { class: "cnnvis-flow-cell", "aria-hidden": "true" });
    this.zeros = h("span", { class: "cnnvis-flow-zeros", hidden: true }, "all zeros");
    this.tower = h("div", {
      class: "cnnvis-rows cnnvis-flow-tower",
      role: "radiogroup",
      "aria-label": "floor",
    });
    this.steps = stepper({
      model,
      trait: "floor",
      list: this.tower,
      choose: this.choose,
      label: "how far down",
      play: "Let it flow",
      pace: PACE_MS,
      signal,
    });
    this.status = h("p", { class: "cnnvis-flow-status", role: "status" });
    this.read = h("p", { class: "cnnvis-flow-status" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-flow" },
        h(
          "div",
          { class: "cnnvis-flow-left" },
          h("div", { class: "cnnvis-flow-frame" }, this.canvas, this.cell, this.zeros),
          h("div", { class: "cnnvis-line cnnvis-flow-tools" }, this.steps.button, this.steps.slider),
        ),
        h(
          "div",
          { class: "cnnvis-flow-right" },
          this.tower,
          this.status,
          this.read,
          h(
            "p",
            { class: "cnnvis-hint" },
            "Choose a floor with the arrow keys or the mouse. Point at the picture, or go over it " +
              "with the arrow keys, and follow one place down.",
          ),
        ),
      ),
    );
    this.data = null;
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_data"], () => this.take());
    watch(this.signal, this.model, ["_data", "floor"], () => this.draw());
    watch(this.signal, this.model, ["_data", "floor", "at"], () => this.point());
    pixelCursor({
      model: this.model,
      canvases: [this.canvas],
      size: () => this.data.size,
      choose: this.choose,
      signal: this.signal,
    });
    errorLine(this.model, this.field, this.signal);
  }

  take() {
    const sent = this.model.get("_data");
    const picture = rgbOf(sent.picture, sent.size);
    const floors = sent.floors.map((floor) => ({
      ...floor,
      layer: floor.layer || "the picture",
      map: floatsOf(floor.map),
    }));
    this.data = { ...sent, floors, picture: greyed(picture), table: bytesOf(sent.table) };
    const most = Math.max(...floors.map((floor) => Math.abs(floor.sum)), 1e-12);
    this.steps.resize(floors.length);
    refill(
      this.tower,
      floors.map(({ layer, shape, sum }, i) => {
        const filled = h("span", { style: `width: ${(100 * Math.abs(sum)) / most}%` });
        const bar = h("span", { class: "cnnvis-flow-bar", "aria-hidden": "true" }, filled);
        return h(
          "button",
          { type: "button", role: "radio", "data-key": i },
          h("span", { class: "cnnvis-flow-layer" }, layer),
          h("span", {}, `${shape[0]} × ${shape[1]}`),
          bar,
          h("span", { class: "cnnvis-flow-sum" }, formatted(sum)),
        );
      }),
    );
  }

  floor() {
    return this.data.floors[Math.min(this.model.get("floor"), this.data.floors.length - 1)];
  }

  places() {
    const { map, shape } = this.floor();
    const high = highest(map);
    const wide = spread(map, shape, this.data.size);
    this.zeros.hidden = high > 0;
    return placesOf(wide, { low: 0, high, kind: "sequential" });
  }

  draw() {
    const at = this.model.get("floor");
    const { layer, shape, sum, half, map } = this.floor();
    paint(
      this.canvas,
      blended(this.data.picture, this.places(), this.data.table, {
        kind: "sequential",
        opacity: OPACITY,
        blend: "uniform",
      }),
    );
    const most = highest(map);
    const several = shape[0] * shape[1] > 1 && sum > 0;
    this.status.textContent =
      `${layer}: ${shape[0]} × ${shape[1]} places hold ${formatted(sum)} in all, at most ` +
      `${formatted(most, 3)} each` +
      (several ? `; half of it lies on ${Math.round(100 * half)} % of them.` : ".");
    this.steps.show(at, this.status.textContent);
    this.canvas.setAttribute(
      "aria-label",
      `Relevance at ${layer} over the picture${this.data.alt ? ` of ${this.data.alt}` : ""}, ` +
        `${shape[0]} × ${shape[1]} values that add up to ${formatted(sum)}`,
    );
  }

  point() {
    const { shape, map, sum, layer } = this.floor();
    const [row, column] = cellOf(this.model.get("at"), shape, this.data.size);
    const value = map[row * shape[1] + column];
    cover(this.cell, [row, column], shape);
    this.read.textContent =
      `Row ${row}, column ${column} of ${layer}: ` +
      `${formatted(value, 3)}${sum > 0 ? `, which is ${short((100 * value) / sum)} % of the sum` : ""}.`;
  }
}

const render = rendering(RelevanceFlowView);

export default { render };
