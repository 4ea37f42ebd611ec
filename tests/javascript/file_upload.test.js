// A long file goes in parts, each when it is asked for, and no faster than the server takes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileUpload } from "../../cnnvis_widgets/widgets/explorer/file_upload.js";

globalThis.window = /** @type {any} */ (globalThis);

/** A model whose Python end asks for one part after the other. */
function receiver(pace, size, part) {
  const sent = [];
  /** @param {any} _content */
  let told = (_content) => {};
  const model = {
    get: () => pace,
    on: (_name, action) => (told = action),
    off: () => {},
    send: (content, _callbacks, buffers = []) => {
      sent.push({ ...content, at: performance.now(), bytes: buffers[0]?.byteLength ?? 0 });
      const next = content.kind === "begin" ? 0 : content.offset + buffers[0].byteLength;
      if (next < size)
        queueMicrotask(() => told({ kind: "next", id: content.id, offset: next, bytes: part }));
    },
    refuse: () => told({ kind: "refused", id: sent[0].id }),
  };
  return { model, sent };
}

const rest = (ms) => new Promise((done) => setTimeout(done, ms));

test("all parts come, in their order, and only when they are asked for", async () => {
  const { model, sent } = receiver([], 2500, 1000);
  const undo = new AbortController();
  const upload = new FileUpload(/** @type {any} */ (model), assert.fail, undo.signal);
  upload.start(new File([new Uint8Array(2500)], "a.keras"));
  await rest(50);
  assert.deepEqual(
    sent.map(({ kind, offset, bytes, size }) => [kind, offset ?? size, bytes]),
    [
      ["begin", 2500, 0],
      ["part", 0, 1000],
      ["part", 1000, 1000],
      ["part", 2000, 500],
    ],
  );
  assert.equal(upload.id, "");
  undo.abort();
});

test("no more goes in a time than the server takes", async () => {
  const { model, sent } = receiver([2000, 10_000], 6000, 1000); // 2 kB at once, then 10 kB a second
  const undo = new AbortController();
  new FileUpload(/** @type {any} */ (model), assert.fail, undo.signal).start(
    new File([new Uint8Array(6000)], "a.keras"),
  );
  await rest(900);
  const begun = sent[0].at;
  let total = 0;
  for (const { at, bytes } of sent.slice(1)) {
    total += bytes;
    assert.ok(total <= 2000 + (10_000 * (at - begun)) / 1000 + 30, `${total} after ${at - begun} ms`);
  }
  assert.equal(total, 6000);
  undo.abort();
});

test("what Python refuses is sent no further", async () => {
  const { model, sent } = receiver([100, 1000], 5000, 100);
  const undo = new AbortController();
  const upload = new FileUpload(/** @type {any} */ (model), assert.fail, undo.signal);
  upload.start(new File([new Uint8Array(5000)], "a.keras"));
  await rest(20);
  model.refuse();
  const before = sent.length;
  await rest(300);
  assert.ok(sent.length <= before);
  undo.abort();
});
