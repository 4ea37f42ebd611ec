// The colour bar beside an explanation.
import { h } from "../toolkit/base.js";
import { paint } from "../toolkit/pixels.js";
import { fitting } from "./explanation_files.js";

/** @typedef {NonNullable<import("./explanation_result.js").Result["heatmap"]>} Heatmap */

export class ColourBar {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.strip = h("canvas", { class: "cnnvis-view-strip", width: 256, height: 1, "aria-hidden": "true" });
    this.pointer = h("span", { class: "cnnvis-view-pointer", hidden: true });
    this.ticks = h("div", { class: "cnnvis-view-ticks" });
    this.text = h("p", { class: "cnnvis-hint" });
    const scale = h("div", { class: "cnnvis-view-scale" }, this.strip, this.pointer);
    this.element = h("div", { class: "cnnvis-view-bar" }, scale, this.ticks, this.text);
    const observer = new ResizeObserver(() => this.fitTicks());
    observer.observe(this.ticks);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {{at: number, label: string}[]} ticks @param {string} text */
  fill(ticks, text) {
    this.ticks.replaceChildren(...ticks.map(({ at, label }) => h("span", { style: `--at: ${at}` }, label)));
    this.fitTicks();
    this.text.textContent = text;
  }

  /** Hide labels that would overlap. */
  fitTicks() {
    const labels = [...this.ticks.children].map((label) => /** @type {HTMLElement} */ (label));
    const spans = labels.map((label) => ({
      at: Number(label.style.getPropertyValue("--at")),
      width: label.offsetWidth,
    }));
    fitting(spans, this.ticks.offsetWidth).forEach((fits, i) => {
      labels[i].style.visibility = fits ? "" : "hidden";
    });
  }

  /**
   * @param {Heatmap} heatmap
   * @param {{opacity: number, blend: string, least: number} | null} over beside an overlay
   */
  draw(heatmap, over) {
    paint(this.strip, heatmap.bar(over));
  }

  /** Where the value that is read is on the bar. @param {number | null} place */
  point(place) {
    this.pointer.hidden = place === null;
    if (place !== null) this.pointer.style.setProperty("--at", String(place));
  }
}
