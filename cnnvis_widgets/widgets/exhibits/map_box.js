/** A box from a map, with a threshold that is moved; see map_box.py. */
import { errorLine, h, rendering, watch, watchTogether } from "../toolkit/base.js";
import { boxRect } from "../toolkit/boxes.js";
import { Axes, labelledSlider } from "../toolkit/chart.js";
import { contourPath } from "../toolkit/contours.js";
import { choices, chooser, frame } from "../toolkit/control.js";
import { enlarged, entry, greyed, highest, placesOf } from "../toolkit/heatmap_canvas.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";

const [OPACITY, BELOW] = [0.6, 0.15]; // of the map's colours: where there is enough, and elsewhere

class MapBoxView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "map-box", signal);
    const choose = chooser(model);
    this.list = h("div", { class: "cnnvis-segments", role: "radiogroup" });
    this.canvas = h("canvas", { role: "img" });
    this.over = drawn("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.curve = new Axes({
      x: [0, 100],
      y: [0, 1],
      wide: 460,
      high: 250,
      xName: "threshold, % of the largest value",
      yName: "intersection over union",
    });
    this.inside = drawn("g");
    this.curve.axes({ yTicks: [0, 0.25, 0.5, 0.75, 1] });
    this.curve.svg.append(this.inside);
    this.curve.svg.setAttribute("role", "img");
    this.slider = labelledSlider({
      label: "threshold",
      min: 1,
      max: 100,
      step: 1,
      signal,
      text: (value) => `${value} %`,
      onvalue: (value) => choose("percent", value),
    });
    this.status = h("p", { class: "cnnvis-map-box-status", role: "status" });
    this.field.append(
      this.list,
      h(
        "div",
        { class: "cnnvis-map-box-two" },
        h("div", { class: "cnnvis-map-box-frame" }, this.canvas, this.over),
        h(
          "div",
          {},
          this.curve.svg,
          this.slider.element,
          this.status,
          h(
            "p",
            { class: "cnnvis-map-box-key" },
            h("span", { class: "cnnvis-map-box-true" }, "true box, around the outline"),
            h("span", { class: "cnnvis-map-box-found" }, "box from the map"),
          ),
        ),
      ),
    );
    this.seen = null;
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    choices(
      this.model,
      this.list,
      {
        traits: ["_names"],
        records: () => this.model.get("_names"),
        key: "name",
        value: "view",
        draw: ({ name }) => [name],
      },
      this.signal,
    );
    watch(this.signal, this.model, ["_data"], () => this.take());
    watchTogether(this.signal, this.model, ["_data", "percent"], () => this.draw());
    errorLine(this.model, this.field, this.signal);
  }

  take() {
    const data = this.model.get("_data");
    if (!data.shape) return;
    const { shape } = data;
    const values = enlarged(floatsOf(data.coarse), data.coarse_shape, shape);
    const most = highest(values);
    this.seen = {
      ...data,
      values,
      most,
      picture: greyed(rgbOf(data.picture, shape)),
      table: bytesOf(data.table),
      outline: contourPath(bytesOf(data.mask), shape, 0.5),
    };
    this.over.setAttribute("viewBox", `0 0 ${shape[1]} ${shape[0]}`);
  }

  draw() {
    if (!this.seen) return;
    const { shape, values, most, picture, table, boxes, ious, true: truth, alt } = this.seen;
    const percent = this.model.get("percent");
    const enough = (percent / 100) * most;
    const image = new ImageData(shape[1], shape[0]);
    placesOf(values, { low: 0, high: most, kind: "sequential" }).forEach((place, i) => {
      const alpha = most > 0 && values[i] >= enough ? OPACITY : BELOW;
      for (let k = 0; k < 3; k += 1)
        image.data[4 * i + k] = picture.data[4 * i + k] * (1 - alpha) + table[entry(place) + k] * alpha;
      image.data[4 * i + 3] = 255;
    });
    paint(this.canvas, image);
    const box = boxes[percent - 1];
    this.over.replaceChildren(
      drawn("path", { d: this.seen.outline, class: "cnnvis-map-box-outline" }),
      boxRect(truth, "cnnvis-map-box-under"),
      boxRect(truth, "cnnvis-map-box-true"),
      ...(box.length ? [boxRect(box, "cnnvis-map-box-under"), boxRect(box, "cnnvis-map-box-found")] : []),
    );
    const iou = ious[percent - 1];
    const best = Math.max(...ious);
    this.status.textContent = box.length
      ? `threshold ${percent} %: intersection over union ` +
        `${iou.toFixed(2)}${iou >= 0.5 ? ", a hit" : ", a miss"}; at best ${best.toFixed(2)}, at ` +
        `${ious.indexOf(best) + 1} %`
      : "the map is nowhere above zero: no box";
    this.inside.replaceChildren(
      this.curve.line(
        [
          [0, 0.5],
          [100, 0.5],
        ],
        "cnnvis-map-box-half",
      ),
      this.curve.line(
        ious.map((value, i) => [i + 1, value]),
        "cnnvis-chart-curve",
      ),
      drawn("circle", {
        cx: this.curve.px(percent),
        cy: this.curve.py(iou),
        r: 6,
        class: "cnnvis-map-box-here",
      }),
    );
    this.curve.svg.setAttribute(
      "aria-label",
      `Intersection over union over the threshold, from ${ious[0].toFixed(2)} at 1 % to ` +
        `${ious[99].toFixed(2)} at 100 %, at best ${best.toFixed(2)} at ${ious.indexOf(best) + 1} %`,
    );
    this.canvas.setAttribute(
      "aria-label",
      `${alt}, with the map, the true box and the box from the map at ${percent} %`,
    );
    this.slider.show(percent);
  }
}

const render = rendering(MapBoxView);

export default { render };
