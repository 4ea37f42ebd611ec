// An explanation as files: the view as a PNG, the values as NumPy's.
import { h } from "../toolkit/base.js";
import { pen } from "../toolkit/pixels.js";

/** @typedef {import("../toolkit/pixels.js").Shape} Shape */

/**
 * A NumPy file (format 1.0) of float32 values.
 * @param {Float32Array} values
 * @param {Shape} shape
 */
export function npyFile(values, [rows, columns]) {
  const facts = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((10 + facts.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length & 255, length >> 8]);
  return new Blob([head, `${facts.padEnd(length - 1)}\n`, values.slice()], {
    type: "application/octet-stream",
  });
}

/** Hand a file to the visitor. @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000); // the browser reads it a moment later
}

/**
 * Draw `text` in lines no wider than `width` (or only measure them) and return where the next begins.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} lineHeight
 */
export function wrapText(context, text, x, y, width, lineHeight) {
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && context.measureText(longer).width > width) {
      context.fillText(line, x, y);
      [line, y] = [word, y + lineHeight];
    } else line = longer;
  }
  if (line) context.fillText(line, x, y);
  return line ? y + lineHeight : y;
}

const APART = 8; // pixels between two labels

/**
 * Which labels of a bar fit beside each other: its ends before zero, zero before the others.
 * @param {{at: number, width: number}[]} labels in order; `at` is a share of the bar's length
 * @param {number} length
 * @returns {boolean[]}
 */
export function fitting(labels, length) {
  /** @param {{at: number, width: number}} label */
  const start = ({ at, width }) => at * (length - width);
  /** @param {number} i */
  const rank = (i) => (i === 0 || i === labels.length - 1 ? 0 : labels[i].at === 0.5 ? 1 : 2);
  /** @type {number[]} */
  const kept = [];
  for (const i of [...labels.keys()].sort((a, b) => rank(a) - rank(b))) {
    /** @param {number} k */
    const apart = (k) =>
      start(labels[i]) >= start(labels[k]) + labels[k].width + APART ||
      start(labels[k]) >= start(labels[i]) + labels[i].width + APART;
    if (kept.every(apart)) kept.push(i);
  }
  return labels.map((_, i) => kept.includes(i));
}

/** @typedef {{x: number, y: number, zoom: number}} Region its corner as shares of the picture */
/** @typedef {ReturnType<import("./pane.js").Pane["snapshot"]>} SeenPane */

/**
 * The view to be drawn.
 * @typedef {object} Seen
 * @property {SeenPane[]} panes
 * @property {number} width of one pane
 * @property {number} height
 * @property {Region} region
 * @property {boolean} smooth
 * @property {string} title
 * @property {string} over the text on the picture
 * @property {ImageData | null} bar
 * @property {{at: number, label: string}[]} ticks
 * @property {string[]} captions
 */

const [MARGIN, GAP, FONT] = [16, 12, 15];
const SCALE = 2; // a screen's resolution is too coarse for print and projectors

/**
 * A PNG of the view with title, colour bar and captions, black on white.
 * @param {Seen} view
 * @returns {Promise<Blob>}
 */
export function pngOf(view) {
  const inner = Math.max(view.panes.length * (view.width + GAP) - GAP, 320);
  const canvas = document.createElement("canvas");
  canvas.width = (inner + 2 * MARGIN) * SCALE;
  canvas.height = Math.ceil(drawPage(canvas, view, inner)) * SCALE; // first to measure
  drawPage(canvas, view, inner);
  return new Promise((resolve, reject) => {
    const done = (/** @type {Blob | null} */ blob) =>
      blob ? resolve(blob) : reject(new Error("no picture"));
    canvas.toBlob(done, "image/png");
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Seen} view
 * @param {number} inner width
 * @returns {number} its height
 */
function drawPage(canvas, view, inner) {
  const context = pen(canvas);
  context.setTransform(SCALE, 0, 0, SCALE, 0, 0);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  context.textBaseline = "top";
  context.font = `600 ${FONT + 2}px system-ui, sans-serif`;
  const { title, over, width, height } = view;
  let y = title ? wrapText(context, title, MARGIN, MARGIN, inner, FONT + 8) + 6 : MARGIN;
  view.panes.forEach((pane, n) => drawPane(context, pane, view, MARGIN + n * (width + GAP), y));
  context.font = `${FONT}px system-ui, sans-serif`;
  if (over) wrapText(context, over, MARGIN + 8, y + 8, width - 16, FONT + 6);
  y += height + 10;
  if (view.bar) {
    drawBar(context, view.bar, view.ticks, inner, y);
    y += 20 + FONT + 8;
  }
  for (const text of view.captions) y = wrapText(context, text, MARGIN, y, inner, FONT + 5);
  return y + MARGIN;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {SeenPane} pane
 * @param {Seen} view
 * @param {number} x
 * @param {number} y
 */
function drawPane(context, pane, { width, height, region, smooth }, x, y) {
  const { zoom } = region;
  const [left, top] = [region.x * zoom * width, region.y * zoom * height];
  context.save();
  clip(context, x, y, width, height);
  context.translate(x - left, y - top);
  context.imageSmoothingEnabled = smooth;
  for (const { canvas, from } of pane.layers) {
    context.save();
    clip(context, left + from * width, top, width, height);
    context.drawImage(canvas, 0, 0, width * zoom, height * zoom);
    context.restore();
  }
  const [rows, columns] = pane.size;
  const scaled = new DOMMatrix([(width * zoom) / columns, 0, 0, (height * zoom) / rows, 0, 0]);
  for (const { d, colour, halo } of pane.lines) {
    const path = new Path2D();
    path.addPath(new Path2D(d), scaled);
    Object.assign(context, { strokeStyle: halo, lineWidth: 4, lineCap: "round" });
    context.stroke(path);
    Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
    context.stroke(path);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
function clip(context, x, y, width, height) {
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ImageData} bar
 * @param {{at: number, label: string}[]} ticks
 * @param {number} inner width
 * @param {number} y
 */
function drawBar(context, bar, ticks, inner, y) {
  const strip = new OffscreenCanvas(256, 1);
  pen(strip).putImageData(bar, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(strip, MARGIN, y, inner, 14);
  const labels = ticks.map(({ at, label }) => ({ at, label, width: context.measureText(label).width }));
  fitting(labels, inner).forEach((fits, i) => {
    const { at, label, width } = labels[i];
    context.fillRect(MARGIN + at * (inner - 1), y + 14, 1, 4);
    if (fits) context.fillText(label, MARGIN + at * (inner - width), y + 20);
  });
}
