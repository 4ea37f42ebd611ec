// The toolbar beside the picture, and what each tool does when the picture is touched.
import { arrowStep, h, isShortcut, listen, mark, roving, send, useUp, watch } from "../toolkit/base.js";
import { boxBetween, boxMoved, fieldOf, placeAt, shareOfMap } from "../toolkit/boxes.js";
import { bytesOf } from "../toolkit/pixels.js";
import { PaintTool } from "./paint_tool.js";
import { TouchAnswers } from "./touch_answers.js";
import { TouchLayer } from "./touch_layer.js";

/** @typedef {import("../toolkit/base.js").Model} Model */
/** @typedef {import("../toolkit/boxes.js").Box} Box */
/** @typedef {import("./explanation_result.js").Result} Result */

/** @type {Record<string, {text: string, title: string, keys: string}>} */
const TOOLS = {
  read: { text: "Values", title: "Read the map's values", keys: "" },
  position: {
    text: "Position",
    title: "Show what a position of the layer sees; a click makes it the neuron",
    keys: "Receptive field: arrow keys move, Enter takes the neuron at this position",
  },
  box: {
    text: "Box",
    title: "Draw a box: how much of the map is in it",
    keys: "Box: arrow keys move it, with Shift they change its size",
  },
  paint: {
    text: "Paint",
    title: "Paint what you think matters, then compare it with the map",
    keys:
      "Paint: arrow keys move, Space paints, with Shift the arrow keys paint along; E erases, plus and " +
      "minus change the brush",
  },
  patch: {
    text: "Patch",
    title: "Drag a grey patch over the picture: the predictions answer",
    keys: "Grey patch: arrow keys move it, with Shift they change its size",
  },
  superpixels: {
    text: "Superpixels",
    title: "Switch parts of the picture off and on: the predictions answer",
    keys: "Superpixels: arrow keys move, Space switches one off or on",
  },
  deletion: {
    text: "Deletion",
    title: "What would change: the answer while the pixels go, the map's largest values first",
    keys: "",
  },
};
const STEP = 16; // arrow-key steps across the picture

/** @param {number} value @param {number} most */
const within = (value, most) => Math.min(most - 1, Math.max(0, value));

export class TouchTools {
  /**
   * @param {Model} model see explorer_view.py
   * @param {import("./explanation_stage.js").Stage} stage
   * @param {() => Result | null} result what is shown
   * @param {() => void} redraw the picture, which is shown without the map or with it
   * @param {AbortSignal} signal
   */
  constructor(model, stage, result, redraw, signal) {
    this.model = model;
    this.stage = stage;
    this.result = result;
    this.signal = signal;
    this.bar = h(
      "div",
      { class: "cnnvis-touch-bar", role: "radiogroup", "aria-label": "Touch the picture" },
      ...Object.entries(TOOLS).map(([key, { text, title }]) =>
        h("button", { type: "button", role: "radio", "data-key": key, title }, text),
      ),
    );
    this.layer = new TouchLayer();
    this.redraw = redraw;
    this.hid = false;
    this.paint = new PaintTool(() => this.show(), signal);
    this.answers = new TouchAnswers(model, this.paint.element, () => this.clear(), signal);
    for (const overlay of [this.layer.canvas, this.layer.svg]) stage.first.lay(overlay);
    this.grid = [0, 0];
    /** @type {number[]} the pixel where the keys are */
    this.cursor = [0, 0];
    /** @type {Box | null} */
    this.box = null;
    /** @type {Box | null} */
    this.patch = null;
    /** @type {Set<number>} numbers of the superpixels that are off */
    this.off = new Set();
    this.requests = 0;
    /** @type {Int16Array | null} */
    this.pieces = null;
    roving(this.bar, "[role=radio]", (item) => this.choose(item.dataset.key ?? "read"), signal);
    this.listenToPointer();
    listen(signal, this.layer.svg, "keydown", (event) => this.key(event));
    watch(signal, model, ["tool"], () => this.show());
    watch(signal, model, ["pieces", "layer", "receptive_fields"], () => this.fill());
    watch(signal, model, ["fewest"], () => this.takeFewest());
  }

  /** Put the toolbar left of the stage, and the answers right of it. @param {HTMLElement} root */
  layInto(root) {
    const row = h("div", { class: "cnnvis-touch-row" }, this.bar);
    this.stage.element.before(row);
    row.append(h("div", { class: "cnnvis-touch-stage" }, this.stage.element, this.stage.read));
    root.querySelector(".cnnvis-view-side")?.append(this.answers.element);
  }

  /** @returns {string} */
  get tool() {
    return this.model.get("tool");
  }

  /** @param {string} tool */
  choose(tool) {
    if (tool === this.tool) return;
    const covered = this.patch || this.off.size;
    send(this.model, "tool", tool);
    if (covered && tool !== "patch" && tool !== "superpixels") this.clear();
    else this.cover();
  }

  /** A new result, or the data that a tool needs, has arrived. */
  fill() {
    const result = this.result();
    const grid = result?.grid ?? [0, 0];
    if (result) this.paint.fit([grid[0], grid[1]], bytesOf(result.sent.picture));
    if (grid.join() !== this.grid.join()) {
      this.grid = [...grid];
      this.cursor = grid.map((n) => Math.floor(n / 2));
      this.box = this.patch = null;
      this.off.clear();
    }
    const sent = this.model.get("pieces");
    const whole = sent?.byteLength === 2 * grid[0] * grid[1] && sent.byteLength > 0;
    this.pieces = whole
      ? new Int16Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength))
      : null;
    const most = this.pieces?.reduce((a, b) => Math.max(a, b), 0) ?? -1;
    if (this.pieces && [...this.off].some((n) => n > most)) this.off.clear();
    this.show();
  }

  /** Switch off all superpixels but the fewest that keep the class. */
  takeFewest() {
    const { off, kept } = this.model.get("fewest");
    if (!kept || this.tool !== "superpixels") return;
    this.off = new Set(off);
    this.cover();
    this.draw();
  }

  show() {
    mark(this.bar, "[role=radio]", this.tool);
    this.bar.hidden = !this.result()?.heatmap;
    const active = !this.bar.hidden && this.tool !== "read" && this.tool !== "deletion";
    this.layer.open(active ? TOOLS[this.tool].keys : "");
    this.draw();
    if (this.hidesMap === this.hid) return;
    this.hid = this.hidesMap;
    this.redraw();
  }

  /** Whether the map is hidden: visitors paint first and compare afterwards. */
  get hidesMap() {
    return !this.bar.hidden && this.tool === "paint" && !this.paint.compared;
  }

  /** Draw the tool's marks, and write the sentence that needs no answer from Python. */
  draw() {
    const { tool, grid } = this;
    const fields = this.model.get("receptive_fields");
    const patch = tool === "patch" ? this.patch : null;
    const off = tool === "superpixels" ? this.off : new Set();
    if (tool === "paint" && !this.bar.hidden) this.layer.paint(this.paint.image(this.values));
    else this.layer.cover(grid, patch, off, tool === "superpixels" ? this.pieces : null, this.cursor);
    this.answers.say(tool, this.sentence(tool));
    if (this.bar.hidden) return this.layer.frame(grid, null, null);
    if (tool === "box") return this.layer.frame(grid, this.box, null);
    if (tool === "paint") return this.layer.frame(grid, null, this.cursor);
    if (tool !== "position" || !fields.places?.length) return this.layer.frame(grid, null, null);
    const place = placeAt(fields, this.cursor, grid);
    return this.layer.frame(grid, fieldOf(fields, place, grid), this.cursor);
  }

  /** The map's values on the grid. */
  get values() {
    return this.result()?.heatmap?.fine ?? null;
  }

  /** @param {string} tool */
  sentence(tool) {
    const { grid, box } = this;
    const heatmap = this.result()?.heatmap;
    if (tool === "box") {
      if (!box || !heatmap) return "Drag over the picture to draw a box.";
      const { mass, area } = shareOfMap(heatmap.fine, [grid[0], grid[1]], box);
      const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;
      if (mass === null) return "The map is zero everywhere.";
      return `${percent(mass)} of the map is in the box, which covers ${percent(area)} of the picture.`;
    }
    if (tool === "paint") return this.paint.sentence(this.values);
    if (tool === "position") return this.positionSentence();
    if (tool === "patch" && !this.patch) return "Drag over the picture: a grey patch follows.";
    if (tool === "superpixels" && !this.pieces) return "Cutting the picture into superpixels …";
    if (tool === "superpixels" && !this.off.size) return "Click parts of the picture to switch them off.";
    return "";
  }

  positionSentence() {
    const layer = this.model.get("layer");
    const { places, size } = this.model.get("receptive_fields");
    if (!layer) return "The output sees the whole picture. Choose a layer first: Layer ▾.";
    if (!places) return "Looking up what this layer sees …";
    if (!places.length) return `${layer} has no rows and columns: each of its neurons sees all.`;
    const [row, column] = placeAt(this.model.get("receptive_fields"), this.cursor, this.grid);
    const field = size ? `${size[0]} × ${size[1]} pixels` : "the whole picture";
    return `Position (${row}, ${column}) of ${layer} sees ${field}. Click to explain the neuron there.`;
  }

  listenToPointer() {
    const { svg } = this.layer;
    /** @type {number[] | null} where a drag began */
    let start = null;
    listen(this.signal, svg, "pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation(); // the stage would drag an enlarged picture
      svg.focus({ preventScroll: true });
      svg.setPointerCapture(event.pointerId);
      start = this.pixelAt(event);
      this.cursor = start;
      if (this.tool === "superpixels") this.act();
      else this.drag(start, start);
    });
    listen(this.signal, svg, "pointermove", (event) => {
      const here = this.pixelAt(event);
      const before = this.cursor;
      if (start) event.stopPropagation();
      if (start || this.tool === "position" || this.tool === "superpixels") this.cursor = here;
      if (start) this.drag(this.tool === "paint" ? before : start, here);
      else this.draw();
    });
    listen(this.signal, svg, "pointerup", () => {
      if (start && this.tool === "position") this.act();
      start = null;
    });
    listen(this.signal, svg, "pointercancel", () => {
      start = null;
    });
  }

  /** The pixel under a pointer. @param {MouseEvent} event @returns {number[]} */
  pixelAt(event) {
    const rect = this.layer.svg.getBoundingClientRect();
    return [
      within(Math.floor(((event.clientY - rect.top) / rect.height) * this.grid[0]), this.grid[0]),
      within(Math.floor(((event.clientX - rect.left) / rect.width) * this.grid[1]), this.grid[1]),
    ];
  }

  /** @param {number[]} from @param {number[]} to */
  drag(from, to) {
    if (this.tool === "paint") {
      this.paint.stroke(from, to);
      return;
    }
    if (this.tool === "box" && from.join() !== to.join()) {
      this.box = boxBetween(from, [to[0] + 1, to[1] + 1], this.grid);
    } else if (this.tool === "patch") {
      this.patch = this.patchAt(to);
      this.cover();
    }
    this.draw();
  }

  /** The patch around a pixel. @param {number[]} pixel @returns {Box} */
  patchAt(pixel) {
    const [top, left, bottom, right] = this.patch ?? this.middle(5);
    const half = [(bottom - top) / 2, (right - left) / 2];
    const by = [Math.round(pixel[0] - half[0]) - top, Math.round(pixel[1] - half[1]) - left];
    return boxMoved([top, left, bottom, right], by, this.grid);
  }

  /** A box in the middle, of that part of each side. @param {number} part @returns {Box} */
  middle(part) {
    const size = this.grid.map((n) => Math.max(1, Math.round(n / part)));
    const corner = this.grid.map((n, k) => Math.floor((n - size[k]) / 2));
    return [corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]];
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (isShortcut(event)) return;
    const step = arrowStep(event);
    if (step) {
      useUp(event);
      this.move(
        step.map((n, k) => n * Math.max(1, Math.round(this.grid[k] / STEP))),
        event.shiftKey,
      );
    } else if (event.key === "Enter" || event.key === " ") {
      useUp(event);
      this.act();
    } else if (this.tool === "paint" && this.paint.takes(event)) {
      useUp(event);
    } else if (event.key === "Escape" && (this.box || this.patch || this.off.size || this.paint.any)) {
      useUp(event);
      this.clear();
    }
  }

  /** @param {number[]} by @param {boolean} grow */
  move(by, grow) {
    /** @param {Box} box @returns {Box} */
    const moved = (box) =>
      grow
        ? boxBetween(
            [box[0], box[1]],
            [Math.max(box[0] + 1, box[2] + by[0]), Math.max(box[1] + 1, box[3] + by[1])],
            this.grid,
          )
        : boxMoved(box, by, this.grid);
    if (this.tool === "box") this.box = this.box ? moved(this.box) : this.middle(2);
    else if (this.tool === "patch") {
      this.patch = this.patch ? moved(this.patch) : this.middle(5);
      this.cover();
    } else {
      const before = this.cursor;
      this.cursor = this.cursor.map((n, k) => within(n + by[k], this.grid[k]));
      if (this.tool === "paint" && grow) this.paint.stroke(before, this.cursor);
    }
    this.draw();
  }

  /** Paint, take the position, or switch the superpixel, where the cursor is. */
  act() {
    if (this.tool === "paint") this.paint.stroke(this.cursor, this.cursor);
    else if (this.tool === "position") {
      const fields = this.model.get("receptive_fields");
      if (!fields.places?.length) return;
      this.model.send({ kind: "place", place: placeAt(fields, this.cursor, this.grid) });
    } else if (this.tool === "superpixels" && this.pieces) {
      const number = this.pieces[this.cursor[0] * this.grid[1] + this.cursor[1]];
      if (!this.off.delete(number)) this.off.add(number);
      this.cover();
    }
    this.draw();
  }

  /**
   * Ask what the network says now. Not throttled: Jupyter keeps one message under way and merges what
   * comes meanwhile, so that the last position is asked for as soon as it can be.
   */
  cover() {
    const boxes = this.tool === "patch" && this.patch ? [[...this.patch]] : [];
    const off = this.tool === "superpixels" ? [...this.off] : [];
    const last = this.model.get("touched");
    if (JSON.stringify([boxes, off]) === JSON.stringify([last.boxes, last.off])) return;
    this.requests += 1;
    send(this.model, "touched", { boxes, off, number: this.requests });
  }

  /** Remove all marks. */
  clear() {
    this.box = this.patch = null;
    this.off.clear();
    if (this.tool === "paint") this.paint.reset();
    this.cover();
    this.draw();
  }
}
