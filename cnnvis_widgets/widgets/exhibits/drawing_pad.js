/** A pad for a digit, and what a network makes of it; see drawing_pad.py. */
const [SIDE, ZOOM, PEN] = [32, 10, 1.6];
const QUIET_MS = 120; // between two drawings that are sent while one draws

const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Greys, ink dark on white paper, one pixel for each number. */
function paintGrey(canvas, levels, rows, columns) {
  Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  levels.forEach((level, i) => image.data.set([255 - level, 255 - level, 255 - level, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "pad", signal);
  const choose = chooser(model);
  const pad = h("canvas", { class: "cnnvis-pad-paper", width: SIDE * ZOOM, height: SIDE * ZOOM, tabindex: 0, role: "application" });
  const hint = h("p", { class: "cnnvis-hint", id: uniqueId() }, "Draw large. Keys: arrows move the pen, space sets it down or lifts it.");
  pad.setAttribute("aria-describedby", hint.id);
  const erase = h("button", { type: "button", "aria-pressed": "false" }, "Eraser");
  const clear = h("button", { type: "button" }, "Clear");
  const examples = h("select", { "aria-label": "an example" });
  const seen = h("canvas", { class: "cnnvis-pad-seen", role: "img", "aria-label": "what the network is given: the drawing, made as high as the picture, in 8 × 8 steps" });
  const bars = h("ol", { class: "cnnvis-pad-bars" });
  const verdict = h("p", { class: "cnnvis-pad-verdict", role: "status" });
  const maps = h("div", { class: "cnnvis-pad-maps" });
  const answer = h("div", { class: "cnnvis-pad-answer" },
    h("figure", {}, h("figcaption", {}, "what the network is given"), seen), h("div", { class: "cnnvis-pad-scores" }, verdict, bars));
  field.append(
    h("div", { class: "cnnvis-pad-board" }, h("div", {}, pad, h("div", { class: "cnnvis-line" }, clear, erase, examples)), answer),
    hint, maps,
  );

  let drawing = new Uint8Array(SIDE * SIDE);
  // `down`: the keyboard's pen; `pressed`: the pointer's.
  let [row, column, down, pressed, erasing] = [SIDE / 2, SIDE / 2, false, false, false];
  const paint = () => {
    const context = pad.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, pad.width, pad.height);
    context.fillStyle = "#111";
    drawing.forEach((ink, i) => { if (ink) context.fillRect((i % SIDE) * ZOOM, Math.floor(i / SIDE) * ZOOM, ZOOM, ZOOM); });
    if (document.activeElement === pad) {
      Object.assign(context, { strokeStyle: down ? "#c0392f" : "#0b62c4", lineWidth: 2 });
      context.beginPath();
      context.arc((column + 0.5) * ZOOM, (row + 0.5) * ZOOM, PEN * ZOOM, 0, 2 * Math.PI);
      context.stroke();
    }
    const ink = drawing.reduce((a, b) => a + b, 0);
    pad.setAttribute("aria-label", `drawing of 32 × 32 places, ${ink} of ink; the pen is ${down ? "down" : "up"} at row ${Math.round(row)}, column ${Math.round(column)}`);
  };
  const dab = (r, c) => {
    for (let i = Math.max(0, Math.floor(r - PEN)); i <= Math.min(SIDE - 1, r + PEN); i += 1) {
      for (let j = Math.max(0, Math.floor(c - PEN)); j <= Math.min(SIDE - 1, c + PEN); j += 1) {
        if ((i - r) ** 2 + (j - c) ** 2 <= PEN ** 2) drawing[i * SIDE + j] = erasing ? 0 : 1;
      }
    }
  };
  let [timer, mine] = [0, ""];
  const tell = () => {
    clearTimeout(timer);
    timer = 0;
    mine = drawing.join("");
    choose("drawing", new DataView(drawing.slice().buffer));
  };
  const soon = () => { timer ||= setTimeout(tell, QUIET_MS); };
  const stroke = (r, c) => {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(r - row, c - column)));
    for (let i = 1; i <= steps; i += 1) dab(row + ((r - row) * i) / steps, column + ((c - column) * i) / steps);
    [row, column] = [r, c];
    paint();
    soon();
  };
  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientY - box.top) / box.height) * SIDE - 0.5, ((event.clientX - box.left) / box.width) * SIDE - 0.5];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (pad.closest("fieldset[disabled]") || event.button) return;
    pad.setPointerCapture(event.pointerId);
    [row, column] = at(event);
    [pressed, down] = [true, false];
    stroke(row, column);
  }, { signal });
  pad.addEventListener("pointermove", (event) => { if (pressed) stroke(...at(event)); }, { signal });
  for (const name of ["pointerup", "pointercancel"]) {
    pad.addEventListener(name, () => { if (!pressed) return; pressed = false; paint(); tell(); }, { signal });
  }
  pad.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || pad.closest("fieldset[disabled]")) return;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (!step) {
      down = !down;
      if (down) stroke(row, column);
      else paint();
      return;
    }
    const to = [row, column].map((n, axis) => Math.max(0, Math.min(SIDE - 1, Math.round(n) + step[axis])));
    if (down) stroke(...to);
    else { [row, column] = to; paint(); }
  }, { signal });
  for (const name of ["focus", "blur"]) pad.addEventListener(name, () => { down = false; paint(); }, { signal });
  clear.addEventListener("click", () => { drawing = new Uint8Array(SIDE * SIDE); paint(); tell(); }, { signal });
  erase.addEventListener("click", () => {
    erasing = !erasing;
    erase.setAttribute("aria-pressed", String(erasing));
  }, { signal });
  examples.addEventListener("change", () => {
    const given = model.get("_examples")[examples.value];
    if (!given) return;
    drawing = bytesOf(given).slice();
    paint();
    tell();
  }, { signal });

  watch(model, ["_examples"], () => {
    const names = Object.keys(model.get("_examples"));
    examples.hidden = !names.length;
    examples.replaceChildren(...["an example …", ...names].map((name, i) => h("option", { value: i ? name : "" }, name)));
  }, signal);
  watch(model, ["drawing"], () => {
    const given = bytesOf(model.get("drawing"));
    // An echo of what was drawn here must not undo what was drawn since.
    if (timer || pressed || given.join("") === mine) { if (!mine) paint(); return; }
    drawing = given.slice();
    mine = drawing.join("");
    paint();
  }, signal);
  watch(model, ["_reading"], () => {
    const reading = model.get("_reading");
    const read = Boolean(reading.scores);
    answer.hidden = !read;
    maps.hidden = !read;
    if (!read) return;
    paintGrey(seen, bytesOf(reading.seen), ...reading.size);
    const best = reading.scores.indexOf(Math.max(...reading.scores));
    verdict.textContent = `It reads ${reading.labels[best]}, ${(100 * reading.scores[best]).toFixed(1)} %`;
    bars.replaceChildren(...reading.scores.map((score, i) => {
      const bar = h("span", { class: "cnnvis-pad-bar", "aria-hidden": "true" }, h("span"));
      bar.firstElementChild.style.width = `${100 * score}%`;
      return h("li", { class: i === best ? "cnnvis-pad-best" : "" }, h("span", {}, reading.labels[i]), bar, h("span", {}, `${(100 * score).toFixed(1)} %`));
    }));
    maps.replaceChildren(...reading.maps.map(({ layer, shape: [rows, columns, units], levels }) => {
      const all = bytesOf(levels);
      return h("figure", {}, h("figcaption", {}, `${layer}: ${units} maps of ${rows} × ${columns}`), h("div", { class: "cnnvis-pad-row" }, ...Array.from({ length: units }, (_, unit) => {
        const canvas = h("canvas", { role: "img", "aria-label": `${layer}, map ${unit}` });
        paintGrey(canvas, all.subarray(unit * rows * columns, (unit + 1) * rows * columns), rows, columns);
        return canvas;
      })));
    }));
  }, signal);
  paint();
  signal.addEventListener("abort", () => clearTimeout(timer));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
