import assert from "node:assert/strict";
import test from "node:test";
import { crc32, textOf, withText } from "../../cnnvis_widgets/widgets/toolkit/png_text.js";

// The smallest PNG: one grey pixel, as zlib and the specification write it.
const PNG = Uint8Array.from(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
    "base64",
  ),
);

test("the check sum is the one that the specification's own chunks bear", () => {
  const bytes = (/** @type {string} */ text) => Uint8Array.from(Buffer.from(text, "latin1"));
  assert.equal(crc32(bytes("IEND")), 0xae426082);
  assert.equal(crc32(bytes("123456789")), 0xcbf43926); // the usual check value of CRC-32
});

test("a text comes back as it went in, and what was there stays", async () => {
  const text = '{"α": "é ✓ 𝄞", "n": 1}';
  const file = new Uint8Array(await withText(PNG, "cnnvis", text).arrayBuffer());
  assert.equal(textOf(file, "cnnvis"), text);
  assert.equal(textOf(file, "cnnvi"), null);
  assert.equal(textOf(file, "other"), null);
  assert.deepEqual([...file.slice(0, 33)], [...PNG.slice(0, 33)]);
  assert.deepEqual([...file.slice(file.length - PNG.length + 33)], [...PNG.slice(33)]);
  const twice = new Uint8Array(await withText(file, "more", "b").arrayBuffer());
  assert.equal(textOf(twice, "cnnvis"), text);
  assert.equal(textOf(twice, "more"), "b");
});

test("what is no PNG, or was cut, holds nothing and stops nothing", async () => {
  const file = new Uint8Array(await withText(PNG, "cnnvis", "text").arrayBuffer());
  for (let length = 0; length < 60; length += 1) assert.equal(textOf(file.slice(0, length), "cnnvis"), null);
  assert.equal(textOf(PNG, "cnnvis"), null);
  assert.throws(() => withText(Uint8Array.of(1, 2, 3), "cnnvis", "text"), /PNG/);
});
