/** Two maps and their product; see guided_product.py. */
import { errorLine, h, listen, rendering, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import {
  blended,
  colourized,
  enlarged,
  formatted,
  greyed,
  highest,
  placesOf,
} from "../toolkit/heatmap_canvas.js";
import { pixelCursor } from "../toolkit/pixel_cursor.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";

const OPACITY = 0.6; // of the mask over the picture

function pane(title) {
  const canvas = h("canvas", { role: "img" });
  const cross = h("span", { class: "cnnvis-product-cross", "aria-hidden": "true" });
  const caption = h("figcaption", {}, title);
  return {
    canvas,
    cross,
    caption,
    element: h("figure", {}, caption, h("div", { class: "cnnvis-product-frame" }, canvas, cross)),
  };
}

function sign(text) {
  return h("span", { class: "cnnvis-product-sign", "aria-hidden": "true" }, text);
}

/** A scale from 0. @param {number} high @returns {import("../toolkit/heatmap_canvas.js").Scale} */
function of(high) {
  return { low: 0, high, kind: "sequential" };
}

class GuidedProductView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "guided-product", signal);
    this.choose = chooser(model);
    this.panes = [pane("guided backprop"), pane("Grad-CAM, enlarged"), pane("")];
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: 100,
      step: 1,
      "aria-label": "how much of the mask is applied",
    });
    this.alone = h("button", { type: "button" }, "guided backprop alone");
    this.whole = h("button", { type: "button" }, "the product");
    this.status = h("p", { class: "cnnvis-product-status", role: "status" });
    this.crosshair = this.panes[2].canvas;
    Object.assign(this.crosshair, { tabIndex: 0 });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-product" },
        this.panes[0].element,
        sign("×"),
        this.panes[1].element,
        sign("="),
        this.panes[2].element,
      ),
      h("div", { class: "cnnvis-line cnnvis-product-tools" }, this.alone, this.slider, this.whole),
      this.status,
      h(
        "p",
        { class: "cnnvis-hint" },
        "Point at a picture, or go over the last one with the arrow keys, and read the three numbers.",
      ),
    );
    this.maps = this.take();
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_data"], () => {
      this.maps = this.take();
    });
    watch(this.signal, this.model, ["_data", "share"], () => this.draw());
    watch(this.signal, this.model, ["_data", "at"], () => this.read());
    pixelCursor({
      model: this.model,
      canvases: this.panes.map(({ canvas }) => canvas),
      size: () => this.maps.shape,
      choose: this.choose,
      signal: this.signal,
    });
    listen(this.signal, this.slider, "input", () => this.choose("share", Number(this.slider.value) / 100));
    listen(this.signal, this.alone, "click", () => this.choose("share", 0));
    listen(this.signal, this.whole, "click", () => this.choose("share", 1));
    errorLine(this.model, this.field, this.signal);
  }

  take() {
    const data = this.model.get("_data");
    const coarse = floatsOf(data.coarse);
    return {
      shape: /** @type {[number, number]} */ (data.shape),
      mask: enlarged(coarse, data.coarse_shape, data.shape),
      detail: floatsOf(data.detail),
      most: highest(coarse),
      end: data.end,
      table: bytesOf(data.table),
      picture: greyed(rgbOf(data.picture, data.shape)),
      alt: data.alt,
    };
  }

  values(share) {
    return this.maps.detail.map(
      (value, i) =>
        value * (1 - share + share * (this.maps.most > 0 ? this.maps.mask[i] / this.maps.most : 0)),
    );
  }

  draw() {
    const { shape, mask, detail, table, most, end, picture, alt } = this.maps;
    const share = this.model.get("share");
    paint(this.panes[0].canvas, colourized(placesOf(detail, of(end)), table, shape));
    paint(
      this.panes[1].canvas,
      blended(picture, placesOf(mask, of(most)), table, {
        kind: "sequential",
        opacity: OPACITY,
        blend: "uniform",
      }),
    );
    paint(this.panes[2].canvas, colourized(placesOf(this.values(share), of(end)), table, shape));
    const percent = `${Math.round(100 * share)} %`;
    this.panes[2].caption.textContent =
      share === 1
        ? "the product: Guided Grad-CAM"
        : share === 0
          ? "guided backprop"
          : `mask applied to ${percent}`;
    Object.assign(this.slider, { value: String(Math.round(100 * share)) });
    this.slider.setAttribute("aria-valuetext", this.panes[2].caption.textContent);
    const what = alt ? ` of ${alt}` : "";
    this.panes[0].canvas.setAttribute(
      "aria-label",
      `Guided backprop${what}, ${shape[0]} × ${shape[1]} values`,
    );
    this.panes[1].canvas.setAttribute("aria-label", `Grad-CAM's map, enlarged, over the picture${what}`);
    this.panes[2].canvas.setAttribute("aria-label", `Their product${what}, the mask applied to ${percent}`);
  }

  read() {
    const {
      shape: [rows, columns],
      detail,
      mask,
    } = this.maps;
    const [row, column] = this.model.get("at").map((i, axis) => Math.min(i, [rows, columns][axis] - 1));
    const i = row * columns + column;
    for (const { cross } of this.panes)
      Object.assign(cross.style, {
        left: `${(100 * (column + 0.5)) / columns}%`,
        top: `${(100 * (row + 0.5)) / rows}%`,
      });
    this.status.textContent =
      `Row ${row}, column ${column}: guided backprop ${formatted(detail[i], 3)} × Grad-CAM ` +
      `${formatted(mask[i], 3)} = ${formatted(detail[i] * mask[i], 3)}`;
  }
}

const render = rendering(GuidedProductView);

export default { render };
