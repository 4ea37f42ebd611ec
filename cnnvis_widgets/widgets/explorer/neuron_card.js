// The card of one neuron (see neuron_card.py).
import {
  errorLine,
  h,
  itemAt,
  keepKeys,
  listen,
  rendering,
  short,
  watch,
  watchTogether,
} from "../toolkit/base.js";

/** @typedef {[number, number, number, number]} Box top, left, bottom, right, as shares of a picture */
/** @typedef {{unit: number, label: string, value: number}} Push */
/**
 * @typedef {{name: string, title: string, value: number, thumbnail: string, patch: string, box: Box}} Excites
 */

const QUIET_MS = 400; // answers that come sooner are not announced
const MEANING =
  "The gradient of the class' value before softmax with respect to this map, times the map, summed.";

/**
 * A picture with the receptive field of a map's strongest position.
 * @param {string} src
 * @param {string} alt
 * @param {Box} box
 */
function outlined(src, alt, box) {
  const [top, left, bottom, right] = box;
  const part = h("span", { class: "cnnvis-card-box" });
  const sides = { top, left, height: bottom - top, width: right - left };
  for (const [name, share] of Object.entries(sides)) part.style.setProperty(name, `${100 * share}%`);
  return h("span", { class: "cnnvis-card-picture" }, h("img", { src, alt, draggable: "false" }), part);
}

class NeuronCardView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    /** @type {Map<string, number>} since when each part is under way */
    this.since = new Map();
    /** @type {Map<string, string>} what each part was drawn from */
    this.drawn = new Map();
    this.title = h("h3", { class: "cnnvis-label" });
    this.activation = h("figure");
    this.maximum = h("figure");
    this.classes = h("div", { class: "cnnvis-card-classes" });
    this.gallery = h("div", { class: "cnnvis-card-gallery" });
    this.root = h(
      "section",
      { class: "cnnvis cnnvis-card", "aria-label": "Neuron's card" },
      this.title,
      h("div", { class: "cnnvis-card-top" }, this.activation, this.maximum, this.classes),
      this.gallery,
    );
    el.append(this.root);
    keepKeys(this.root, signal);
    this.connect();
    errorLine(model, this.root, signal);
    signal.addEventListener("abort", () => this.root.remove());
  }

  /** Whether a part's values or progress have changed since it was drawn. */
  changed(/** @type {string} */ part, /** @type {any[]} */ ...values) {
    const { [part]: share } = this.model.get("progress");
    const { [part]: wrong } = this.model.get("errors");
    const key = JSON.stringify([share, wrong, ...values]);
    if (this.drawn.get(part) === key) return false;
    this.drawn.set(part, key);
    return true;
  }

  draw() {
    this.drawn.clear();
    this.drawActivation();
    this.drawMaximum();
    this.drawGallery();
  }

  connect() {
    const { signal, model } = this;
    watch(signal, model, ["title"], () => {
      this.title.textContent = model.get("title");
      this.root.hidden = !model.get("title");
    });
    watchTogether(signal, model, ["activation", "progress", "errors"], () => this.drawActivation());
    watchTogether(signal, model, ["maximum", "words", "progress", "errors", "title"], () =>
      this.drawMaximum(),
    );
    watchTogether(signal, model, ["pushes", "holds_back", "why", "activation"], () => this.drawClasses());
    watchTogether(signal, model, ["gallery", "progress", "errors"], () => this.drawGallery());
    listen(signal, this.root, "click", (event) => {
      const button = itemAt(event, "button");
      if (!button) return;
      const { kind, what, name } = button.dataset;
      model.send({ kind, ...(what && { what }), ...(name && { name }) });
    });
  }

  /**
   * The progress of a part, with a button that stops it, or its error.
   * @param {string} part
   * @param {string} words
   */
  work(part, words) {
    const share = this.model.get("progress")[part];
    const wrong = this.model.get("errors")[part];
    if (share === undefined) {
      this.since.delete(part);
      return wrong ? [h("p", { class: "cnnvis-error", role: "alert" }, wrong)] : [];
    }
    const since = this.since.get(part) ?? performance.now();
    this.since.set(part, since);
    const early = since + QUIET_MS - performance.now();
    if (early > 0) {
      window.setTimeout(() => this.signal.aborted || this.draw(), early + 1);
      return [];
    }
    const bar = h("progress", { max: 1, "aria-label": words, value: share > 0 ? share : null });
    const stop = h("button", { type: "button", "data-kind": "stop", "data-what": part }, "Stop");
    return [h("div", { class: "cnnvis-card-work" }, h("span", {}, words), bar, stop)];
  }

  drawActivation() {
    if (!this.changed("activation", this.model.get("activation"))) return;
    const { map, peak, mean, place, box } = this.model.get("activation");
    if (!map) {
      this.replace(this.activation, this.work("activation", "looking"));
      return;
    }
    const where = place.length ? `at row ${place[0]}, column ${place[1]}; mean ${short(mean)}` : "";
    const alt = place.length ? "its map over this picture; outlined, what its peak sees" : "this picture";
    this.replace(this.activation, [
      outlined(map, alt, box),
      h("figcaption", {}, h("b", {}, `${place.length ? "peak" : "activation"} ${short(peak)}`), ` ${where}`),
      ...this.work("activation", "looking"),
    ]);
  }

  drawMaximum() {
    const src = this.model.get("maximum");
    if (!this.changed("maximum", src, this.model.get("words"), this.model.get("title"))) return;
    const work = this.work("maximum", "gradient ascent");
    const parts = src
      ? [
          h("span", { class: "cnnvis-card-picture" }, h("img", { src, alt: "a picture made to excite it" })),
          h("figcaption", {}, h("b", {}, "maximising picture"), ` ${this.model.get("words")}`),
        ]
      : [];
    if (!src && !("maximum" in this.model.get("progress"))) {
      const again = h("button", { type: "button", "data-kind": "maximise" }, "Make its maximising picture");
      parts.push(again);
    }
    this.replace(this.maximum, [...parts, ...work]);
  }

  drawClasses() {
    const why = this.model.get("why");
    const lists = [
      this.list("It pushes", this.model.get("pushes")),
      this.list("It holds back", this.model.get("holds_back")),
    ];
    const map = this.model.get("activation").map;
    const meaning = h(
      "p",
      { class: "cnnvis-hint", title: MEANING },
      "Gradient × activation, before softmax. ",
    );
    meaning.append(h("span", { class: "cnnvis-unseen" }, MEANING));
    const rows = why
      ? [h("p", { class: "cnnvis-hint" }, why)]
      : [h("div", { class: "cnnvis-card-lists" }, ...lists), meaning];
    this.classes.replaceChildren(...(map ? rows : []));
  }

  /** @param {string} title @param {Push[]} pushes */
  list(title, pushes) {
    const rows = pushes.map(({ label, value }) =>
      h(
        "li",
        {},
        h("span", { title: label }, label),
        h("span", { class: "cnnvis-score" }, `${value > 0 ? "+" : ""}${short(value)}`),
      ),
    );
    const none = h("li", { class: "cnnvis-hint" }, "no class");
    return h(
      "div",
      {},
      h("h4", {}, title),
      h("ol", { "aria-label": title }, ...(rows.length ? rows : [none])),
    );
  }

  drawGallery() {
    /** @type {Excites[]} */
    const gallery = this.model.get("gallery");
    if (!this.changed("gallery", gallery)) return;
    const work = this.work("gallery", "searching the gallery");
    const items = gallery.map(({ name, title, value, thumbnail, patch, box }) =>
      h(
        "button",
        {
          type: "button",
          "data-kind": "picture",
          "data-name": name,
          title: `${title}: choose this picture`,
          "aria-label": `${title}, peak ${short(value)}: choose this picture`,
        },
        outlined(thumbnail, "", box),
        h("img", { src: patch, alt: "", class: "cnnvis-card-patch" }),
        h("span", { class: "cnnvis-score" }, short(value)),
      ),
    );
    const heading = h("h4", {}, "Pictures that excite it most, and where");
    const shown = gallery.length ? [heading, h("div", { class: "cnnvis-card-row" }, ...items)] : [];
    this.replace(this.gallery, [...shown, ...work]);
  }

  /** The button that had the focus keeps it. @param {HTMLElement} place @param {Node[]} parts */
  replace(place, parts) {
    const here = document.activeElement;
    const held = here instanceof HTMLElement && place.contains(here) ? here.dataset : null;
    place.replaceChildren(...parts);
    if (!held) return;
    const buttons = [...place.querySelectorAll("button")];
    (
      buttons.find(({ dataset }) => dataset.kind === held.kind && dataset.name === held.name) ?? buttons[0]
    )?.focus();
  }
}

const render = rendering(NeuronCardView);

export default { render };
