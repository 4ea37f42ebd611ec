// A saved picture carries what brings its map back (see saved_state.py).
import { withText } from "../toolkit/png_text.js";

/**
 * Into the file goes what brings it back, and how it was looked at; with a picture of the visitor's own,
 * that picture.
 * @param {Blob} picture
 * @param {string} state "" for nothing
 * @param {Record<string, any>} look
 * @param {() => Uint8Array} own the file of the picture that was explained
 * @returns {Promise<Blob>}
 */
export async function signedPng(picture, state, look, own) {
  if (!state) return picture;
  const file = new Uint8Array(await picture.arrayBuffer());
  const said = { ...JSON.parse(state), look };
  if (said.own_picture) said.picture = base64(own());
  return withText(file, "cnnvis", JSON.stringify(said));
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
