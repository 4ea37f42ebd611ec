// What Python sends as bytes, as numbers and pixels; and pixels onto a canvas.

/** @typedef {readonly [number, number]} Shape rows, columns */

/**
 * What Python sent, in memory of its own: buffers come unaligned.
 * @param {DataView} view
 */
export const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

/**
 * The same as float32, little-endian like every machine that runs a browser.
 * @param {DataView} view
 */
export const floatsOf = (view) => new Float32Array(bytesOf(view).buffer);

/** @param {DataView} view float64 */
export const doublesOf = (view) => new Float64Array(bytesOf(view).buffer);

/** @param {DataView} view uint32 */
export const countsOf = (view) => new Uint32Array(bytesOf(view).buffer);

/**
 * Pixels from bytes of red, green and blue.
 * @param {DataView} view
 * @param {Shape} shape
 */
export function rgbOf(view, [rows, columns]) {
  const pixels = new ImageData(columns, rows);
  pixels.data.fill(255);
  bytesOf(view).forEach((value, i) => {
    pixels.data[4 * Math.floor(i / 3) + (i % 3)] = value;
  });
  return pixels;
}

/**
 * The bytes of a PNG or JPEG file as pixels; null where there are none.
 * @param {DataView | null} file
 * @returns {Promise<ImageData | null>}
 */
export async function pixelsOf(file) {
  if (!file?.byteLength) return null;
  const bitmap = await createImageBitmap(new Blob([bytesOf(file)]), { colorSpaceConversion: "none" });
  const context = pen(new OffscreenCanvas(bitmap.width, bitmap.height));
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return pixels;
}

/**
 * What draws on a canvas; every browser that runs the widgets has it.
 * @template {HTMLCanvasElement | OffscreenCanvas} C
 * @param {C} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {C extends HTMLCanvasElement ? CanvasRenderingContext2D : OffscreenCanvasRenderingContext2D}
 */
export function pen(canvas, settings) {
  return /** @type {any} */ (canvas.getContext("2d", settings));
}

/**
 * Put pixels on a canvas that has exactly as many.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} pixels
 */
export function paint(canvas, pixels) {
  if (canvas.width !== pixels.width) canvas.width = pixels.width;
  if (canvas.height !== pixels.height) canvas.height = pixels.height;
  pen(canvas, { willReadFrequently: true }).putImageData(pixels, 0, 0);
}

/**
 * A pixel for each value, as the address of a picture.
 * @param {ArrayLike<number>} values row after row
 * @param {Shape} shape
 * @param {(value: number) => readonly [number, number, number, number]} colour red, green,
 *   blue and opacity, to 255
 */
export function pictureOf(values, [rows, columns], colour) {
  const pixels = new ImageData(columns, rows);
  Array.from(values).forEach((value, i) => pixels.data.set(colour(value), 4 * i));
  const canvas = document.createElement("canvas");
  paint(canvas, pixels);
  return canvas.toDataURL();
}
