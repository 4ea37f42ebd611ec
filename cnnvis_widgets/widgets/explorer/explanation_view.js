// One explanation, drawn here from raw numbers: every change of look is instant (see explanation_view.py).
import { connection, h, keepKeys, listen, mark, rendering, roving, send, watch } from "../toolkit/base.js";
import { formatted } from "../toolkit/heatmap_canvas.js";
import { inPageLanguage } from "../toolkit/page_language.js";
import { bytesOf } from "../toolkit/pixels.js";
import { CodePanel } from "./code_panel.js";
import { ColourBar } from "./colour_bar.js";
import { npyFile, pngOf, saveFile } from "./explanation_files.js";
import { MODES, Result } from "./explanation_result.js";
import { Stage } from "./explanation_stage.js";
import { signedPng } from "./signed_png.js";

/** @param {string} text @param {() => void} action @param {Record<string, any>} [attributes] */
const button = (text, action, attributes = {}) =>
  h("button", { type: "button", onclick: action, ...attributes }, text);

/** The traits chosen by the visitor that change what a saved picture shows. */
const LOOK = ["mode", "opacity", "blend", "threshold", "gray_picture", "split", "colormap", "zoom"];

/** @param {string} label */
const slider = (label) => h("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": label });

export class ExplanationView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    /** @type {Result | null} */
    this.result = null;
    this.newest = 0;
    this.empty = h("p", { class: "cnnvis-view-empty" }, "Nothing to show yet.");
    this.workText = h("span", { role: "status" });
    this.workBar = h("progress", { max: 1, "aria-label": "Progress" });
    this.work = h("div", { class: "cnnvis-view-work", hidden: true }, this.workText, this.workBar);
    this.stage = this.makeStage();
    this.emptyNote = h("p", { class: "cnnvis-view-status", hidden: true });
    this.stage.first.element.append(this.emptyNote);
    this.title = h("p", { class: "cnnvis-view-title" });
    this.modes = h("div", { class: "cnnvis-view-modes", role: "radiogroup", "aria-label": "How to show it" });
    this.zoomText = button("×1", () => this.stage.zoomTo(1), { title: "Show all of it (0)" });
    this.zooms = this.makeZooms();
    this.present = button("Present", () => this.togglePresent(), {
      "aria-pressed": "false",
      title: "Fill the screen; Escape ends it",
    });
    this.bar = new ColourBar(signal);
    this.opacity = slider("Opacity of the map");
    this.percent = h("output", { class: "cnnvis-view-percent" });
    this.threshold = slider("Threshold: share of the pixels that the map leaves out");
    this.least = h("output", { class: "cnnvis-view-least" });
    this.fade = h("input", { type: "checkbox" });
    this.colours = h("input", { type: "checkbox" });
    this.looks = {
      opacity: h("label", {}, "Opacity ", this.opacity, this.percent),
      threshold: h("label", {}, "Threshold ", this.threshold, this.least),
      fade: h("label", {}, this.fade, " fade small values"),
      colours: h("label", {}, this.colours, " picture in colour"),
    };
    this.notes = h("ul", { class: "cnnvis-view-notes" });
    this.savePng = button("Save picture", () => this.downloadPng());
    this.saveValues = button("Save values", () => this.downloadValues(), {
      title: "The raw values, float32, for numpy.load",
    });
    this.code = new CodePanel();
    const saving = [this.savePng, this.saveValues, this.code.opener];
    this.actions = h("div", { class: "cnnvis-view-actions" }, ...saving);
    this.lost = h("p", { class: "cnnvis-view-lost", role: "alert", hidden: true });
    this.error = h("p", { class: "cnnvis-error", role: "alert", hidden: true });
    this.root = this.layOut();
    el.append(this.root);
    keepKeys(this.root, signal);
    this.connect();
  }

  makeStage() {
    return new Stage(
      {
        signal: this.signal,
        result: () => this.result,
        get: (name) => this.get(name),
        set: (name, value) => this.set(name, value),
        onread: (cell) => {
          const heatmap = this.result?.heatmap;
          const value = cell && heatmap ? heatmap.values[cell[0] * heatmap.shape[1] + cell[1]] : null;
          this.bar.point(heatmap && value !== null ? heatmap.place(value) : null);
        },
        presenting: () => this.presenting(),
      },
      this.empty,
      this.work,
    );
  }

  makeZooms() {
    const smaller = button("−", () => this.stage.step(-1), { "aria-label": "Smaller", title: "Smaller (−)" });
    const larger = button("+", () => this.stage.step(1), { "aria-label": "Larger", title: "Larger (+)" });
    const look = { class: "cnnvis-view-zoom", role: "group", "aria-label": "Zoom" };
    return h("div", look, smaller, this.zoomText, larger);
  }

  layOut() {
    const tools = h("div", { class: "cnnvis-view-tools" }, this.modes, this.zooms, this.present);
    const look = h("div", { class: "cnnvis-view-look" }, ...Object.values(this.looks));
    const body = h(
      "div",
      { class: "cnnvis-view-body" },
      h("div", { class: "cnnvis-view-main" }, tools, this.stage.element, this.stage.read),
      h("div", { class: "cnnvis-view-side" }, this.bar.element, look, this.notes, this.actions),
      this.code.element,
    );
    const named = { class: "cnnvis cnnvis-view", "aria-label": "Explanation" };
    return h("section", named, this.lost, this.title, this.error, body);
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal, model } = this;
    roving(this.modes, "[role=radio]", (item) => this.set("mode", item.dataset.key), signal);
    listen(signal, this.opacity, "input", () => this.set("opacity", Number(this.opacity.value)));
    listen(signal, this.threshold, "input", () => this.set("threshold", Number(this.threshold.value)));
    listen(signal, this.fade, "change", () => this.set("blend", this.fade.checked ? "value" : "uniform"));
    listen(signal, this.colours, "change", () => this.set("gray_picture", !this.colours.checked));
    listen(signal, document, "fullscreenchange", () => {
      this.showPresent(document.fullscreenElement === this.root);
    });
    listen(signal, this.root, "keydown", (event) => {
      if (event.key === "Escape" && this.presenting()) this.showPresent(false);
    });
    watch(signal, model, Result.traits, () => this.load());
    watch(signal, model, ["mode", "opacity", "blend", "threshold", "gray_picture"], () => this.draw());
    watch(signal, model, ["zoom", "split"], () => this.place());
    watch(signal, model, ["progress", "progress_text", "busy", "error"], () => this.showWork());
    /** @param {boolean} live */
    const tell = (live) => {
      this.lost.hidden = live;
      this.lost.textContent = live ? "" : "Connection lost — last result kept.";
    };
    connection(model, tell, signal);
    signal.addEventListener("abort", () => this.root.remove());
  }

  /** @param {string} name */
  get(name) {
    return this.model.get(name);
  }

  /**
   * Not throttled: Jupyter keeps one message under way and merges what comes meanwhile. What is held
   * back here would be overwritten by the echo of what was sent before.
   * @param {string} name
   * @param {any} value
   */
  set(name, value) {
    send(this.model, name, value);
  }

  /** How it is shown. @returns {string | undefined} */
  mode() {
    const modes = this.result?.modes ?? [];
    return modes.includes(this.get("mode")) ? this.get("mode") : modes[0];
  }

  /** Show the visible region after zoom or pan. */
  place() {
    this.stage.place();
    const zoom = this.get("zoom");
    this.zoomText.textContent = `×${Number(zoom.toFixed(zoom < 10 ? 1 : 0))}`;
  }

  /** Draw the view after a change of look. */
  draw() {
    const now = this.mode();
    this.opacity.value = String(this.get("opacity"));
    this.percent.textContent = `${Math.round(100 * this.get("opacity"))} %`;
    this.threshold.value = String(this.get("threshold"));
    this.least.textContent = this.cut();
    const share = `${Math.round(100 * this.get("threshold"))} % of the pixels: ${this.cut()}`;
    this.threshold.setAttribute("aria-valuetext", share);
    this.fade.checked = this.get("blend") === "value";
    this.colours.checked = !this.get("gray_picture");
    mark(this.modes, "[role=radio]", now);
    const { result } = this;
    if (!result) return;
    const { first, second, element, divider } = this.stage;
    first.draw(this.shown(result, now), result.grid);
    second.draw({ under: now === "side_by_side" ? result.map : null }, result.grid);
    const [rows, columns] = result.grid;
    element.style.setProperty("--ratio", String(rows ? columns / rows : 1));
    divider.hidden = now !== "split";
    for (const look of ["opacity", "threshold", "fade"]) this.looks[look].hidden = now !== "overlay";
    this.looks.colours.hidden = now !== "overlay" && now !== "contour";
    if (result.heatmap) this.bar.draw(result.heatmap, this.overlay());
    this.place();
    this.stage.showReading();
  }

  /** How an overlay is laid over the picture; null where there is none. */
  overlay() {
    if (this.mode() !== "overlay") return null;
    const least = this.result?.heatmap?.quantile(this.get("threshold")) ?? 0;
    return { opacity: this.get("opacity"), blend: this.get("blend"), least };
  }

  /** What the threshold leaves out, in words. */
  cut() {
    const least = this.overlay()?.least ?? 0;
    return least > 0 ? `below ${formatted(least, 3)}` : "none";
  }

  /**
   * What the first pane shows.
   * @param {Result} result
   * @param {string | undefined} mode
   * @returns {import("./pane.js").Content}
   */
  shown({ below, grey, map, heatmap }, mode) {
    const under = this.get("gray_picture") ? grey : below;
    const over = this.overlay();
    if (mode === "overlay" && over && under && heatmap) return { under: heatmap.over(under, over) };
    if (mode === "heatmap") return { under: map };
    if (mode === "split") return { under: below, over: map };
    if (mode === "picture" || mode === "side_by_side") return { under: below };
    if (mode === "contour") return { under, lines: heatmap?.lines ?? [] };
    return { under: null };
  }

  /** A new result. @param {Result} result */
  fill(result) {
    this.result = result;
    const { sent, heatmap, map, below } = result;
    this.title.textContent = sent.title;
    this.title.hidden = !sent.title;
    this.stage.first.element.setAttribute("aria-label", sent.alt || sent.title || "Explanation");
    this.stage.second.element.setAttribute("aria-label", "The map alone");
    this.emptyNote.hidden = !heatmap?.zeros;
    this.emptyNote.textContent = "All zeros: this map marks no pixel.";
    this.empty.hidden = Boolean(map || below);
    const parts = [this.stage.read, this.zooms, this.present, this.savePng];
    for (const part of parts) part.hidden = !this.empty.hidden;
    this.bar.element.hidden = this.saveValues.hidden = !heatmap;
    this.offer(result);
    this.bar.fill(this.ticks(), [sent.unit, sent.clipped].filter(Boolean).join(" · "));
    const warned = new Set(sent.warnings);
    const plain = sent.notes.filter((note) => !warned.has(note));
    this.notes.replaceChildren(
      ...[...warned].map((note) => h("li", { class: "cnnvis-view-warning" }, note)),
      ...plain.map((note) => h("li", {}, note)),
    );
    this.code.show(sent.code);
    this.stage.keepReading();
    this.draw();
  }

  /** The ways of showing it. @param {Result} result */
  offer({ modes, heatmap }) {
    this.modes.hidden = modes.length < 2;
    const offered = modes.map((name) =>
      h(
        "button",
        { type: "button", role: "radio", "data-key": name },
        name === "heatmap" && !heatmap ? "Result" : MODES[name],
      ),
    );
    // The same buttons stay: one of them may have the focus.
    const now = offered.map((one) => one.outerHTML).join();
    if (now !== this.modes.dataset.offered) this.modes.replaceChildren(...offered);
    this.modes.dataset.offered = now;
  }

  /** The colour bar's labels. */
  ticks() {
    const { sent, heatmap } = this.result ?? {};
    return heatmap ? (sent?.ticks ?? []).map(([value, label]) => ({ at: heatmap.place(value), label })) : [];
  }

  load() {
    const mine = ++this.newest;
    queueMicrotask(async () => {
      // the traits of one message change one after the other
      if (mine !== this.newest) return;
      try {
        const result = await Result.of(this.model);
        if (mine === this.newest && !this.signal.aborted) this.fill(result);
      } catch {
        this.error.hidden = false;
        this.error.textContent = "The picture that was sent cannot be decoded; the last result is kept.";
      }
    });
  }

  showWork() {
    const [share, text] = [this.get("progress"), this.get("progress_text")];
    this.work.hidden = !this.get("busy") && !text && share < 0;
    this.workText.textContent = text;
    if (share < 0) this.workBar.removeAttribute("value");
    else this.workBar.value = share;
    this.root.setAttribute("aria-busy", String(!this.work.hidden));
    this.error.textContent = this.get("error");
    this.error.hidden = !this.get("error");
    this.stage.element.classList.toggle("cnnvis-view-old", Boolean(this.get("error")));
  }

  presenting() {
    return this.root.classList.contains("cnnvis-view-present");
  }

  /** @param {boolean} on */
  showPresent(on) {
    this.root.classList.toggle("cnnvis-view-present", on);
    this.present.setAttribute("aria-pressed", String(on));
  }

  async togglePresent() {
    if (document.fullscreenElement === this.root) {
      await document.exitFullscreen();
      return;
    }
    this.showPresent(!this.presenting()); // fills the window where the browser refuses full screen
    if (this.presenting()) await this.root.requestFullscreen?.().catch(() => {});
  }

  downloadValues() {
    const { heatmap, sent } = this.result ?? {};
    if (heatmap && sent) saveFile(npyFile(heatmap.values, heatmap.shape), `${sent.filename}.npy`);
  }

  /** The caption of a saved picture on its threshold. */
  caption() {
    return this.overlay()?.least ? `Left out: ${this.threshold.getAttribute("aria-valuetext")}.` : "";
  }

  /** The look, which a saved picture restores together with the map. */
  get look() {
    const { x, y } = this.stage.corner;
    const chosen = LOOK.map((name) => [name, this.get(name)]).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(chosen), corner: [x, y] };
  }

  async downloadPng() {
    if (!this.result) return;
    const { sent, heatmap } = this.result;
    const { width, height } = this.stage.first.element.getBoundingClientRect();
    const panes = this.stage.panes.filter((pane) => !pane.element.hidden);
    const picture = await pngOf({
      panes: panes.map((pane) => pane.snapshot(this.get("split"))),
      width,
      height,
      region: this.stage.region,
      smooth: this.get("zoom") === 1,
      title: inPageLanguage(sent.title),
      over: heatmap?.zeros ? (this.emptyNote.textContent ?? "") : "",
      bar: heatmap && this.mode() !== "picture" ? heatmap.bar(this.overlay()) : null,
      ticks: this.ticks(),
      captions: [this.bar.text.textContent ?? "", this.caption(), ...sent.warnings]
        .filter(Boolean)
        .map(inPageLanguage),
    });
    const own = () => bytesOf(sent.picture);
    saveFile(await signedPng(picture, this.get("state") ?? "", this.look, own), `${sent.filename}.png`);
  }
}

const render = rendering(ExplanationView);

export default { render };
