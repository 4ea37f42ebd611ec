// Text within a PNG file: international text chunks (iTXt) of the PNG specification, section 11.3.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const HEAD = 33; // bytes of the signature and of the first chunk, IHDR

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** The check sum of a chunk (CRC-32, as of zlib). @param {Uint8Array} bytes */
export function crc32(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** @param {Uint8Array} bytes */
const isPng = (bytes) => SIGNATURE.every((byte, i) => bytes[i] === byte);

/**
 * The file with a text in it.
 * @param {Uint8Array} png
 * @param {string} keyword Latin letters, up to 79
 * @param {string} text
 * @returns {Blob}
 */
export function withText(png, keyword, text) {
  if (!isPng(png)) throw new Error("Only a PNG file holds text.");
  const encoder = new TextEncoder();
  // The keyword's end, not compressed (two bytes), no language, no translated keyword.
  const content = [...encoder.encode(keyword), 0, 0, 0, 0, 0];
  const body = encoder.encode(text);
  const chunk = new Uint8Array(12 + content.length + body.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length + body.length);
  chunk.set(encoder.encode("iTXt"), 4);
  chunk.set(content, 8);
  chunk.set(body, 8 + content.length);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)));
  return new Blob([png.slice(0, HEAD), chunk, png.slice(HEAD)], { type: "image/png" });
}

/**
 * The text of a keyword in a PNG file; null where there is none, or it is compressed.
 * @param {Uint8Array} png
 * @param {string} keyword
 * @returns {string | null}
 */
export function textOf(png, keyword) {
  if (!isPng(png)) return null;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const start = new TextEncoder().encode(`${keyword}\0`);
  for (let at = 8; at + 12 <= png.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > png.length) return null;
    const kind = String.fromCharCode(...png.subarray(at + 4, at + 8));
    const content = png.subarray(at + 8, end);
    if (kind === "iTXt" && start.every((byte, i) => content[i] === byte) && content[start.length] === 0) {
      const language = content.indexOf(0, start.length + 2);
      const translated = content.indexOf(0, language + 1);
      return translated < 0 ? null : new TextDecoder().decode(content.subarray(translated + 1));
    }
    at = end + 4;
  }
  return null;
}
