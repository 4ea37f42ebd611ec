/** Relevance from the neuron down to the pixels, floor by floor; see relevance_flow.py. */
import {
  arrowStep,
  errorLine,
  h,
  listen,
  mark,
  rendering,
  roving,
  short,
  useUp,
  watch,
} from "../toolkit/base.js";
import { chooser, frame, refill } from "../toolkit/control.js";
import { blended, formatted, greyed, highest, placesOf, spread } from "../toolkit/heatmap_canvas.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";

const [OPACITY, STRIDE, PACE_MS] = [0.6, 8, 900]; // of the map; pixels that an arrow key goes; a floor

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
    this.slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "how far down" });
    this.play = h("button", { type: "button" }, "Let it flow");
    this.said = h("p", { class: "cnnvis-flow-said", role: "status" });
    this.read = h("p", { class: "cnnvis-flow-said" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-flow" },
        h(
          "div",
          { class: "cnnvis-flow-left" },
          h("div", { class: "cnnvis-flow-frame" }, this.canvas, this.cell, this.zeros),
          h("div", { class: "cnnvis-line cnnvis-flow-tools" }, this.play, this.slider),
        ),
        h(
          "div",
          { class: "cnnvis-flow-right" },
          this.tower,
          this.said,
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
    this.timer = 0;
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_data"], () => this.take());
    watch(this.signal, this.model, ["_data", "floor"], () => this.draw());
    watch(this.signal, this.model, ["_data", "floor", "at"], () => this.point());
    listen(this.signal, this.play, "click", () => {
      if (this.timer) {
        this.stop();
        return;
      }
      this.play.textContent = "Pause";
      this.choose("floor", this.model.get("floor") >= this.last() ? 0 : this.model.get("floor") + 1);
      this.timer = window.setInterval(() => {
        if (this.model.get("floor") < this.last() && !this.model.get("disabled"))
          this.choose("floor", this.model.get("floor") + 1);
        if (this.model.get("floor") >= this.last()) this.stop();
      }, PACE_MS);
    });
    listen(this.signal, this.slider, "input", () => {
      this.stop();
      this.choose("floor", Number(this.slider.value));
    });
    roving(
      this.tower,
      "[role=radio]",
      (item) => {
        this.stop();
        this.choose("floor", Number(item.dataset.key));
      },
      this.signal,
    );
    listen(this.signal, this.canvas, "mousemove", (event) => {
      if (this.model.get("disabled")) return;
      const box = this.canvas.getBoundingClientRect();
      this.goTo(
        ((event.clientY - box.top) / box.height) * this.data.size[0],
        ((event.clientX - box.left) / box.width) * this.data.size[1],
      );
    });
    listen(this.signal, this.canvas, "keydown", (event) => {
      const step = arrowStep(event);
      if (!step || this.model.get("disabled")) return;
      useUp(event);
      const far = event.shiftKey ? 1 : STRIDE;
      const [row, column] = this.model.get("at");
      this.goTo(row + far * step[0], column + far * step[1]);
    });
    errorLine(this.model, this.field, this.signal);
    this.signal.addEventListener("abort", () => {
      this.stop();
    });
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
    this.slider.max = String(floors.length - 1);
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
    mark(this.tower, "[role=radio]", at);
    this.slider.value = String(at);
    const most = highest(map);
    const several = shape[0] * shape[1] > 1 && sum > 0;
    this.said.textContent =
      `${layer}: ${shape[0]} × ${shape[1]} places hold ${formatted(sum)} in all, at most ` +
      `${formatted(most, 3)} each` +
      (several ? `; half of it lies on ${Math.round(100 * half)} % of them.` : ".");
    this.slider.setAttribute("aria-valuetext", this.said.textContent);
    this.canvas.setAttribute(
      "aria-label",
      `Relevance at ${layer} over the picture${this.data.alt ? ` of ${this.data.alt}` : ""}, ` +
        `${shape[0]} × ${shape[1]} values that add up to ${formatted(sum)}`,
    );
  }

  point() {
    const { shape, map, sum, layer } = this.floor();
    const [row, column] = this.model
      .get("at")
      .map((i, axis) => Math.floor((i * shape[axis]) / this.data.size[axis]));
    const value = map[row * shape[1] + column];
    Object.assign(this.cell.style, {
      left: `${(100 * column) / shape[1]}%`,
      top: `${(100 * row) / shape[0]}%`,
      width: `${100 / shape[1]}%`,
      height: `${100 / shape[0]}%`,
    });
    this.read.textContent =
      `Row ${row}, column ${column} of ${layer}: ` +
      `${formatted(value, 3)}${sum > 0 ? `, which is ${short((100 * value) / sum)} % of the sum` : ""}.`;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "Let it flow";
  }

  last() {
    return this.data.floors.length - 1;
  }

  goTo(row, column) {
    const next = [row, column].map((i, axis) =>
      Math.min(this.data.size[axis] - 1, Math.max(0, Math.floor(i))),
    );
    if (next.join() !== this.model.get("at").join()) this.choose("at", next);
  }
}

const render = rendering(RelevanceFlowView);

export default { render };
