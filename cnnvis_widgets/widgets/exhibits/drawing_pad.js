/** A pad for a digit, and what a network makes of it; see drawing_pad.py. */
import {
  arrowStep,
  errorLine,
  h,
  isShortcut,
  listen,
  rendering,
  uniqueId,
  useUp,
  watch,
} from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { bytesOf, paint, pen } from "../toolkit/pixels.js";

const [SIDE, ZOOM, PEN] = [32, 10, 1.6];
const QUIET_MS = 120; // between two drawings that are sent while one draws

/**
 * Greys, ink dark on white paper, one pixel for each number.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} levels
 * @param {number} rows
 * @param {number} columns
 */
function paintGrey(canvas, levels, rows, columns) {
  const pixels = new ImageData(columns, rows);
  levels.forEach((level, i) => pixels.data.set([255 - level, 255 - level, 255 - level, 255], 4 * i));
  paint(canvas, pixels);
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

class DrawingPadView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "pad", signal);
    this.choose = chooser(model);
    this.pad = h("canvas", {
      class: "cnnvis-pad-paper",
      width: SIDE * ZOOM,
      height: SIDE * ZOOM,
      tabindex: 0,
      role: "application",
    });
    const hint = h(
      "p",
      { class: "cnnvis-hint", id: uniqueId() },
      "Draw large. Keys: arrows move the pen, space sets it down or lifts it.",
    );
    this.pad.setAttribute("aria-describedby", hint.id);
    this.erase = h("button", { type: "button", "aria-pressed": "false" }, "Eraser");
    this.clear = h("button", { type: "button" }, "Clear");
    this.examples = h("select", { "aria-label": "an example" });
    this.seen = h("canvas", {
      class: "cnnvis-pad-seen",
      role: "img",
      "aria-label": "what the network is given: the drawing, made as high as the picture, in 8 × 8 steps",
    });
    this.bars = h("ol", { class: "cnnvis-pad-bars" });
    this.verdict = h("p", { class: "cnnvis-pad-verdict", role: "status" });
    this.maps = h("div", { class: "cnnvis-pad-maps" });
    this.answer = h(
      "div",
      { class: "cnnvis-pad-answer" },
      h("figure", {}, h("figcaption", {}, "what the network is given"), this.seen),
      h("div", { class: "cnnvis-pad-scores" }, this.verdict, this.bars),
    );
    this.field.append(
      h(
        "div",
        { class: "cnnvis-pad-board" },
        h("div", {}, this.pad, h("div", { class: "cnnvis-line" }, this.clear, this.erase, this.examples)),
        this.answer,
      ),
      hint,
      this.maps,
    );
    this.drawing = new Uint8Array(SIDE * SIDE);
    // `down`: the keyboard's pen; `pressed`: the pointer's.
    this.row = SIDE / 2;
    this.column = SIDE / 2;
    this.down = false;
    this.pressed = false;
    this.erasing = false;
    this.timer = 0;
    this.mine = "";
    this.paint();
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    this.connectPad();
    const { signal, model } = this;
    listen(signal, this.clear, "click", () => this.replace(new Uint8Array(SIDE * SIDE)));
    listen(signal, this.erase, "click", () => {
      this.erasing = !this.erasing;
      this.erase.setAttribute("aria-pressed", String(this.erasing));
    });
    listen(signal, this.examples, "change", () => {
      const given = model.get("_examples")[this.examples.value];
      if (given) this.replace(bytesOf(given));
    });
    watch(signal, model, ["_examples"], () => {
      const names = Object.keys(model.get("_examples"));
      this.examples.hidden = !names.length;
      this.examples.replaceChildren(
        ...["an example …", ...names].map((name, i) => h("option", { value: i ? name : "" }, name)),
      );
    });
    watch(signal, model, ["drawing"], () => this.take(bytesOf(model.get("drawing"))));
    watch(signal, model, ["_reading"], () => this.showReading());
    this.signal.addEventListener("abort", () => clearTimeout(this.timer));
    errorLine(this.model, this.field, this.signal);
  }

  /** The pointer's pen and the keyboard's. */
  connectPad() {
    const { signal, pad } = this;
    listen(signal, pad, "pointerdown", (event) => {
      if (pad.closest("fieldset[disabled]") || event.button) return;
      pad.setPointerCapture(event.pointerId);
      [this.row, this.column] = this.at(event);
      [this.pressed, this.down] = [true, false];
      this.stroke(this.row, this.column);
    });
    listen(signal, pad, "pointermove", (event) => {
      if (this.pressed) this.stroke(...this.at(event));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      listen(signal, pad, name, () => {
        if (!this.pressed) return;
        this.pressed = false;
        this.paint();
        this.tell();
      });
    }
    listen(signal, pad, "keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"]) {
      listen(signal, pad, name, () => {
        this.down = false;
        this.paint();
      });
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (isShortcut(event) || this.pad.closest("fieldset[disabled]")) return;
    const step = arrowStep(event);
    if (!step && event.key !== " ") return;
    useUp(event);
    if (!step) {
      this.down = !this.down;
      if (this.down) this.stroke(this.row, this.column);
      else this.paint();
      return;
    }
    const [row, column] = [this.row, this.column].map((n, axis) =>
      Math.max(0, Math.min(SIDE - 1, Math.round(n) + step[axis])),
    );
    if (this.down) this.stroke(row, column);
    else {
      [this.row, this.column] = [row, column];
      this.paint();
    }
  }

  /** Another drawing, by the visitor. @param {Uint8Array<ArrayBuffer>} drawing */
  replace(drawing) {
    this.drawing = drawing;
    this.paint();
    this.tell();
  }

  /** Another drawing, from Python. @param {Uint8Array<ArrayBuffer>} drawing */
  take(drawing) {
    // An echo of what was drawn here must not undo what was drawn since.
    if (this.timer || this.pressed || drawing.join("") === this.mine) {
      if (!this.mine) this.paint();
      return;
    }
    this.drawing = drawing;
    this.mine = drawing.join("");
    this.paint();
  }

  showReading() {
    /** @type {{scores?: number[], labels: string[], seen: DataView, size: [number, number], maps: any[]}} */
    const { scores, labels, seen, size, maps } = this.model.get("_reading");
    this.answer.hidden = !scores;
    this.maps.hidden = !scores;
    if (!scores) return;
    paintGrey(this.seen, bytesOf(seen), ...size);
    const best = scores.indexOf(Math.max(...scores));
    this.verdict.textContent = `It reads ${labels[best]}, ${percent(scores[best])}`;
    this.bars.replaceChildren(
      ...scores.map((score, i) => {
        const filled = h("span", { style: `width: ${100 * score}%` });
        const bar = h("span", { class: "cnnvis-pad-bar", "aria-hidden": "true" }, filled);
        const look = { class: i === best ? "cnnvis-pad-best" : "" };
        return h("li", look, h("span", {}, labels[i]), bar, h("span", {}, percent(score)));
      }),
    );
    this.maps.replaceChildren(...maps.map(mapsOf));
  }

  paint() {
    const context = pen(this.pad);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, this.pad.width, this.pad.height);
    context.fillStyle = "#111";
    this.drawing.forEach((ink, i) => {
      if (ink) context.fillRect((i % SIDE) * ZOOM, Math.floor(i / SIDE) * ZOOM, ZOOM, ZOOM);
    });
    if (document.activeElement === this.pad) {
      Object.assign(context, { strokeStyle: this.down ? "#c0392f" : "#0b62c4", lineWidth: 2 });
      context.beginPath();
      context.arc((this.column + 0.5) * ZOOM, (this.row + 0.5) * ZOOM, PEN * ZOOM, 0, 2 * Math.PI);
      context.stroke();
    }
    const ink = this.drawing.reduce((a, b) => a + b, 0);
    this.pad.setAttribute(
      "aria-label",
      `drawing of 32 × 32 places, ${ink} of ink; the pen is ${this.down ? "down" : "up"} ` +
        `at row ${Math.round(this.row)}, column ${Math.round(this.column)}`,
    );
  }

  /** Ink around a place. @param {number} r @param {number} c */
  dab(r, c) {
    for (let i = Math.max(0, Math.floor(r - PEN)); i <= Math.min(SIDE - 1, r + PEN); i += 1) {
      for (let j = Math.max(0, Math.floor(c - PEN)); j <= Math.min(SIDE - 1, c + PEN); j += 1) {
        if ((i - r) ** 2 + (j - c) ** 2 <= PEN ** 2) this.drawing[i * SIDE + j] = this.erasing ? 0 : 1;
      }
    }
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.mine = this.drawing.join("");
    this.choose("drawing", new DataView(this.drawing.slice().buffer));
  }

  soon() {
    this.timer ||= window.setTimeout(() => this.tell(), QUIET_MS);
  }

  /** A line from the pen to a place. @param {number} r @param {number} c */
  stroke(r, c) {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(r - this.row, c - this.column)));
    for (let i = 1; i <= steps; i += 1)
      this.dab(this.row + ((r - this.row) * i) / steps, this.column + ((c - this.column) * i) / steps);
    [this.row, this.column] = [r, c];
    this.paint();
    this.soon();
  }

  /** @param {MouseEvent} event @returns {[number, number]} row and column under it */
  at(event) {
    const box = this.pad.getBoundingClientRect();
    return [
      ((event.clientY - box.top) / box.height) * SIDE - 0.5,
      ((event.clientX - box.left) / box.width) * SIDE - 0.5,
    ];
  }
}

/** All maps of a layer. @param {{layer: string, shape: number[], levels: DataView}} given */
function mapsOf({ layer, shape: [rows, columns, units], levels }) {
  const all = bytesOf(levels);
  const maps = Array.from({ length: units }, (_, unit) => {
    const canvas = h("canvas", { role: "img", "aria-label": `${layer}, map ${unit}` });
    paintGrey(canvas, all.subarray(unit * rows * columns, (unit + 1) * rows * columns), rows, columns);
    return canvas;
  });
  const words = `${layer}: ${units} maps of ${rows} × ${columns}`;
  return h("figure", {}, h("figcaption", {}, words), h("div", { class: "cnnvis-pad-row" }, ...maps));
}

const render = rendering(DrawingPadView);

export default { render };
