/** A window that slides over numbers; see convolution.py. */
import { arrowStep, errorLine, h, listen, rendering, watch, watchTogether } from "../toolkit/base.js";
import { chooser, frame, numberField } from "../toolkit/control.js";
import { canvasOf, largest, numberGrid, paintMap, tint, titled } from "./convolution_parts.js";
import { added, cellText, pooled, rule } from "./convolution_words.js";
import { outcome, partials, resultSize, windowAt } from "./maths/convolution.js";

const MOST_CELLS = 256; // beyond, an input is shown as a picture
const PACE_MS = 450; // between two places of the play button; a picture's rows go faster
const OWN = "your own"; // kernel

/** @typedef {import("./convolution_parts.js").Part} Part */
/** @typedef {import("./convolution_parts.js").Out} Out */

/** One channel of numbers. @param {number[][][]} numbers @param {number} channel */
const planeOf = (numbers, channel) => numbers.map((line) => line.map((cell) => cell[channel]));

/** @param {string} sign */
const signOf = (sign) => h("span", { class: "cnnvis-conv-sign", "aria-hidden": "true" }, sign);

class ConvolutionView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "convolution", signal);
    this.choose = chooser(model);
    const stride = this.entry("stride", "stride", 1, 8);
    this.border = this.entry("padding", "padding", 0, 8);
    this.bias = this.entry("bias", "bias", undefined, undefined, false);
    this.presets = h("select", { "aria-label": "a kernel that is known" });
    this.play = h("button", { type: "button" });
    this.rows = h("div", { class: "cnnvis-conv-rows" });
    this.results = h("div", { class: "cnnvis-conv-results" });
    this.sum = h("p", { class: "cnnvis-conv-sum" });
    this.size = h("p", { class: "cnnvis-hint" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    // One field changes whichever number of the input or the kernel is chosen.
    this.edited = { trait: "kernel", row: 0, column: 0, channel: 0 };
    this.editor = numberField({
      label: "",
      whole: false,
      signal,
      onvalue: (value) => {
        const numbers = structuredClone(this.get(this.edited.trait));
        numbers[this.edited.row][this.edited.column][this.edited.channel] = value;
        this.choose(this.edited.trait, numbers);
      },
    });
    this.kernelChoice = h("label", { class: "cnnvis-entry" }, h("span", {}, "kernel"), this.presets);
    this.field.append(
      h(
        "div",
        { class: "cnnvis-line" },
        this.play,
        stride.element,
        this.border.element,
        this.bias.element,
        this.kernelChoice,
      ),
      stride.complaint,
      this.border.complaint,
      this.bias.complaint,
      h("div", { class: "cnnvis-conv" }, this.rows, this.results),
      h("div", { class: "cnnvis-line cnnvis-conv-editor" }, this.editor.element),
      this.editor.complaint,
      this.sum,
      this.size,
      this.spoken,
    );
    /** @type {Part[]} */
    this.parts = [];
    /** @type {Out[]} */
    this.outs = [];
    this.speaking = 0;
    this.shape = ""; // of what is drawn
    this.timer = 0;
    this.stop();
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.presets, "change", () => {
      const kernel = this.get("_presets")[this.presets.value];
      if (kernel) this.choose("kernel", kernel);
    });
    watch(this.signal, this.model, ["_presets"], () => {
      this.presets.replaceChildren(
        ...[OWN, ...Object.keys(this.get("_presets"))].map((name) => h("option", { value: name }, name)),
      );
    });
    watch(this.signal, this.model, ["kernel", "_presets"], () => {
      const now = JSON.stringify(this.get("kernel"));
      this.presets.value =
        Object.entries(this.get("_presets")).find(([, kernel]) => JSON.stringify(kernel) === now)?.[0] ?? OWN;
    });
    const names = [
      "values",
      "kernel",
      "stride",
      "padding",
      "bias",
      "operation",
      "at",
      "channel_names",
      "_presets",
    ];
    watchTogether(this.signal, this.model, names, () => this.refresh());
    listen(this.signal, this.play, "click", () => this.start());
    this.signal.addEventListener("abort", () => {
      this.stop();
      clearTimeout(this.speaking);
    });
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  pooling() {
    return this.get("operation") !== "convolution";
  }

  padding() {
    return this.pooling() ? 0 : this.get("padding");
  }

  sizes() {
    const [values, kernel] = [this.get("values"), this.get("kernel")];
    return {
      rows: values.length,
      columns: values[0].length,
      channels: values[0][0].length,
      high: kernel.length,
      wide: kernel[0].length,
    };
  }

  isPicture() {
    return this.sizes().rows * this.sizes().columns > MOST_CELLS;
  }

  /** Rows and columns of the result. */
  outSize() {
    const { rows, columns, high, wide } = this.sizes();
    return resultSize([rows, columns], [high, wide], this.get("stride"), this.padding());
  }

  /** The chosen place of the result. @returns {number[]} */
  place() {
    return this.get("at").map((i, axis) => Math.min(i, this.outSize()[axis] - 1));
  }

  /** All results. */
  everything() {
    const [rows, columns] = this.outSize();
    return Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (__, j) =>
        outcome(this.windowAt([i, j]), this.get("kernel"), this.get("bias"), this.get("operation")),
      ),
    );
  }

  /** What is under the window there. @param {number[]} place */
  windowAt(place) {
    const { high, wide } = this.sizes();
    return windowAt(this.get("values"), place, [high, wide], this.get("stride"), this.padding());
  }

  entry(trait, label, low, high, whole = true) {
    const made = numberField({ label, whole, signal: this.signal, onvalue: (n) => this.choose(trait, n) });
    made.limits(low, high);
    watch(this.signal, this.model, [trait], () => made.show(this.get(trait)));
    return made;
  }

  nameOf(channel) {
    return this.get("channel_names")[channel] ?? `channel ${channel + 1}`;
  }

  edit(trait, channel) {
    return (row, column) => {
      const shift = trait === "values" ? this.padding() : 0;
      const { rows: most, columns: wide } = this.sizes();
      const [r, c] = [row - shift, column - shift];
      if (trait === "values" && (r < 0 || c < 0 || r >= most || c >= wide)) return; // a zero of the padding
      this.edited = { trait, row: r, column: c, channel };
      this.showEditor();
    };
  }

  showEditor() {
    const there =
      this.get(this.edited.trait)[this.edited.row]?.[this.edited.column]?.[this.edited.channel] !== undefined;
    if (!there || (this.pooling() && this.edited.trait === "kernel")) {
      this.edited = { trait: this.pooling() ? "values" : "kernel", row: 0, column: 0, channel: 0 };
    }
    const { trait, row, column, channel } = this.edited;
    const value = this.get(trait)[row][column][channel];
    const of = this.sizes().channels > 1 ? `, ${this.nameOf(channel)}` : "";
    const name = trait === "kernel" ? "kernel" : "input";
    this.editor.words.textContent = `${name}, row ${row}, column ${column}${of}:`;
    this.editor.show(value);
    for (const part of this.parts) {
      const here = part.channel === channel;
      const shifted = [row + this.padding(), column + this.padding()];
      part.input?.frame(here && trait === "values" ? shifted : null);
      part.kernel?.frame(here && trait === "kernel" ? [row, column] : null);
    }
  }

  /** Tables or pictures for the present sizes. */
  build() {
    const { channels } = this.sizes();
    /** @param {number} channel */
    const of = (channel) => (channels > 1 ? `, ${this.nameOf(channel)}` : "");
    this.parts = Array.from({ length: channels }, (_, channel) => this.makePart(channel, of(channel)));
    this.rows.classList.toggle("cnnvis-conv-several", channels > 1);
    this.rows.replaceChildren(
      ...this.parts.map(({ channel, input, kernel, map, part }) =>
        h(
          "div",
          { class: "cnnvis-conv-row" },
          titled(`input${of(channel)}`, input?.table ?? map),
          ...(kernel ? [signOf("∗"), titled(`kernel${of(channel)}`, kernel.table)] : []),
          ...(kernel && channels > 1 ? [part] : []),
        ),
      ),
    );
    const several = this.pooling() && channels > 1;
    const labels = Array.from({ length: several ? channels : 1 }, (_, k) => `result${several ? of(k) : ""}`);
    this.outs = labels.map((label, channel) => this.makeOut(channel, label));
    const outs = this.outs.map(({ grid, map }, k) => titled(labels[k], grid?.table ?? map));
    this.results.replaceChildren(signOf("="), h("div", {}, ...outs));
    this.border.element.hidden = this.pooling();
    this.bias.element.hidden = this.pooling();
    this.kernelChoice.hidden = this.pooling() || !Object.keys(this.get("_presets")).length;
    this.editor.element.hidden = this.pooling() && this.isPicture();
    this.draw();
  }

  /** A channel's input and kernel. @param {number} channel @param {string} of @returns {Part} */
  makePart(channel, of) {
    const input = this.isPicture()
      ? null
      : numberGrid(`input${of}`, this.edit("values", channel), this.signal);
    const kernel = this.pooling()
      ? null
      : numberGrid(`kernel${of}`, this.edit("kernel", channel), this.signal);
    const part = h("p", { class: "cnnvis-conv-partial" });
    return { channel, input, kernel, map: canvasOf(`input${of}`), part };
  }

  /** One map of the result. @param {number} channel @param {string} label @returns {Out} */
  makeOut(channel, label) {
    const map = canvasOf(label);
    if (!this.isPicture()) {
      const grid = numberGrid(label, (row, column) => this.choose("at", [row, column]), this.signal);
      return { channel, grid, map };
    }
    map.tabIndex = 0;
    map.setAttribute("role", "application");
    /** @param {number[]} place */
    const go = (place) => {
      const limits = this.outSize();
      this.choose(
        "at",
        place.map((i, axis) => Math.max(0, Math.min(limits[axis] - 1, i))),
      );
    };
    listen(this.signal, map, "keydown", (event) => {
      const step = arrowStep(event);
      if (!step) return;
      event.preventDefault();
      go(this.place().map((i, axis) => i + step[axis]));
    });
    listen(this.signal, map, "click", (event) => {
      const box = map.getBoundingClientRect();
      const shares = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      const size = this.outSize();
      if (!map.closest("fieldset[disabled]")) go(shares.map((share, axis) => Math.floor(share * size[axis])));
    });
    return { channel, grid: null, map };
  }

  draw() {
    const place = this.place();
    const all = this.everything();
    const window = this.windowAt(place);
    this.drawParts(place, partials(window, this.get("kernel")));
    this.drawOuts(place, all);
    const what = all[place[0]][place[1]];
    const [kernel, bias] = [this.get("kernel"), this.get("bias")];
    this.sum.textContent = this.pooling()
      ? pooled(this.get("operation"), window, what)
      : added(window, kernel, bias, what[0]);
    const { rows, columns, high, wide } = this.sizes();
    const out = this.outSize();
    const padding = this.pooling() ? null : this.padding();
    const rules = [
      rule(rows, high, out[0], this.get("stride"), padding),
      rule(columns, wide, out[1], this.get("stride"), padding),
    ];
    this.size.textContent = `rows: ${rules[0]};  columns: ${rules[1]}`;
    this.showEditor();
    clearTimeout(this.speaking);
    this.speaking = globalThis.setTimeout(() => {
      this.spoken.textContent = `row ${place[0]}, column ${place[1]}: ${what.map(cellText).join(", ")}`;
    }, 700);
  }

  /** @param {number[]} place @param {number[]} sums of each channel */
  drawParts(place, sums) {
    const { rows, columns, high, wide } = this.sizes();
    const [values, kernel, pad] = [this.get("values"), this.get("kernel"), this.padding()];
    const [top, left] = place.map((i) => i * this.get("stride"));
    const [inEnd, kernelEnd] = [largest(values), largest(kernel)];
    for (const { channel, input, kernel: grid, map, part } of this.parts) {
      if (input) {
        const padded = Array.from({ length: rows + 2 * pad }, (_, i) =>
          Array.from({ length: columns + 2 * pad }, (__, j) => values[i - pad]?.[j - pad]?.[channel] ?? 0),
        );
        input.fill(padded, (i, j, value) => {
          const outside = i < pad || j < pad || i >= rows + pad || j >= columns + pad;
          const marked = i >= top && i < top + high && j >= left && j < left + wide;
          const name = outside ? "a zero of the padding" : `input, row ${i - pad}, column ${j - pad}`;
          return { colour: tint(value, inEnd), outside, marked, name };
        });
      } else {
        const frameAt = [top - pad, left - pad, high, wide];
        paintMap(map, planeOf(values, channel), { signed: false, frameAt });
      }
      grid?.fill(planeOf(kernel, channel), (i, j, value) => {
        return { colour: tint(value, kernelEnd), name: `kernel, row ${i}, column ${j}` };
      });
      part.textContent = `adds ${cellText(sums[channel])}`;
    }
  }

  /** @param {number[]} place @param {number[][][]} all results */
  drawOuts([row, column], all) {
    const end = largest(all);
    for (const { channel, grid, map } of this.outs) {
      const plane = planeOf(all, channel);
      if (grid) {
        grid.fill(plane, (i, j, value) => {
          const chosen = i === row && j === column;
          return { colour: tint(value, end), marked: chosen, chosen, name: `result, row ${i}, column ${j}` };
        });
      } else {
        const signed = plane.flat().some((value) => value < 0);
        paintMap(map, plane, { signed, frameAt: [row, column, 1, 1] });
        const here = `chosen row ${row}, column ${column}: ${cellText(plane[row][column])}`;
        const label = `result, ${plane.length} × ${plane[0].length}, ${here}; arrow keys move`;
        map.setAttribute("aria-label", label);
      }
    }
  }

  refresh() {
    const now = JSON.stringify([this.sizes(), this.pooling(), this.get("channel_names")]);
    if (now === this.shape) this.draw();
    else {
      this.shape = now;
      this.build();
    }
  }

  /** Slide over all places, or pause. */
  start() {
    if (this.timer) {
      this.stop();
      return;
    }
    const [last, width] = this.outSize();
    if (this.place()[0] === last - 1 && this.place()[1] === width - 1) this.choose("at", [0, 0]);
    this.play.textContent = "❚❚ Pause";
    const stepBy = Math.max(1, Math.round((last * width) / 60));
    const step = () => {
      const [many, across] = this.outSize();
      const next = this.place()[0] * across + this.place()[1] + stepBy;
      if (next >= many * across || this.get("disabled")) this.stop();
      else this.choose("at", [Math.floor(next / across), next % across]);
    };
    this.timer = window.setInterval(step, this.isPicture() ? PACE_MS / 4 : PACE_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "▶ Slide";
  }
}

const render = rendering(ConvolutionView);

export default { render };
