// A search field that lists the matching classes while the user types a name or a number.
import { h, listen, uniqueId, useUp, watch } from "../toolkit/base.js";
import { chooser, reveal } from "../toolkit/control.js";

const SHOWN = 50; // matches that the search lists

/** @typedef {import("../toolkit/base.js").Model} Model */

/**
 * "281 tabby, tabby cat", or "class 281" where classes have no names.
 * @param {Model} model
 * @param {number} unit
 */
export function nameOf(model, unit) {
  /** @type {{unit: number, label: string}[]} */
  const predictions = model.get("predictions");
  const listed = predictions.find((prediction) => prediction.unit === unit);
  return model.get("labels")[unit] || listed?.label || `class ${unit}`;
}

/**
 * The classes that fit a text: the number itself, names that begin with it, names that hold all words.
 * @param {string[]} labels
 * @param {number} total
 * @param {string} text
 */
export function matching(labels, total, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const number = /^\d+$/.test(text.trim()) ? Number(text) : -1;
  /** @type {number[]} */
  const starts = [];
  /** @type {number[]} */
  const contains = [];
  labels.forEach((label, unit) => {
    const low = label.toLowerCase();
    if (unit === number || !words.every((word) => low.includes(word))) return;
    (low.startsWith(words[0] ?? "") ? starts : contains).push(unit);
  });
  return [...(number >= 0 && number < total ? [number] : []), ...starts, ...contains];
}

export class ClassSearch {
  /** @param {Model} model @param {AbortSignal} signal */
  constructor(model, signal) {
    this.model = model;
    this.choose = chooser(model);
    this.list = h("div", {
      class: "cnnvis-matches",
      role: "listbox",
      id: uniqueId(),
      "aria-label": "matching classes",
      hidden: true,
    });
    this.input = h("input", {
      type: "text",
      role: "combobox",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": this.list.id,
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "any other class, by name or number",
    });
    this.count = h("span", { class: "cnnvis-unseen", role: "status" });
    this.element = h("div", { class: "cnnvis-search" }, this.input, this.list, this.count);
    /** @type {number[]} */
    this.units = [];
    this.at = -1;
    this.connect(signal);
  }

  /** @param {AbortSignal} signal */
  connect(signal) {
    const { input, list } = this;
    listen(signal, input, "input", () => this.open());
    listen(signal, input, "click", () => {
      if (list.hidden) this.open();
    });
    listen(signal, input, "blur", () => this.close());
    listen(signal, input, "keydown", (event) => this.key(event));
    // On mousedown, before the field loses the focus and the list is gone.
    listen(signal, list, "mousedown", (event) => {
      event.preventDefault();
      const row = event.target.closest("[data-unit]");
      if (row) this.take(Number(row.dataset.unit));
    });
    watch(signal, this.model, ["labels", "units"], () => {
      this.element.hidden = this.total === 0;
      input.placeholder = this.model.get("labels").length
        ? `Search ${this.total} classes`
        : `another class, 0 … ${this.total - 1}`;
      this.close();
    });
  }

  /** @returns {number} */
  get total() {
    return this.model.get("labels").length || this.model.get("units");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { list, units } = this;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (list.hidden) this.open();
      else if (units.length) this.go((this.at + by + units.length) % units.length);
    } else if (event.key === "Enter" && !list.hidden && units.length) this.take(units[Math.max(this.at, 0)]);
    else if (event.key === "Escape" && !list.hidden) this.close();
    else return;
    useUp(event);
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** Go to a row of the list. @param {number} to */
  go(to) {
    this.at = to;
    [...this.list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === to)));
    const row = this.list.children[to];
    if (!row?.id) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    this.input.setAttribute("aria-activedescendant", row.id);
    reveal(this.list, row);
  }

  open() {
    const { list, input } = this;
    const units = matching(this.model.get("labels"), this.total, input.value);
    this.units = units.slice(0, SHOWN);
    const rows = this.units.map((unit) => {
      const number = h("span", { class: "cnnvis-note" }, String(unit));
      const look = { role: "option", id: uniqueId(), "data-unit": unit };
      return h("div", look, number, ` ${nameOf(this.model, unit)}`);
    });
    const rest = units.length - this.units.length;
    const none = `No class fits “${input.value}”; there are ${this.total}.`;
    const words = units.length ? `… and ${rest} more` : none;
    if (!units.length || rest) rows.push(h("div", { class: "cnnvis-hint", role: "presentation" }, words));
    list.replaceChildren(...rows);
    list.hidden = false;
    list.scrollTop = 0;
    this.count.textContent = `${units.length} classes fit`;
    input.setAttribute("aria-expanded", "true");
    this.go(this.units.length && input.value ? 0 : -1);
  }

  /** @param {number} unit */
  take(unit) {
    this.input.value = "";
    this.close();
    this.choose("value", unit);
  }
}
