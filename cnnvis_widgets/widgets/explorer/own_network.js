// A network of the visitor's own: a file, and what it needs (see own_network.py).
import { errorLine, h, listen, send, uniqueId, useUp, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { FileUpload } from "./file_upload.js";

/** @typedef {import("../toolkit/base.js").Model} Model */
/**
 * @typedef {object} Way to prepare a picture
 * @property {string} name
 * @property {string} title
 * @property {string} note
 * @property {boolean} likely
 * @property {[string, string][]} answers
 */

const MOST_LABELS = 1 << 20;

/** @param {string} text @param {() => void} action @param {Record<string, any>} [attributes] */
const button = (text, action, attributes = {}) =>
  h("button", { type: "button", onclick: action, ...attributes }, text);

class OwnNetworkView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.body = frame(el, model, "own", signal);
    this.upload = new FileUpload(model, (message) => this.refuse(message), signal);
    this.file = h("input", { type: "file" }); // not on the page; a button opens it
    this.labels = h("input", { type: "file", accept: ".txt,.json,.csv" });
    this.path = h("input", {
      type: "text",
      "aria-label": "Path of a Keras file",
      placeholder: "or its path",
    });
    const open = button("Open", () => this.openPath());
    this.paths = h("div", { class: "cnnvis-own-path" }, this.path, open);
    this.workText = h("span", { role: "status" });
    this.workBar = h("progress", { max: 1, "aria-label": "Progress" });
    this.facts = h("p", { class: "cnnvis-own-facts" });
    this.why = h("p", { class: "cnnvis-hint" });
    this.ways = h("div", { class: "cnnvis-own-ways" });
    this.names = h("span", { class: "cnnvis-own-names" });
    this.namesError = h("p", { class: "cnnvis-error", role: "alert", hidden: true });
    this.unname = button("Without names", () => model.send({ kind: "no labels" }));
    this.use = button("Use this network", () => model.send({ kind: "use" }), { class: "cnnvis-own-use" });
    this.group = uniqueId(); // of the radio buttons
    this.stage = "";
    this.first = this.makeFirst();
    this.work = this.makeWork();
    this.form = this.makeForm();
    this.body.append(this.first, this.work, this.form);
    errorLine(model, this.body, signal);
    listen(signal, this.file, "change", () => {
      this.take(this.file.files?.[0]);
      this.file.value = "";
    });
    listen(signal, this.labels, "change", () => {
      this.takeLabels(this.labels.files?.[0]);
      this.labels.value = "";
    });
    this.listenToDrops();
    watch(signal, model, ["offered", "by_path", "endings"], () => this.offer());
    watch(signal, model, ["stage", "done", "filename"], () => this.show());
    watch(signal, model, ["inputs"], () => this.drawInputs());
    watch(signal, model, ["value"], () => this.mark());
    watch(signal, model, ["filename", "facts", "why", "names", "named", "names_error"], () =>
      this.drawWords(),
    );
  }

  makeFirst() {
    const open = button("Open a Keras file…", () => this.file.click());
    listen(this.signal, this.path, "keydown", (event) => {
      if (event.key !== "Enter") return;
      useUp(event);
      this.openPath();
    });
    const text = "or drop it here (.keras, .h5). You will be asked what it needs.";
    const hint = h("span", { class: "cnnvis-hint" }, text);
    return h("div", { class: "cnnvis-line" }, open, this.paths, hint);
  }

  openPath() {
    const path = this.path.value.trim();
    if (path) this.model.send({ kind: "path", path });
  }

  makeWork() {
    const stop = button("Cancel", () => this.cancel());
    return h("div", { class: "cnnvis-line" }, this.workText, this.workBar, stop);
  }

  makeForm() {
    const question = "Which range of values does it expect? Here is what it predicts with each:";
    const group = h("fieldset", {}, h("legend", {}, question), this.why, this.ways);
    const labels = h(
      "div",
      { class: "cnnvis-line" },
      h("span", {}, "Names of the outputs: ", this.names),
      button("Open a labels file…", () => this.labels.click(), {
        title: "Text with one name a line, or JSON: a list, or an object of names and numbers",
      }),
      this.unname,
    );
    const stop = button("Cancel", () => this.cancel());
    const end = h("div", { class: "cnnvis-line" }, this.use, stop);
    return h("div", { class: "cnnvis-own-form" }, this.facts, group, labels, this.namesError, end);
  }

  offer() {
    const offered = this.model.get("offered");
    const root = this.body.closest(".cnnvis");
    if (root instanceof HTMLElement) root.hidden = !offered;
    this.paths.hidden = !this.model.get("by_path");
    this.file.accept = this.model.get("endings").join(",");
  }

  show() {
    const stage = this.model.get("stage");
    const [name, done] = [this.model.get("filename"), this.model.get("done")];
    if (stage !== "sending" && this.stage === "sending") this.upload.stop();
    this.first.hidden = stage !== "";
    this.work.hidden = stage !== "sending" && stage !== "reading";
    this.form.hidden = stage !== "asking";
    const percent = `${Math.round(100 * done)} %`;
    const progress = stage === "sending" ? `Sending ${name}: ${percent}` : `Reading ${name} …`;
    this.workText.textContent = this.work.hidden ? "" : progress;
    if (stage === "sending") this.workBar.value = done;
    else this.workBar.removeAttribute("value");
    if (stage === this.stage) return;
    const had = this.body.contains(document.activeElement) || document.activeElement === document.body;
    this.stage = stage;
    if (stage === "asking" && had) this.ways.querySelector("input")?.focus();
  }

  drawInputs() {
    /** @type {Way[]} */
    const ways = this.model.get("inputs");
    const held = this.ways.contains(document.activeElement);
    this.ways.replaceChildren(
      ...ways.map(({ name, title, note, likely, answers }) => {
        const input = h("input", { type: "radio", name: this.group, value: name });
        listen(this.signal, input, "change", () => chooser(this.model)("value", name));
        const scores = answers.map(([label, score]) => h("span", {}, `${label} ${score}`));
        return h(
          "label",
          {},
          input,
          h("strong", {}, title),
          h("em", { hidden: !likely }, "most likely"),
          h("span", { class: "cnnvis-own-answers", translate: "no" }, ...(scores.length ? scores : ["…"])),
          h("span", { class: "cnnvis-hint" }, note),
        );
      }),
    );
    this.mark();
    if (held) this.chosen()?.focus();
  }

  /** @returns {HTMLInputElement | undefined} */
  chosen() {
    return [...this.ways.querySelectorAll("input")].find((input) => input.checked);
  }

  mark() {
    for (const input of this.ways.querySelectorAll("input")) {
      input.checked = input.value === this.model.get("value");
    }
    this.use.disabled = !this.model.get("value");
  }

  drawWords() {
    const { model } = this;
    const filename = h("strong", { translate: "no" }, model.get("filename"));
    this.facts.replaceChildren(filename, " ", model.get("facts"));
    this.why.textContent = model.get("why");
    this.names.textContent = model.get("names");
    this.unname.hidden = !model.get("named");
    this.namesError.textContent = model.get("names_error");
    this.namesError.hidden = !model.get("names_error");
  }

  /** @param {File | undefined} file */
  take(file) {
    if (!file || this.model.get("disabled") || !this.model.get("offered")) return;
    send(this.model, "error", "");
    this.upload.start(file);
  }

  /** @param {File | undefined} file */
  async takeLabels(file) {
    if (!file) return;
    const bytes = file.size <= MOST_LABELS ? await file.arrayBuffer() : new ArrayBuffer(0);
    this.model.send({ kind: "labels", filename: file.name }, undefined, [bytes]);
  }

  cancel() {
    this.upload.stop();
    this.model.send({ kind: "cancel" });
  }

  /** @param {string} message */
  refuse(message) {
    this.model.send({ kind: "cancel" });
    send(this.model, "error", message);
  }

  /** Accept a network file dropped anywhere on the explorer. */
  listenToDrops() {
    const { signal } = this;
    /** @param {DragEvent} event */
    const fileOf = (event) => {
      const around = this.body.closest(".cnnvis-explorer") ?? this.body;
      if (!(event.target instanceof Node) || !around.contains(event.target)) return undefined;
      const endings = this.model.get("endings");
      const files = [...(event.dataTransfer?.files ?? [])];
      /** @param {string} name */
      const ours = (name) => endings.some((/** @type {string} */ end) => name.toLowerCase().endsWith(end));
      return files.find(({ name }) => ours(name));
    };
    listen(signal, document, "drop", (event) => {
      const file = fileOf(event);
      if (!file || !this.model.get("offered")) return;
      useUp(event);
      this.take(file);
    });
  }
}

/** @param {import("../toolkit/base.js").Context} context */
function render(context) {
  const undo = new AbortController();
  new OwnNetworkView(context, undo.signal);
  return () => undo.abort();
}

export default { render };
