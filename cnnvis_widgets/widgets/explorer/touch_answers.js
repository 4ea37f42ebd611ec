// The network's answers for a changed picture: classes before and now, and the deletion curve.
import { h, listen, short, watch } from "../toolkit/base.js";
import { Axes } from "../toolkit/chart.js";
import { fewestSuperpixels } from "./fewest_superpixels.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const TRAITS = ["rows", "answers", "deletion", "touch_error", "touched", "tool", "pieces"];

const READING =
  "Scattered grey pixels disturb a network more than a patch, so compare maps with one another.";

/** @param {number} share */
const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);

export class TouchAnswers {
  /**
   * @param {Model} model
   * @param {HTMLElement} paint what belongs to painting
   * @param {() => void} clear
   * @param {AbortSignal} signal
   */
  constructor(model, paint, clear, signal) {
    this.model = model;
    this.tool = "read";
    this.hint = h("p", { class: "cnnvis-touch-status", role: "status" });
    this.table = h("div", { class: "cnnvis-touch-rows" });
    this.undo = h("button", { type: "button" }, "Uncover all");
    this.chart = h("div", { class: "cnnvis-touch-chart" });
    this.reading = h(
      "details",
      {},
      h("summary", {}, "How to read it"),
      h("p", { class: "cnnvis-hint" }, READING),
    );
    this.paint = paint;
    this.undoPiece = h("button", { type: "button" }, "Uncover all"); // beside the search
    this.fewest = fewestSuperpixels(model, this.undoPiece, signal);
    const parts = [this.hint, paint, this.fewest, this.table, this.chart, this.undo];
    this.element = h("div", { class: "cnnvis-touch-answers" }, ...parts);
    for (const undo of [this.undo, this.undoPiece]) listen(signal, undo, "click", clear);
    watch(signal, model, TRAITS, () => this.draw());
  }

  /** @param {string} tool @param {string} text what follows from it without asking anybody */
  say(tool, text) {
    this.tool = tool;
    this.text = text;
    this.draw();
  }

  draw() {
    const covering = this.tool === "patch" || this.tool === "superpixels";
    const { boxes, off } = this.model.get("touched");
    const covered = covering && (boxes.length > 0 || off.length > 0);
    const failed = this.model.get("touch_error");
    const hint = failed || (covered ? this.coverSentence() : (this.text ?? ""));
    if (hint !== this.hint.textContent) this.hint.textContent = hint;
    this.undo.hidden = !covered || this.tool === "superpixels";
    this.undoPiece.hidden = this.table.hidden = !covered;
    if (covered) this.drawRows();
    this.paint.hidden = this.tool !== "paint";
    this.fewest.hidden = this.tool !== "superpixels" || !this.model.get("pieces")?.byteLength;
    this.chart.hidden = this.tool !== "deletion" || Boolean(failed);
    if (!this.chart.hidden) this.drawCurve();
    this.element.hidden = this.tool === "read";
  }

  coverSentence() {
    const { share, value } = this.model.get("answers");
    if (share === undefined) return "Asking the network …";
    const neuron = value === null ? "" : ` The neuron's activation is ${short(value)}.`;
    return `${percent(share)} of the picture is grey.${neuron}`;
  }

  drawRows() {
    const rows = this.model.get("rows");
    const likely = rows.every((/** @type {any} */ row) => row.now >= 0 && row.now <= 1);
    const text = (/** @type {number | null} */ n) => (n === null ? "–" : likely ? percent(n) : short(n));
    this.table.replaceChildren(
      ...rows.map((/** @type {any} */ { label, before, now }) =>
        h(
          "div",
          { class: "cnnvis-touch-class" },
          h("span", { class: "cnnvis-touch-label" }, label),
          h("span", { class: "cnnvis-touch-change" }, `${text(before)} → `, h("strong", {}, text(now))),
          h(
            "span",
            { class: "cnnvis-touch-track", "aria-hidden": "true" },
            h("span", { style: `width: ${likely ? 100 * now : 0}%` }),
            h("i", { style: `left: ${likely ? 100 * (before ?? 0) : 0}%` }),
          ),
        ),
      ),
    );
  }

  drawCurve() {
    const { shares, values, chance, areas, of } = this.model.get("deletion");
    if (!shares) {
      this.chart.replaceChildren("Deleting pixels, the map's largest values first …");
      return;
    }
    if (!of) {
      this.chart.replaceChildren("The neuron is not active on this picture: there is nothing to fall.");
      return;
    }
    const most = Math.max(1, ...values, ...chance);
    const axes = new Axes({
      x: [0, 100],
      y: [0, most],
      wide: 300,
      high: 150,
      left: 40,
      xName: "grey pixels, %",
    });
    axes.axes({});
    const points = (/** @type {number[]} */ curve) =>
      curve.map((y, i) => /** @type {[number, number]} */ ([100 * shares[i], y]));
    axes.svg.append(
      axes.line(points(chance), "cnnvis-touch-chance"),
      axes.line(points(values), "cnnvis-chart-curve"),
    );
    const what = of === "probability" ? "probability" : "activation, as a share";
    const sentence =
      `Area under the ${what}: ${areas[0].toFixed(2)} with the map's largest values grey first, ` +
      `${areas[1].toFixed(2)} in random order (dashed).`;
    axes.svg.setAttribute("role", "img");
    axes.svg.setAttribute("aria-label", `Deletion curve. ${sentence}`);
    this.chart.replaceChildren(axes.svg, h("p", {}, sentence), this.reading);
  }
}
