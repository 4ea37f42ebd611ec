import assert from "node:assert/strict";
import test from "node:test";
import { translator } from "../../cnnvis_widgets/serving/voila_template/voila/templates/cnnvis/messages.js";

const answer = translator({
  exact: { Layer: "Capa", "the whole picture": "la imagen entera", "Two maps.": "Dos mapas.", Old: "Viejo" },
  patterns: [
    ["([-−–+±]?[\\d.,]+) of ([\\d.,]+) layers", "{n} de {n2} capas", ["n", "n2"]],
    ["(.+?) of (.+?) is shown", "Se muestra {text2} de {name}", ["name", "text2"]],
  ],
});

test("a message is translated, and the white space around it stays", () => {
  assert.deepEqual(answer("  Layer\n"), { text: "  Capa\n", known: true });
  assert.deepEqual(answer("the  whole\n picture"), { text: "la imagen entera", known: true });
});

test("fields: numbers and names stay, texts are messages themselves", () => {
  assert.equal(answer("−3.5 of 12 layers").text, "−3.5 de 12 capas");
  assert.equal(
    answer("block_1 of the whole picture is shown").text,
    "Se muestra la imagen entera de block_1",
  );
  assert.deepEqual(answer("x of many layers"), { text: "x of many layers", known: false });
  assert.deepEqual(answer("block_1 of the whole field is shown").known, false);
});

test("what may be a message is translated where it is one, and else stays", () => {
  const { text } = translator({
    exact: { Map: "Mapa" },
    patterns: [["(.+?) over (.+)", "{any2}: {any}", ["any", "any2"]]],
  })("Map over la foto");
  assert.equal(text, "la foto: Mapa");
});

test("sentences that were put together are translated one by one, all or none", () => {
  assert.equal(answer("Two maps. 2 of 3 layers").known, false); // no sentence begins with a digit
  assert.deepEqual(answer("Two maps. Layer · Old"), { text: "Dos mapas. Capa · Viejo", known: true });
  assert.deepEqual(answer("Two maps. Three maps."), { text: "Two maps. Three maps.", known: false });
});

test("what is no text is left alone and missed by nobody", () => {
  for (const text of ["", " 0.25 ", "×", "A", "block2_conv2", "MobileNetV2", "7×7", "maps.html_2"])
    assert.deepEqual(answer(text), { text, known: true });
});

test("a translation that comes back is known", () => {
  const { text } = answer("1 of 2 layers");
  assert.deepEqual(answer(text), { text: "1 de 2 capas", known: true });
  assert.equal(answer("4 de 5 capas").known, false);
});
