// The layers of a network as boxes, and the lines between them.
import { h } from "../toolkit/base.js";
import { COLOURS, SHORT_KINDS, SORT_WORDS } from "../toolkit/layer_kinds.js";
import { drawn } from "../toolkit/svg.js";

/** @typedef {(number | null)[]} Shape rows, columns, channels; null where any will do */
/** @typedef {[number, number]} Place column and lane */
/**
 * @typedef {object} Box
 * @property {string} name
 * @property {string} kind
 * @property {string} sort
 * @property {string[]} then
 * @property {string} window
 * @property {string} field
 * @property {string[]} inputs
 * @property {Shape} shape
 * @property {number} parameters
 * @property {Place} place
 */
/** @typedef {{name: string, place: Place, inside: boolean}} Start */
/** @typedef {ReturnType<typeof layoutOf>} Layout */

const [WIDE, GAP, LANE, TOP, FOOT] = [68, 24, 118, 22, 74];
const [HIGHEST, LOWEST, LARGEST] = [96, 22, 320]; // pixels of a box; rows that make the highest one
/** With thin spaces. @param {number} number */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
/** @param {Shape} shape */
export const times = (shape) => shape.map((n) => n ?? "?").join(" × ");

/** How high a box is: by its rows, in logarithmic steps. @param {Box} box */
function heightOf({ shape }) {
  if (shape.length < 3) return LOWEST + 8;
  const share = Math.log2(1 + (shape[0] ?? 1)) / Math.log2(1 + LARGEST);
  return LOWEST + (HIGHEST - LOWEST) * Math.min(1, share);
}

/**
 * Where columns and lanes are.
 * @param {Box[]} boxes
 * @param {Start} start
 * @param {Place[][]} edges
 */
export function layoutOf(boxes, start, edges) {
  const lanes = [start.place, ...boxes.map(({ place }) => place), ...edges.flat()].map(([, lane]) => lane);
  const [low, high] = [Math.min(...lanes), Math.max(...lanes)];
  const columns = 1 + Math.max(...boxes.map(({ place }) => place[0]));
  return {
    width: columns * (WIDE + GAP) + 8,
    height: TOP + (high - low + 1) * LANE + FOOT - 40,
    x: (/** @type {number} */ column) => 4 + column * (WIDE + GAP),
    y: (/** @type {number} */ lane) => TOP + (lane - low + 0.5) * LANE - 8,
  };
}

/** A curve from box to box, and its tip. @param {Place[]} line @param {Layout} layout */
export function edgeOf(line, { x, y }) {
  const last = line.length - 1;
  const points = line.map(([column, lane], i) => [
    i === 0 ? x(column) + WIDE : i === last ? x(column) - 5 : x(column) + WIDE / 2,
    y(lane),
  ]);
  let path = `M${points[0]}`;
  for (let i = 1; i < points.length; i += 1) {
    const middle = (points[i - 1][0] + points[i][0]) / 2;
    path += `C${middle},${points[i - 1][1]} ${middle},${points[i][1]} ${points[i]}`;
  }
  const [tipX, tipY] = points[last];
  return [
    drawn("path", { d: path, class: "cnnvis-arch-edge" }),
    drawn("path", { d: `M${tipX} ${tipY - 4}l6 4l-6 4Z`, class: "cnnvis-arch-tip" }),
  ];
}

/** The input's name. @param {Start} start @param {Layout} layout */
export function startOf({ name, place, inside }, { x, y }) {
  const at = { x: x(place[0]) + WIDE, y: y(place[1]) - 8 };
  return drawn("text", { ...at, "text-anchor": "end", class: "cnnvis-arch-start" }, inside ? "input" : name);
}

/** @param {Box} box @param {Layout} layout @param {number} most parameters of a box */
export function boxOf(box, { x, y }, most) {
  const [left, middle, tall] = [x(box.place[0]), y(box.place[1]), heightOf(box)];
  const kind = SHORT_KINDS[box.kind] ?? box.kind;
  /** @param {number} dy @param {string} words @param {string} name */
  const text = (dy, words, name) =>
    drawn("text", { x: left + WIDE / 2, y: middle + dy, "text-anchor": "middle", class: name }, words);
  const [rows, columns, channels] = box.shape;
  const shape =
    box.shape.length === 3 ? [`${rows ?? "?"} × ${columns ?? "?"}`, `× ${channels}`] : [times(box.shape)];
  const second = box.window ? box.window.split(",")[0] : (kind.split(" ")[1] ?? "");
  const label = `${box.name}: ${kind}, ${times(box.shape)}, ${grouped(box.parameters)} parameters`;
  const top = middle - tall / 2;
  const item = drawn(
    "g",
    { role: "option", "data-key": box.name, tabindex: -1, "aria-label": label },
    drawn("rect", { x: left, y: top, width: WIDE, height: tall, rx: 4, fill: COLOURS[box.sort] }),
    text(-1, kind.split(" ")[0], "cnnvis-arch-kind"),
    text(11, second, "cnnvis-arch-kind"),
    ...shape.map((line, i) => text(tall / 2 + 13 + 12 * i, line, "cnnvis-arch-shape")),
  );
  if (box.parameters) {
    const width = Math.max(1.5, (WIDE * box.parameters) / most);
    item.append(drawn("rect", { x: left, y: top - 7, width, height: 4, class: "cnnvis-arch-share" }));
  }
  return item;
}

/** What the colours say. @param {Box[]} boxes */
export function legendOf(boxes) {
  const present = Object.keys(COLOURS).filter((sort) => boxes.some((box) => box.sort === sort));
  const bar = h("span", { class: "cnnvis-arch-swatch cnnvis-arch-bar" });
  return [
    ...present.map((sort) => {
      const swatch = h("span", { class: "cnnvis-arch-swatch", style: `background: ${COLOURS[sort]}` });
      return h("span", {}, swatch, SORT_WORDS[sort]);
    }),
    h("span", {}, bar, "share of the parameters"),
  ];
}
