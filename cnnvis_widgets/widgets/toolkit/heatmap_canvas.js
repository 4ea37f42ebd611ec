// Raw numbers to colours; the formulas are those of cnnvis_widgets/rendering.

/** @typedef {{low: number, high: number, kind: "sequential" | "diverging"}} Scale */
/**
 * `blend`: "uniform", or fading with the value
 * @typedef {{kind: string, opacity: number, blend: string}} Look
 */
/** @typedef {import("./pixels.js").Shape} Shape */

/**
 * Places on the colour bar, in [0, 1]; zero is 0.5 of a diverging scale and 0 of a sequential one.
 * @param {Float32Array} values
 * @param {Scale} scale
 */
export function placesOf(values, scale) {
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
export function enlarged(values, [rows, columns], [fineRows, fineColumns]) {
  if (rows === fineRows && columns === fineColumns) return values;
  /** @param {number} coarse @param {number} fine */
  const between = (coarse, fine) =>
    Array.from({ length: fine }, (_, i) => {
      const at = Math.min(coarse - 1, Math.max(0, ((i + 0.5) * coarse) / fine - 0.5));
      const first = Math.floor(at);
      return { first, next: Math.min(coarse - 1, first + 1), share: at - first };
    });
  const across = between(columns, fineColumns);
  const result = new Float32Array(fineRows * fineColumns);
  between(rows, fineRows).forEach(({ first, next, share }, r) => {
    across.forEach((c, i) => {
      /** @param {number} n */
      const row = (n) =>
        values[n * columns + c.first] * (1 - c.share) + values[n * columns + c.next] * c.share;
      result[r * fineColumns + i] = row(first) * (1 - share) + row(next) * share;
    });
  });
  return result;
}

/**
 * Values on a finer grid, each pixel with the value of its cell.
 * @param {ArrayLike<number>} values
 * @param {Shape} shape
 * @param {Shape} finer
 */
export function spread(values, shape, [rows, columns]) {
  const result = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r += 1) {
    const start = Math.floor((r * shape[0]) / rows) * shape[1];
    for (let c = 0; c < columns; c += 1) {
      result[r * columns + c] = values[start + Math.floor((c * shape[1]) / columns)];
    }
  }
  return result;
}

/** @param {ArrayLike<number>} values @returns {number} the largest, at least 0 */
export const highest = (values) => Array.from(values).reduce((a, b) => Math.max(a, b), 0);

// A clamped array rounds halves to even, exactly as numpy.rint does.
const rounding = new Uint8ClampedArray(1);

/** The row of the colour table for a place in [0, 1], times three. @param {number} place */
export function entry(place) {
  rounding[0] = place * 255;
  return 3 * rounding[0];
}

/**
 * @param {Float32Array | Float64Array} places
 * @param {Uint8Array} table 256 × 3
 * @param {Shape} shape
 * @returns {ImageData} each place in the table's colour
 */
export function colourized(places, table, [rows, columns]) {
  const image = new ImageData(columns, rows);
  places.forEach((place, i) => {
    const at = entry(place);
    for (let k = 0; k < 3; k += 1) image.data[4 * i + k] = table[at + k];
    image.data[4 * i + 3] = 255;
  });
  return image;
}

/**
 * How much of the picture a colour covers.
 * @param {number} place
 * @param {Look} look
 */
const alphaOf = (place, { kind, opacity, blend }) =>
  blend === "uniform" ? opacity : opacity * (kind === "diverging" ? Math.abs(2 * place - 1) : place);

/**
 * The map laid over the picture.
 * @param {ImageData} below
 * @param {Float32Array | Float64Array} places
 * @param {Uint8Array} table
 * @param {Look} look
 * @param {((i: number) => boolean) | null} [hidden] which pixels the map leaves to the picture
 */
export function blended(below, places, table, look, hidden = null) {
  const image = new ImageData(below.width, below.height);
  places.forEach((place, i) => {
    const alpha = hidden?.(i) ? 0 : alphaOf(place, look);
    const at = entry(place);
    for (let k = 0; k < 3; k += 1) {
      image.data[4 * i + k] = below.data[4 * i + k] * (1 - alpha) + table[at + k] * alpha;
    }
    image.data[4 * i + 3] = 255;
  });
  return image;
}

/** The picture without its colours (ITU-R BT.601 luma). @param {ImageData} picture */
export function greyed(picture) {
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
 * @param {{opacity: number, blend: string, least?: number} | null} over `least`: smaller absolute
 *   values are left to the picture
 */
export function barOf(scale, table, over) {
  const zero = scale.kind === "diverging" ? 0.5 : 0;
  const places = Float64Array.from({ length: 256 }, (_, i) => (scale.high > 0 ? i / 255 : zero));
  const grey = new ImageData(256, 1);
  grey.data.fill(128);
  const least = over?.least ?? 0;
  const hidden = (/** @type {number} */ i) => Math.abs((places[i] - zero) * scale.high) < least * (1 - zero);
  return over
    ? blended(grey, places, table, { kind: scale.kind, ...over }, least > 0 ? hidden : null)
    : colourized(places, table, [1, 256]);
}

/**
 * Black or white, whichever sets a line of this colour off from what is under it.
 * @param {ArrayLike<number>} colour
 */
export const haloOf = (colour) =>
  0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] < 128 ? "#fff" : "#000";

/**
 * A raw value as short text: 0.0134, −2.5, 1.2×10⁻⁶.
 * @param {number} value
 * @param {number} [digits] significant ones
 */
export function formatted(value, digits = 4) {
  if (value === 0) return "0";
  const sign = value < 0 ? "−" : "";
  /** @param {string} text */
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const [mantissa, exponent] = Math.abs(value)
    .toExponential(digits - 1)
    .split("e");
  const power = Number(exponent);
  if (power >= -3 && power < 5) return sign + trim(Math.abs(value).toFixed(Math.max(digits - 1 - power, 0)));
  const raised = String(power).replace(/./g, (sign_) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign_)]);
  return `${sign}${trim(mantissa)}×10${raised}`;
}
