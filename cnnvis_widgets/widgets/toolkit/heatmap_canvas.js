// Raw numbers to pixels, lines and files; the formulas are those of cnnvis_widgets/rendering.

/** @typedef {{low: number, high: number, kind: "sequential" | "diverging"}} Scale */
/** @typedef {[number, number]} Shape rows, columns */

/** What Python sent as bytes, in memory of its own: buffers come unaligned. */
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
/** The same as float32, little-endian like every machine that runs a browser. */
const floatsOf = (view) => new Float32Array(bytesOf(view).buffer);

/**
 * Places on the colour bar, in [0, 1]; zero is 0.5 of a diverging scale and 0 of a sequential one.
 * @param {Float32Array} values
 * @param {Scale} scale
 */
function placesOf(values, scale) {
  const zero = scale.kind === "diverging" ? 0.5 : 0;
  const slope = scale.high > 0 ? (1 - zero) / scale.high : 0;
  return values.map((value) => Math.min(1, Math.max(0, zero + value * slope)));
}

/**
 * Values on a finer grid, bilinearly: centres at half-integers, the border value goes on outside.
 * @param {Float32Array} values
 * @param {Shape} shape
 * @param {Shape} finer
 */
function enlarged(values, [rows, columns], [fineRows, fineColumns]) {
  if (rows === fineRows && columns === fineColumns) return values;
  const between = (coarse, fine) => Array.from({ length: fine }, (_, i) => {
    const at = Math.min(coarse - 1, Math.max(0, ((i + 0.5) * coarse) / fine - 0.5));
    const first = Math.floor(at);
    return { first, next: Math.min(coarse - 1, first + 1), share: at - first };
  });
  const across = between(columns, fineColumns);
  const result = new Float32Array(fineRows * fineColumns);
  between(rows, fineRows).forEach(({ first, next, share }, r) => {
    across.forEach((c, i) => {
      const row = (n) => values[n * columns + c.first] * (1 - c.share) + values[n * columns + c.next] * c.share;
      result[r * fineColumns + i] = row(first) * (1 - share) + row(next) * share;
    });
  });
  return result;
}

// A clamped array rounds halves to even, exactly as numpy.rint does.
const rounding = new Uint8ClampedArray(1);
/** The row of the colour table for a place in [0, 1], times three. */
function entry(place) {
  rounding[0] = place * 255;
  return 3 * rounding[0];
}

/**
 * @param {Float32Array} places
 * @param {Uint8Array} table 256 × 3
 * @param {Shape} shape
 * @returns {ImageData} each place in the table's colour
 */
function colourized(places, table, [rows, columns]) {
  const image = new ImageData(columns, rows);
  places.forEach((place, i) => {
    const at = entry(place);
    for (let k = 0; k < 3; k += 1) image.data[4 * i + k] = table[at + k];
    image.data[4 * i + 3] = 255;
  });
  return image;
}

/** How much of the picture a colour covers. */
const alphaOf = (place, kind, opacity, blend) => (blend === "uniform" ? opacity
  : opacity * (kind === "diverging" ? Math.abs(2 * place - 1) : place));

/**
 * The map laid over the picture.
 * @param {ImageData} below
 * @param {Float32Array} places
 * @param {Uint8Array} table
 * @param {{kind: string, opacity: number, blend: string}} look
 */
function blended(below, places, table, { kind, opacity, blend }) {
  const image = new ImageData(below.width, below.height);
  places.forEach((place, i) => {
    const alpha = alphaOf(place, kind, opacity, blend);
    const at = entry(place);
    for (let k = 0; k < 3; k += 1) {
      image.data[4 * i + k] = below.data[4 * i + k] * (1 - alpha) + table[at + k] * alpha;
    }
    image.data[4 * i + 3] = 255;
  });
  return image;
}

/** The picture without its colours (ITU-R BT.601 luma). @param {ImageData} picture */
function greyed(picture) {
  const image = new ImageData(picture.width, picture.height);
  for (let i = 0; i < image.data.length; i += 4) {
    const luma = 0.299 * picture.data[i] + 0.587 * picture.data[i + 1] + 0.114 * picture.data[i + 2];
    for (let k = 0; k < 3; k += 1) image.data[i + k] = luma;
    image.data[i + 3] = 255;
  }
  return image;
}

/**
 * The colours of a colour bar from low to high; beside an overlay, those that it shows over mid-grey.
 * @param {Scale} scale
 * @param {Uint8Array} table
 * @param {{opacity: number, blend: string} | null} over
 */
function barOf(scale, table, over) {
  const zero = scale.kind === "diverging" ? 0.5 : 0;
  const places = Float64Array.from({ length: 256 }, (_, i) => (scale.high > 0 ? i / 255 : zero));
  const grey = new ImageData(256, 1);
  grey.data.fill(128);
  return over ? blended(grey, places, table, { kind: scale.kind, ...over }) : colourized(places, table, [1, 256]);
}

/**
 * Lines of equal value, as a path in pixels of the picture (whose centres lie at half-integers).
 * @param {Float32Array} values
 * @param {Shape} shape
 * @param {number} level
 */
function isoPath(values, [rows, columns], level) {
  const parts = [];
  for (let r = 0; r + 1 < rows; r += 1) {
    for (let c = 0; c + 1 < columns; c += 1) {
      const i = r * columns + c;
      // The corners clockwise from the upper left; where an edge's ends differ, a line crosses it.
      const corners = [values[i], values[i + 1], values[i + columns + 1], values[i + columns]];
      const inside = corners.map((value) => value > level);
      if (inside.every((is) => is === inside[0])) continue;
      const crossing = (k) => {
        const share = (level - corners[k]) / (corners[(k + 1) % 4] - corners[k]);
        const [x, y] = [[share, 0], [1, share], [1 - share, 1], [0, 1 - share]][k];
        return `${(c + 0.5 + x).toFixed(2)} ${(r + 0.5 + y).toFixed(2)}`;
      };
      const edges = [0, 1, 2, 3].filter((k) => inside[k] !== inside[(k + 1) % 4]);
      // A saddle: one line around each of the two high corners, as skimage draws it.
      if (edges.length === 4 && inside[0]) edges.push(edges.shift());
      for (let k = 0; k < edges.length; k += 2) parts.push(`M${crossing(edges[k])}L${crossing(edges[k + 1])}`);
    }
  }
  return parts.join("");
}

/** Black or white, whichever sets a line of this colour off from what lies under it. */
const haloOf = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b < 128 ? "#fff" : "#000");

/** A raw value as short text: 0.0134, −2.5, 1.2×10⁻⁶. */
function formatted(value, digits = 4) {
  if (value === 0) return "0";
  const sign = value < 0 ? "−" : "";
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const [mantissa, exponent] = Math.abs(value).toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -3 && power < 5) return sign + trim(Math.abs(value).toFixed(Math.max(digits - 1 - power, 0)));
  const raised = String(power).replace(/./g, (sign_) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign_)]);
  return `${sign}${trim(mantissa)}×10${raised}`;
}

/**
 * The bytes of a PNG or JPEG file as pixels; null where there are none.
 * @param {DataView} file
 * @returns {Promise<ImageData | null>}
 */
async function pixelsOf(file) {
  if (!file?.byteLength) return null;
  const bitmap = await createImageBitmap(new Blob([bytesOf(file)]), { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return pixels;
}

/** Put pixels on a canvas that has exactly as many. */
function paint(canvas, pixels) {
  if (canvas.width !== pixels.width) canvas.width = pixels.width;
  if (canvas.height !== pixels.height) canvas.height = pixels.height;
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
}

/**
 * A NumPy file (format 1.0) of float32 values.
 * @param {Float32Array} values
 * @param {Shape} shape
 */
function npyFile(values, [rows, columns]) {
  const facts = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((10 + facts.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length & 255, length >> 8]);
  return new Blob([head, `${facts.padEnd(length - 1)}\n`, values], { type: "application/octet-stream" });
}

/** Hand a file to the visitor. @param {Blob} blob @param {string} name */
function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000); // the browser reads it a moment later
}

/**
 * Draw `text` in lines no wider than `width` (or only measure them) and return where the next begins.
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 */
function wrapText(context, text, x, y, width, lineHeight) {
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

/**
 * Which labels of a bar can stand beside each other: its ends before zero, zero before the others.
 * @param {{at: number, width: number}[]} labels in order; `at` is a share of the bar's length
 * @param {number} length
 * @returns {boolean[]}
 */
function fitting(labels, length) {
  const GAP = 8;
  const start = ({ at, width }) => at * (length - width);
  const rank = (i) => (i === 0 || i === labels.length - 1 ? 0 : labels[i].at === 0.5 ? 1 : 2);
  /** @type {number[]} */
  const kept = [];
  for (const i of [...labels.keys()].sort((a, b) => rank(a) - rank(b))) {
    const apart = (k) => start(labels[i]) >= start(labels[k]) + labels[k].width + GAP
      || start(labels[k]) >= start(labels[i]) + labels[i].width + GAP;
    if (kept.every(apart)) kept.push(i);
  }
  return labels.map((_, i) => kept.includes(i));
}

/**
 * A PNG of what is seen, with title, colour bar and what has to be known, black on white.
 * @param {{panes: {layers: {canvas: HTMLCanvasElement, from: number}[], lines: {d: string, colour: string, halo: string}[],
 *   size: Shape}[], width: number, height: number, region: {x: number, y: number, zoom: number}, smooth: boolean,
 *   title: string, over: string, bar: ImageData | null, ticks: {at: number, label: string}[], captions: string[]}} seen
 *   `from`: a layer is seen right of this share of its pane; width and height: of one pane
 * @returns {Promise<Blob>}
 */
function pngOf({ panes, width, height, region, smooth, title, over, bar, ticks, captions }) {
  const [margin, gap, font] = [16, 12, 15];
  const inner = Math.max(panes.length * (width + gap) - gap, 320);
  const scale = 2; // printed or projected, a screen's own pixels are too coarse
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const draw = () => {
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "#000";
    context.textBaseline = "top";
    context.font = `600 ${font + 2}px system-ui, sans-serif`;
    let y = title ? wrapText(context, title, margin, margin, inner, font + 8) + 6 : margin;
    panes.forEach((pane, n) => {
      const x = margin + n * (width + gap);
      context.save();
      context.beginPath();
      context.rect(x, y, width, height);
      context.clip();
      context.translate(x - region.x * region.zoom * width, y - region.y * region.zoom * height);
      context.imageSmoothingEnabled = smooth;
      for (const { canvas: layer, from } of pane.layers) {
        context.save();
        context.beginPath();
        context.rect((region.x * region.zoom + from) * width, region.y * region.zoom * height, width, height);
        context.clip();
        context.drawImage(layer, 0, 0, width * region.zoom, height * region.zoom);
        context.restore();
      }
      const [sx, sy] = [(width * region.zoom) / pane.size[1], (height * region.zoom) / pane.size[0]];
      for (const { d, colour, halo } of pane.lines) {
        const path = new Path2D();
        path.addPath(new Path2D(d), new DOMMatrix([sx, 0, 0, sy, 0, 0]));
        for (const [ink, thick] of [[halo, 4], [colour, 2]]) {
          Object.assign(context, { strokeStyle: ink, lineWidth: thick, lineCap: "round" });
          context.stroke(path);
        }
      }
      context.restore();
    });
    context.font = `${font}px system-ui, sans-serif`;
    if (over) wrapText(context, over, margin + 8, y + 8, width - 16, font + 6);
    y += height + 10;
    if (bar) {
      const strip = new OffscreenCanvas(256, 1);
      strip.getContext("2d").putImageData(bar, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(strip, margin, y, inner, 14);
      const labels = ticks.map(({ at, label }) => ({ at, label, width: context.measureText(label).width }));
      fitting(labels, inner).forEach((fits, i) => {
        const { at, label, width: wide } = labels[i];
        context.fillRect(margin + at * (inner - 1), y + 14, 1, 4);
        if (fits) context.fillText(label, margin + at * (inner - wide), y + 20);
      });
      y += 20 + font + 8;
    }
    for (const text of captions) y = wrapText(context, text, margin, y, inner, font + 5);
    return y + margin;
  };
  canvas.width = (inner + 2 * margin) * scale;
  canvas.height = Math.ceil(draw()) * scale; // once to measure, once for good
  draw();
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

const svg = (tag, attributes = {}) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** One rectangle in which a picture stands: two canvases, of which the upper may be cut, and lines. */
class Pane {
  constructor(label) {
    this.under = h("canvas", { class: "cnnvis-view-pixels" });
    this.over = h("canvas", { class: "cnnvis-view-pixels" });
    this.cut = h("div", { class: "cnnvis-view-cut", hidden: true }, this.over);
    this.contours = svg("g");
    this.marks = [svg("path", { class: "cnnvis-view-mark-halo" }), svg("path", { class: "cnnvis-view-mark" })];
    this.svg = svg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.svg.append(this.contours, ...this.marks);
    this.element = h("div", { class: "cnnvis-view-pane", role: "img", "aria-label": label }, this.under, this.cut, this.svg);
  }

  /** @param {{under: ImageData | null, over?: ImageData | null, lines?: any[]}} content @param {Shape} grid */
  draw({ under, over = null, lines = [] }, grid) {
    this.element.hidden = !under;
    this.cut.hidden = !over;
    this.lines = lines;
    this.grid = grid;
    if (under) paint(this.under, under);
    if (over) paint(this.over, over);
    this.contours.replaceChildren(...lines.flatMap(({ d, colour, halo }) => [
      svg("path", { d, stroke: halo, class: "cnnvis-view-halo" }), svg("path", { d, stroke: colour, class: "cnnvis-view-line" }),
    ]));
  }

  /** Show the region that begins at (x, y), both shares of the picture. */
  place({ x, y, zoom }, split) {
    for (const canvas of [this.under, this.over]) {
      Object.assign(canvas.style, {
        left: `${-100 * x * zoom}%`, top: `${-100 * y * zoom}%`, width: `${100 * zoom}%`, height: `${100 * zoom}%`,
      });
    }
    this.cut.style.clipPath = `inset(0 0 0 ${100 * split}%)`;
    this.element.classList.toggle("cnnvis-view-zoomed", zoom > 1);
    const [rows, columns] = this.grid ?? [1, 1];
    this.svg.setAttribute("viewBox", `${x * columns} ${y * rows} ${columns / zoom} ${rows / zoom}`);
  }

  /** Frame a cell, `full` with lines across the picture; null takes the mark away. */
  mark(cell, cells, full) {
    let d = "";
    if (cell && this.grid) {
      const [height, width] = [this.grid[0] / cells[0], this.grid[1] / cells[1]];
      const [top, left] = [cell[0] * height, cell[1] * width];
      const [bottom, right] = [top + height, left + width];
      d = `M${left} ${top}H${right}V${bottom}H${left}Z`;
      if (full) {
        d += `M0 ${top + height / 2}H${left}M${right} ${top + height / 2}H${this.grid[1]}`
          + `M${left + width / 2} 0V${top}M${left + width / 2} ${bottom}V${this.grid[0]}`;
      }
    }
    for (const path of this.marks) path.setAttribute("d", d);
  }
}
