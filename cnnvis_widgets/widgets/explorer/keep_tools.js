// Keeping the explorer's map, and taking it along as a page (see explorer_keeping.py).
import { h } from "../toolkit/base.js";
import { saveFile } from "./explanation_files.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

export class KeepTools {
  /** @param {Model} model @param {AbortSignal} signal */
  constructor(model, signal) {
    /** @param {string} text @param {string} kind @param {string} title */
    const button = (text, kind, title) =>
      h("button", { type: "button", title, onclick: () => model.send({ kind }) }, text);
    this.keep = button("Keep this map", "keep", "Keep it below the picture");
    this.page = button(
      "Save as page",
      "page",
      "One HTML file of this map and all kept ones, for any browser",
    );
    this.format = h(
      "select",
      { "aria-label": "Format of a saved picture", title: "SVG and PDF are figures with a caption" },
      ...["PNG", "SVG", "PDF"].map((name) => h("option", { value: name.toLowerCase() }, name)),
    );
    this.model = model;
    /** @param {any} content @param {DataView[]} buffers */
    const received = (content, buffers) => {
      if (content.kind !== "file") return;
      const bytes = /** @type {DataView<ArrayBuffer>} */ (buffers[0]);
      saveFile(new Blob([bytes], { type: content.type }), content.name);
    };
    model.on("msg:custom", received);
    signal.addEventListener("abort", () => model.off("msg:custom", received));
  }

  /** @param {HTMLElement} actions where the other ways of saving are @param {HTMLElement} picture */
  layInto(actions, picture) {
    const pictures = h("span", { class: "cnnvis-view-joined" });
    picture.before(pictures);
    pictures.append(picture, this.format);
    actions.prepend(this.keep);
    actions.lastElementChild?.before(this.page);
  }

  /** Ask Python to draw the figure if Python draws this kind; returns whether it does. */
  drawn() {
    const format = this.format.value;
    if (format !== "png") this.model.send({ kind: "figure", format });
    return format !== "png";
  }

  /** @param {boolean} there whether there is a map */
  offer(there) {
    this.keep.hidden = this.page.hidden = this.format.hidden = !there;
  }
}
