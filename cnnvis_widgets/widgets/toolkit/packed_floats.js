// Values that Python packed into a page, bit for bit (the format: `packed` in explorer/page_data.py).

/** @typedef {import("./pixels.js").Shape} Shape */

/** Base64 as bytes. @param {string} text */
export const bytesOfBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {Uint8Array<ArrayBuffer>} bytes packed by zlib @returns {Promise<Uint8Array>} */
async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The values behind four planes of bytes.
 * @param {Uint8Array} planes of the differences between neighbours in a row, the lowest byte first
 * @param {Shape} shape
 */
export function summed(planes, [rows, columns]) {
  const size = rows * columns;
  if (planes.length !== 4 * size)
    throw new Error(`${planes.length} bytes are no ${rows} × ${columns} values`);
  const bits = new Uint32Array(size);
  for (let i = 0; i < size; i += 1) {
    const left = i % columns ? bits[i - 1] : 0;
    // An array of whole numbers takes the sum modulo 2³².
    bits[i] =
      left +
      planes[i] +
      planes[size + i] * 0x100 +
      planes[2 * size + i] * 0x10000 +
      planes[3 * size + i] * 0x1000000;
  }
  return new Float32Array(bits.buffer);
}

/**
 * @param {string} text base64
 * @param {Shape} shape
 * @returns {Promise<Float32Array>}
 */
export const unpacked = async (text, shape) => summed(await inflated(bytesOfBase64(text)), shape);
