/** Maps multiplied from the deepest down to the picture, link by link; see map_chain.py. */
import { arrowStep, errorLine, h, listen, mark, rendering, roving, useUp, watch } from "../toolkit/base.js";
import { chooser, frame, refill } from "../toolkit/control.js";
import {
  blended,
  colourized,
  formatted,
  greyed,
  highest,
  placesOf,
  spread,
} from "../toolkit/heatmap_canvas.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";

const [OPACITY, STRIDE, PACE_MS] = [0.6, 8, 1200]; // of a map; pixels that an arrow key goes; a link
const PARTS = ["mean", "enlarged", "product"];

function sign(text) {
  return h("span", { class: "cnnvis-chain-sign", "aria-hidden": "true" }, text);
}

/**
 * A scale from 0 to the highest value.
 * @param {Float32Array} map
 * @returns {import("../toolkit/heatmap_canvas.js").Scale}
 */
const scale = (map) => ({ low: 0, high: highest(map), kind: "sequential" });

class MapChainView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "map-chain", signal);
    this.choose = chooser(model);
    this.strip = h("div", {
      class: "cnnvis-cards cnnvis-chain-strip",
      role: "radiogroup",
      "aria-label": "link",
    });
    this.panes = PARTS.map((part) => {
      const canvas = h("canvas", { role: "img" });
      const cell = h("span", { class: "cnnvis-chain-cell", "aria-hidden": "true" });
      const none = h("span", { class: "cnnvis-chain-none" });
      const caption = h("figcaption");
      return {
        part,
        canvas,
        cell,
        none,
        caption,
        element: h("figure", {}, caption, h("div", { class: "cnnvis-chain-frame" }, canvas, cell, none)),
      };
    });
    this.panes[2].canvas.tabIndex = 0;
    this.slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "how far along the chain" });
    this.play = h("button", { type: "button" }, "Build the chain");
    this.said = h("p", { class: "cnnvis-chain-said", role: "status" });
    this.read = h("p", { class: "cnnvis-chain-said" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-chain" },
        this.strip,
        h("div", { class: "cnnvis-line cnnvis-chain-tools" }, this.play, this.slider),
        h(
          "div",
          { class: "cnnvis-chain-panes" },
          this.panes[0].element,
          sign("×"),
          this.panes[1].element,
          sign("="),
          this.panes[2].element,
        ),
        this.said,
        this.read,
        h(
          "p",
          { class: "cnnvis-hint" },
          "Choose a link with the arrow keys or the mouse. Point at a picture, or go over the " +
            "last one with the arrow keys, and read the three numbers.",
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
    watch(this.signal, this.model, ["_data", "link"], () => this.draw());
    watch(this.signal, this.model, ["_data", "link", "at"], () => this.point());
    listen(this.signal, this.play, "click", () => {
      if (this.timer) {
        this.stop();
        return;
      }
      this.play.textContent = "Pause";
      this.choose("link", this.model.get("link") >= this.last() ? 0 : this.model.get("link") + 1);
      this.timer = window.setInterval(() => {
        if (this.model.get("link") < this.last() && !this.model.get("disabled"))
          this.choose("link", this.model.get("link") + 1);
        if (this.model.get("link") >= this.last()) this.stop();
      }, PACE_MS);
    });
    listen(this.signal, this.slider, "input", () => {
      this.stop();
      this.choose("link", Number(this.slider.value));
    });
    roving(
      this.strip,
      "[role=radio]",
      (item) => {
        this.stop();
        this.choose("link", Number(item.dataset.key));
      },
      this.signal,
    );
    for (const { canvas } of this.panes) {
      listen(this.signal, canvas, "mousemove", (event) => {
        if (this.model.get("disabled")) return;
        const box = canvas.getBoundingClientRect();
        this.goTo(
          ((event.clientY - box.top) / box.height) * this.data.size[0],
          ((event.clientX - box.left) / box.width) * this.data.size[1],
        );
      });
    }
    listen(this.signal, this.panes[2].canvas, "keydown", (event) => {
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
    const links = sent.links.map((link, i) => ({
      ...link,
      layer: link.layer || (link.mean ? "a map" : "the picture"),
      first: i === 0,
      ...Object.fromEntries(PARTS.map((part) => [part, link[part] && floatsOf(link[part])])),
    }));
    this.data = { ...sent, links, picture: greyed(picture), table: bytesOf(sent.table) };
    this.slider.max = String(links.length - 1);
    refill(
      this.strip,
      links.map(({ layer, shape, product }, i) => {
        const small = h("canvas", { "aria-hidden": "true" });
        paint(small, colourized(placesOf(product, scale(product)), this.data.table, shape));
        return h(
          "button",
          { type: "button", role: "radio", "data-key": i },
          small,
          h(
            "span",
            { class: "cnnvis-chain-layer", title: layer },
            ...layer.split("_").flatMap((part, k) => (k ? ["_", h("wbr"), part] : [part])),
          ),
          h("span", {}, `${shape[0]} × ${shape[1]}`),
        );
      }),
    );
  }

  shown() {
    return this.data.links[Math.min(this.model.get("link"), this.data.links.length - 1)];
  }

  draw() {
    const at = this.model.get("link");
    const link = this.shown();
    const size = `${link.shape[0]} × ${link.shape[1]}`;
    const words = {
      mean: "mean over the channels",
      enlarged: "from the link before, enlarged",
      product: link.mean && link.enlarged ? "their product" : link.mean ? "the start" : "the result",
    };
    for (const { part, canvas, none, caption } of this.panes) {
      const map = link[part];
      none.hidden = Boolean(map) && highest(map) > 0;
      none.textContent = map ? "all zeros" : part === "mean" ? "no map here" : "nothing above";
      const values = map ?? new Float32Array(link.product.length);
      paint(
        canvas,
        map
          ? blended(
              this.data.picture,
              placesOf(spread(values, link.shape, this.data.size), scale(values)),
              this.data.table,
              { kind: "sequential", opacity: OPACITY, blend: "uniform" },
            )
          : this.data.picture,
      );
      caption.textContent = words[part];
      canvas.setAttribute(
        "aria-label",
        map
          ? `${words[part]} at ` +
              `${link.layer}${this.data.alt ? `, over the picture of ${this.data.alt}` : ""}: ` +
              `${size} values up to ${formatted(highest(map), 3)}`
          : `${words[part]}: ${none.textContent}`,
      );
    }
    mark(this.strip, "[role=radio]", at);
    this.slider.value = String(at);
    this.said.textContent =
      `Link ${at + 1} of ${this.data.links.length}, ${link.layer}: ${size} places, product at most ` +
      `${formatted(highest(link.product), 3)}.`;
    this.slider.setAttribute("aria-valuetext", this.said.textContent);
  }

  point() {
    const link = this.shown();
    const { shape } = link;
    const [row, column] = this.model
      .get("at")
      .map((i, axis) => Math.floor((i * shape[axis]) / this.data.size[axis]));
    const i = row * shape[1] + column;
    for (const { cell } of this.panes)
      Object.assign(cell.style, {
        left: `${(100 * column) / shape[1]}%`,
        top: `${(100 * row) / shape[0]}%`,
        width: `${100 / shape[1]}%`,
        height: `${100 / shape[0]}%`,
      });
    const factors = [link.mean, link.enlarged].filter(Boolean).map((map) => formatted(map[i], 3));
    this.read.textContent =
      `Row ${row}, column ${column}: ` +
      `${factors.join(" × ")}${factors.length > 1 ? ` = ${formatted(link.product[i], 3)}` : ""}`;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "Build the chain";
  }

  last() {
    return this.data.links.length - 1;
  }

  goTo(row, column) {
    const next = [row, column].map((i, axis) =>
      Math.min(this.data.size[axis] - 1, Math.max(0, Math.floor(i))),
    );
    if (next.join() !== this.model.get("at").join()) this.choose("at", next);
  }
}

const render = rendering(MapChainView);

export default { render };
