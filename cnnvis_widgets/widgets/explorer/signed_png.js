// A saved picture carries the state that restores its map (see saved_state.py).
import { withText } from "../toolkit/png_text.js";

/**
 * Write the state and the look into a PNG file, and the explained picture too if it is the visitor's own.
 * @param {Blob} picture
 * @param {string} state "" for nothing
 * @param {Record<string, any>} look
 * @param {() => Uint8Array} own the file of the picture that was explained
 * @returns {Promise<Blob>}
 */
export async function signedPng(picture, state, look, own) {
  if (!state) return picture;
  const file = new Uint8Array(await picture.arrayBuffer());
  const saved = { ...JSON.parse(state), look };
  if (saved.own_picture) saved.picture = base64(own());
  return withText(file, "cnnvis", JSON.stringify(saved));
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
