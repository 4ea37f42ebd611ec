// Shared by components that draw axes (see chart.py): this text stands before their own modules.

/** An SVG element; children may be texts. */
function drawn(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Round numbers that cut `low` … `high` into some four to seven parts. */
function roundNumbers(low, high) {
  const rough = (high - low) / 6 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= rough * (1 - 1e-9));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(k * step);
  return found;
}

/** Two axes: values to places in the drawing, and back. */
class Axes {
  /** @param {{x: number[], y: number[], wide?: number, high?: number, xName?: string, yName?: string, left?: number}} options */
  constructor({ x, y, wide = 560, high = 340, xName = "", yName = "", left = 50 }) {
    Object.assign(this, { x, y, wide, high, xName, yName, left, right: 14, top: 24, bottom: 38 });
    this.svg = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, class: "cnnvis-chart" });
    this.ground = drawn("g", { "aria-hidden": "true" });
    this.clip = uniqueId();
    this.svg.append(drawn("clipPath", { id: this.clip }, drawn("rect", { x: left, y: this.top, width: wide - left - this.right, height: high - this.top - this.bottom })), this.ground);
  }

  px(value) { return this.left + ((value - this.x[0]) / (this.x[1] - this.x[0])) * (this.wide - this.left - this.right); }

  py(value) { return this.high - this.bottom - ((value - this.y[0]) / (this.y[1] - this.y[0])) * (this.high - this.top - this.bottom); }

  /** The values under a pointer. */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    const [u, v] = [((event.clientX - box.left) / box.width) * this.wide, ((event.clientY - box.top) / box.height) * this.high];
    const across = (u - this.left) / (this.wide - this.left - this.right);
    const up = (this.high - this.bottom - v) / (this.high - this.top - this.bottom);
    return [this.x[0] + across * (this.x[1] - this.x[0]), this.y[0] + up * (this.y[1] - this.y[0])];
  }

  /** A line through values, cut off at the edges of the chart. */
  line(points, name, more = {}) {
    const far = 1e5; // pixels; beyond, some browsers draw nothing
    const place = (value) => Math.max(-far, Math.min(far, value)).toFixed(2);
    return drawn("polyline", { points: points.map(([u, v]) => `${place(this.px(u))},${place(this.py(v))}`).join(" "), class: name, "clip-path": `url(#${this.clip})`, ...more });
  }

  /** Draw the axes anew, for the present ranges. */
  axes({ xTicks = roundNumbers(...this.x), yTicks = roundNumbers(...this.y), yText = short } = {}) {
    const [bottom, right] = [this.high - this.bottom, this.wide - this.right];
    this.ground.replaceChildren(
      ...yTicks.flatMap((value) => [
        drawn("line", { x1: this.left, x2: right, y1: this.py(value), y2: this.py(value), class: "cnnvis-chart-grid" }),
        drawn("text", { x: this.left - 7, y: this.py(value) + 4, "text-anchor": "end" }, yText(value))]),
      ...xTicks.flatMap((value) => [
        drawn("line", { x1: this.px(value), x2: this.px(value), y1: bottom, y2: bottom + 5, class: "cnnvis-chart-axis" }),
        drawn("text", { x: this.px(value), y: bottom + 18, "text-anchor": "middle" }, short(value))]),
      drawn("line", { x1: this.left, x2: right, y1: bottom, y2: bottom, class: "cnnvis-chart-axis" }),
      drawn("text", { x: right, y: this.high - 5, "text-anchor": "end", class: "cnnvis-chart-name" }, this.xName),
      drawn("text", { x: 2, y: 14, class: "cnnvis-chart-name" }, this.yName),
    );
  }
}

/**
 * Where values on a grid of side × side, rows from above, have a level: a path of many short lines.
 * @param {number[]} values
 * @param {number} side
 * @param {number} level
 * @param {Axes} axes the grid fills them
 */
function levelLine(values, side, level, axes) {
  const [wide, high] = [axes.wide - axes.left - axes.right, axes.high - axes.top - axes.bottom];
  const place = (r, c) => `${(axes.left + (c + 0.5) / side * wide).toFixed(1)} ${(axes.top + (r + 0.5) / side * high).toFixed(1)}`;
  const parts = [];
  for (let i = 0; i + 1 < side; i += 1) {
    for (let j = 0; j + 1 < side; j += 1) {
      const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]];
      const cuts = corners.flatMap(([r, c], k) => {
        const [s, t] = corners[(k + 1) % 4];
        const [a, b] = [values[r * side + c] - level, values[s * side + t] - level];
        return (a > 0) === (b > 0) ? [] : [place(r + a / (a - b) * (s - r), c + a / (a - b) * (t - c))];
      });
      for (let k = 0; k + 1 < cuts.length; k += 2) parts.push(`M${cuts[k]}L${cuts[k + 1]}`);
    }
  }
  return parts.join("");
}

/**
 * A slider with its words before and its value behind it.
 * @param {{label: string, min: number, max: number, step: number | "any", onvalue: (value: number) => void, text: (value: number) => string, signal: AbortSignal}} options
 */
function labelledSlider({ label, min, max, step, onvalue, text, signal }) {
  const input = h("input", { type: "range", min, max, step, "aria-label": label });
  const output = h("span", { class: "cnnvis-chart-value" });
  const show = (value) => {
    input.value = String(value);
    output.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  input.addEventListener("input", () => { onvalue(Number(input.value)); }, { signal });
  return { element: h("label", { class: "cnnvis-chart-slider" }, h("span", {}, label), input, output), input, show };
}

/** A check box that writes a trait. */
function tickBox(model, trait, text, choose, signal) {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => choose(trait, input.checked), { signal });
  watch(model, [trait], () => { input.checked = model.get(trait); }, signal);
  return h("label", { class: "cnnvis-chart-box" }, input, text);
}

/** Draw once for all traits that change together. */
function watchTogether(model, names, draw, signal) {
  let asked = 0;
  watch(model, names, () => {
    const mine = ++asked;
    queueMicrotask(() => { if (mine === asked && !signal.aborted) draw(); });
  }, signal);
}
