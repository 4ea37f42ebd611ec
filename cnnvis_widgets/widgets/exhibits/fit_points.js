// Points in a chart that are moved, added and taken away by hand.
import { isShortcut, itemAt, listen, short, useUp } from "../toolkit/base.js";
import { drawn } from "../toolkit/svg.js";

const MOST_POINTS = 200;
const KEPT_DIGITS = 3;

/** @typedef {import("./maths/fits.js").Point} Point */

/**
 * What the points belong to.
 * @typedef {object} Host
 * @property {import("../toolkit/chart.js").Axes} axes
 * @property {AbortSignal} signal
 * @property {() => Point[]} points
 * @property {(points: Point[]) => void} change
 * @property {() => void} redraw
 * @property {() => boolean} usable
 * @property {() => number[]} groups those that there are
 * @property {() => number} hiddenGroup the group that is not drawn; -1 for none
 * @property {(group: number) => string} nameOf
 * @property {[string, string]} names of the axes
 */

/** How many digits are kept behind the point. @param {number} value @param {number} size of the axis */
const tidy = (value, size) => Number(value.toFixed(Math.max(0, KEPT_DIGITS - Math.floor(Math.log10(size)))));

/** A mark of its own for each group. @param {number} group @param {number} u @param {number} v */
function markOf(group, u, v) {
  const name = { class: `cnnvis-fit-${group}` };
  if (group === 0) return drawn("circle", { cx: u, cy: v, r: 6.5, ...name });
  if (group === 1) return drawn("rect", { x: u - 6, y: v - 6, width: 12, height: 12, ...name });
  return drawn("path", { d: `M${u} ${v - 8}l7.5 13h-15Z`, ...name });
}

export class PointEditor {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.axes = host.axes;
    this.dots = drawn("g");
    this.chosen = 0;
    this.dragged = -1;
    const { svg } = this.axes;
    svg.append(this.dots);
    listen(host.signal, svg, "pointerdown", (event) => this.press(event));
    listen(host.signal, svg, "pointermove", (event) => {
      if (this.dragged >= 0) this.put(this.dragged, this.axes.at(event));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      listen(host.signal, svg, name, () => {
        this.dragged = -1;
      });
    }
    listen(host.signal, this.dots, "focusin", (event) => {
      this.chosen = Number(event.target.dataset.key ?? this.chosen);
    });
    listen(host.signal, svg, "keydown", (event) => this.key(event));
  }

  get width() {
    return this.axes.x[1] - this.axes.x[0];
  }

  get tall() {
    return this.axes.y[1] - this.axes.y[0];
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.host.usable() || event.button) return;
    const item = itemAt(event, "[role=option]");
    if (item) {
      this.chosen = this.dragged = Number(item.dataset.key);
      this.axes.svg.setPointerCapture(event.pointerId);
      this.host.redraw();
      this.focusChosen();
      event.preventDefault();
      return;
    }
    const place = this.axes.at(event);
    if (this.inside(place).some((value, k) => value !== place[k])) return;
    this.insert(place, this.group === this.host.hiddenGroup() ? 0 : this.group);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.host.usable() || isShortcut(event) || !this.dots.contains(/** @type {Node} */ (event.target)))
      return;
    const by = event.shiftKey ? 0.05 : 0.01;
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
    const move = moves[event.key];
    const [a, b] = this.host.points()[this.chosen];
    if (move) this.put(this.chosen, [a + move[0] * this.width, b + move[1] * this.tall]);
    else if (event.key === "PageDown") this.choose(1);
    else if (event.key === "PageUp") this.choose(-1);
    else if (event.key === "Delete" || event.key === "Backspace") this.take();
    else if (event.key === "Insert") this.insert([a + 0.05 * this.width, b], this.group);
    else return;
    useUp(event);
  }

  /** Go to the next point that is seen, or the one before. @param {number} by */
  choose(by) {
    const seen = [...this.dots.children].map((item) => Number(item.getAttribute("data-key")));
    this.chosen = seen[(seen.indexOf(this.chosen) + by + seen.length) % seen.length];
    this.host.redraw();
  }

  /** @param {readonly number[]} place @returns {[number, number]} within the axes */
  inside([a, b]) {
    const { x, y } = this.axes;
    return [Math.max(x[0], Math.min(x[1], a)), Math.max(y[0], Math.min(y[1], b))];
  }

  /** @param {readonly number[]} place @param {number} group @returns {Point} */
  point(place, group) {
    const [a, b] = this.inside(place);
    return [tidy(a, this.width), tidy(b, this.tall), group];
  }

  /** @param {number} index @param {readonly number[]} place */
  put(index, place) {
    const points = this.host.points().slice();
    points[index] = this.point(place, points[index][2]);
    this.host.change(points);
  }

  focusChosen() {
    const item = this.dots.querySelector(`[data-key="${this.chosen}"]`);
    if (item instanceof SVGElement) item.focus({ preventScroll: true });
  }

  /** @param {readonly number[]} place @param {number} group */
  insert(place, group) {
    const points = this.host.points();
    if (points.length >= MOST_POINTS) return;
    this.chosen = points.length;
    this.host.change([...points, this.point(place, group)]);
  }

  /** Take the chosen point away. */
  take() {
    const points = this.host.points().filter((_, i) => i !== this.chosen);
    this.chosen = Math.max(0, Math.min(this.chosen, points.length - 1));
    this.host.change(points);
  }

  /** The chosen point's group. */
  get group() {
    return this.host.points()[this.chosen]?.[2] ?? 0;
  }

  /** Give the chosen point to the next group. */
  turn() {
    const all = this.host.groups();
    const next = all[(all.indexOf(this.group) + 1) % all.length];
    this.host.change(this.host.points().map(([a, b, group], i) => [a, b, i === this.chosen ? next : group]));
  }

  draw() {
    const points = this.host.points();
    this.chosen = Math.max(0, Math.min(this.chosen, points.length - 1));
    const held = this.dots.contains(document.activeElement);
    const seen = [...points.keys()].filter((i) => points[i][2] !== this.host.hiddenGroup());
    this.dots.replaceChildren(...seen.map((i) => this.dot(points[i], i, points.length)));
    if (held) this.focusChosen();
  }

  /** @param {Point} point @param {number} index @param {number} count */
  dot([a, b, group], index, count) {
    const [u, v] = [this.axes.px(a), this.axes.py(b)];
    const { names, nameOf } = this.host;
    const words = `${nameOf(group)}: ${names[0]} ${short(a)}, ${names[1]} ${short(b)}`;
    return drawn(
      "g",
      {
        role: "option",
        "data-key": index,
        tabindex: index === this.chosen ? 0 : -1,
        "aria-selected": String(index === this.chosen),
        "aria-label": `point ${index + 1} of ${count}, ${words}`,
      },
      drawn("circle", { cx: u, cy: v, r: 16, class: "cnnvis-fit-reach" }),
      markOf(group, u, v),
    );
  }
}
