// Maps that were kept, as a row of thumbnails (see kept_maps.py); in a saved page the choice among its maps.
import { errorLine, h, itemsOf, keepKeys, listen, rendering, roving, useUp, watch } from "../toolkit/base.js";

const ITEM = ".cnnvis-kept-map";

/** @typedef {{name: string, title: string, thumbnail: string}} Entry */

export class KeptMapsView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.heading = h("p", { class: "cnnvis-kept-heading" });
    this.list = h("div", { class: "cnnvis-kept-list", role: "group" });
    this.coming = h("p", { class: "cnnvis-hint", role: "status", hidden: true });
    this.root = h("section", { class: "cnnvis cnnvis-kept" }, this.heading, this.list, this.coming);
    errorLine(model, this.root, signal);
    el.append(this.root);
    keepKeys(this.root, signal);
    roving(this.list, ITEM, (item) => this.tell("show", item.dataset.key), signal);
    listen(signal, this.list, "keydown", (/** @type {KeyboardEvent} */ event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest(ITEM);
      if (event.key !== "Delete" || !(item instanceof HTMLElement) || !model.get("removable")) return;
      useUp(event);
      this.tell("remove", item.dataset.key);
    });
    watch(signal, model, ["entries", "label", "removable", "coming"], () => this.draw());
    watch(signal, model, ["value"], () => this.mark());
    signal.addEventListener("abort", () => this.root.remove());
  }

  /** @param {string} kind @param {string | undefined} name */
  tell(kind, name) {
    this.model.send({ kind, name });
  }

  draw() {
    /** @type {Entry[]} */
    const entries = this.model.get("entries");
    const label = this.model.get("label");
    const coming = this.model.get("coming") ?? 0; // a saved page has none
    this.coming.hidden = !coming;
    this.coming.textContent = `${coming} more of the link: computed again when nothing else is …`;
    this.root.hidden = !entries.length && !coming && !this.model.get("error");
    this.heading.textContent = label;
    this.heading.hidden = !entries.length;
    this.list.setAttribute("aria-label", label);
    const items = itemsOf(this.list, ITEM);
    const at = items.findIndex((item) => item === document.activeElement);
    this.list.replaceChildren(...entries.map((entry) => this.item(entry)));
    const now = itemsOf(this.list, ITEM);
    this.mark();
    if (at >= 0) now[Math.min(at, now.length - 1)]?.focus();
  }

  /** @param {Entry} entry */
  item({ name, title, thumbnail }) {
    const removable = this.model.get("removable");
    const shown = h(
      "button",
      {
        type: "button",
        class: "cnnvis-kept-map",
        "data-key": name,
        title: removable ? `${title} (Delete removes it)` : title,
      },
      h("img", { src: thumbnail, alt: "" }),
      ...title.split(" · ").map((part) => h("span", {}, part)),
    );
    const remove = h(
      "button",
      {
        type: "button",
        class: "cnnvis-kept-remove",
        tabindex: -1, // the keyboard uses Delete
        "aria-label": `Remove ${title}`,
        title: "Remove",
        onclick: () => this.tell("remove", name),
      },
      "×",
    );
    return h("div", { class: "cnnvis-kept-entry" }, shown, ...(removable ? [remove] : []));
  }

  /** Which one is shown. */
  mark() {
    const items = itemsOf(this.list, ITEM);
    for (const item of items) {
      item.setAttribute("aria-pressed", String(item.dataset.key === this.model.get("value")));
      item.tabIndex = -1;
    }
    const stop =
      items.find((item) => item === document.activeElement) ??
      items.find((item) => item.getAttribute("aria-pressed") === "true") ??
      items[0];
    if (stop) stop.tabIndex = 0;
  }
}

const render = rendering(KeptMapsView);

export default { render };
