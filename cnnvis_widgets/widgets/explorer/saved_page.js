// A page of saved maps that needs no kernel (see saved_page.py): the explorer's view around plain models.
import { h, listen } from "../toolkit/base.js";
import { LocalModel } from "../toolkit/local_model.js";
import { bytesOfBase64, unpacked } from "../toolkit/packed_floats.js";
import { ExplanationView } from "./explanation_view.js";
import { KeptMapsView } from "./kept_maps.js";
import { TrustStripView } from "./trust_strip.js";

/**
 * @typedef {object} Held one map, as the file holds it (page_data.py)
 * @property {Record<string, any>} state
 * @property {[string, string][]} facts
 * @property {any[]} checks
 * @property {string} saved
 * @property {Record<string, any> | null} shared its scale together with others of its unit
 * @property {string} thumbnail
 */
/** @typedef {{maps: Held[], files: Record<string, string>, texts: string[]}} Page */

/** The look, which stays when another map is chosen. */
const LOOK = {
  ...{ mode: "overlay", opacity: 0.6, blend: "uniform", threshold: 0, gray_picture: true },
  ...{ split: 0.5, zoom: 1, progress: -1, progress_text: "", busy: false, error: "" },
};

/** @param {Uint8Array<ArrayBuffer>} bytes */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The view's state for one map.
 * @param {Held} held
 * @param {Page} page
 */
async function decoded({ state, saved }, { files, texts }) {
  /** @param {string} name */
  const file = (name) => viewOf(bytesOfBase64(files[name] ?? ""));
  const heatmap = state.heatmap ? await unpacked(state.heatmap, state.shape) : new Float32Array(0);
  /** @param {number | string} part a text, or a picture as scripts hold it */
  const written = (part) =>
    typeof part === "number" ? texts[part] : `\n${files[part].match(/.{1,96}/g)?.join("\n")}\n`;
  const code = state.code.map(written).join('"""');
  return {
    ...state,
    heatmap: new DataView(heatmap.buffer),
    picture: file(state.picture),
    image: file(state.image),
    lookup: file(state.lookup),
    code,
    state: saved && JSON.stringify({ ...JSON.parse(saved), code }),
  };
}

class SavedPageView {
  /** @param {Page} page @param {HTMLElement} el @param {AbortSignal} signal */
  constructor(page, el, signal) {
    this.page = page;
    this.at = 0;
    this.newest = 0;
    /** @type {Map<number, Record<string, any>>} */
    this.decoded = new Map();
    this.view = new LocalModel({ ...LOOK, ...EMPTY });
    this.trust = new LocalModel({ checks: [], busy: false });
    this.list = new LocalModel(
      {
        entries: page.maps.map(({ state, thumbnail }, i) => ({
          ...{ name: String(i), title: state.title, thumbnail },
        })),
        ...{ value: "0", label: "Maps", removable: false, error: "", busy: false },
      },
      ({ name }) => this.show(Number(name)),
    );
    this.together = h("input", { type: "checkbox" });
    const label = h("label", {}, this.together, " one scale for all maps of the same unit");
    this.sharing = h("p", { class: "cnnvis cnnvis-page-sharing" }, label);
    this.facts = h("dl", {});
    const about = h(
      "section",
      { class: "cnnvis cnnvis-page-facts" },
      h("h2", {}, "How it was made"),
      this.facts,
    );
    this.theme(signal);
    if (page.maps.length > 1) new KeptMapsView({ model: this.list.model, el }, signal);
    el.append(this.sharing);
    new ExplanationView({ model: this.view.model, el }, signal);
    new TrustStripView({ model: this.trust.model, el }, signal);
    el.append(about);
    listen(signal, this.together, "change", () => this.show(this.at));
    this.show(0);
  }

  /** Light or dark as the system is; style sheets know JupyterLab's mark. @param {AbortSignal} signal */
  theme(signal) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const tell = () => {
      document.body.dataset.jpThemeLight = String(!dark.matches);
    };
    listen(signal, dark, "change", tell);
    tell();
  }

  /** @param {number} at */
  async show(at) {
    const mine = ++this.newest;
    const held = this.page.maps[at];
    const state = this.decoded.get(at) ?? (await decoded(held, this.page));
    this.decoded.set(at, state);
    if (mine !== this.newest) return;
    this.at = at;
    this.sharing.hidden = !this.page.maps.some(({ shared }) => shared);
    this.together.disabled = !held.shared;
    this.view.put({ ...state, ...(this.together.checked ? held.shared : null) });
    this.list.set("value", String(at));
    this.trust.set("checks", held.checks);
    this.facts.replaceChildren(
      ...held.facts.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))),
    );
  }
}

/** Nothing is shown yet. */
const EMPTY = {
  ...{ shape: [0, 0], low: 0, high: 0, kind: "sequential", ticks: [], clipped: "", unit: "", title: "" },
  ...{ alt: "", notes: [], warnings: [], code: "", filename: "", state: "" },
  ...Object.fromEntries(
    ["picture", "heatmap", "lookup", "image"].map((name) => [name, viewOf(new Uint8Array(0))]),
  ),
};

/**
 * @param {{model: any, el: HTMLElement}} context `model`: what the file holds, in place of a kernel's
 * @returns {() => void} undoes it
 */
function render({ model, el }) {
  const undo = new AbortController();
  new SavedPageView(model, el, undo.signal);
  return () => undo.abort();
}

export default { render };
