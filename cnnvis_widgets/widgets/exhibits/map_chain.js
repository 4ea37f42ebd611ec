/** Maps multiplied from the deepest down to the picture, link by link; see map_chain.py. */
import { errorLine, h, rendering, watch } from "../toolkit/base.js";
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
import { cellOf, cover, pixelCursor } from "../toolkit/pixel_cursor.js";
import { bytesOf, floatsOf, paint, rgbOf } from "../toolkit/pixels.js";
import { stepper } from "../toolkit/stepper.js";

const [OPACITY, PACE_MS] = [0.6, 1200]; // of a map; a link
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
    this.steps = stepper({
      model,
      trait: "link",
      list: this.strip,
      choose: this.choose,
      label: "how far along the chain",
      play: "Build the chain",
      pace: PACE_MS,
      signal,
    });
    this.status = h("p", { class: "cnnvis-chain-status", role: "status" });
    this.read = h("p", { class: "cnnvis-chain-status" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-chain" },
        this.strip,
        h("div", { class: "cnnvis-line cnnvis-chain-tools" }, this.steps.button, this.steps.slider),
        h(
          "div",
          { class: "cnnvis-chain-panes" },
          this.panes[0].element,
          sign("×"),
          this.panes[1].element,
          sign("="),
          this.panes[2].element,
        ),
        this.status,
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
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_data"], () => this.take());
    watch(this.signal, this.model, ["_data", "link"], () => this.draw());
    watch(this.signal, this.model, ["_data", "link", "at"], () => this.point());
    pixelCursor({
      model: this.model,
      canvases: this.panes.map(({ canvas }) => canvas),
      size: () => this.data.size,
      choose: this.choose,
      signal: this.signal,
    });
    errorLine(this.model, this.field, this.signal);
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
    this.steps.resize(links.length);
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
            { class: "cnnvis-chain-layer", title: layer, translate: "no" },
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
    this.status.textContent =
      `Link ${at + 1} of ${this.data.links.length}, ${link.layer}: ${size} places, product at most ` +
      `${formatted(highest(link.product), 3)}.`;
    this.steps.show(at, this.status.textContent);
  }

  point() {
    const link = this.shown();
    const { shape } = link;
    const [row, column] = cellOf(this.model.get("at"), shape, this.data.size);
    const i = row * shape[1] + column;
    for (const { cell } of this.panes) cover(cell, [row, column], shape);
    const factors = [link.mean, link.enlarged].filter(Boolean).map((map) => formatted(map[i], 3));
    this.read.textContent =
      `Row ${row}, column ${column}: ` +
      `${factors.join(" × ")}${factors.length > 1 ? ` = ${formatted(link.product[i], 3)}` : ""}`;
  }
}

const render = rendering(MapChainView);

export default { render };
