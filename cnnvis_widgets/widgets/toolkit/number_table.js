// Small tables of numbers, to be read and typed into: shared by the components that have them.
import { h, listen, short } from "./base.js";

/** @typedef {[number, number]} Cell row and column */

/** A table of numbers. Cells with a value are tinted by its sign and size. */
class NumberTable {
  /**
   * @param {{label: string, edit?: (values: number[][]) => void, point?: (cell: Cell | null) => void,
   *   signal: AbortSignal}} options `edit` makes the cells fields and gets all values when one has changed;
   *   `point` is told which cell the mouse or the focus is at.
   */
  constructor({ label, edit, point = () => {}, signal }) {
    this.label = label;
    this.edit = edit;
    this.caption = h("caption", {}, label);
    this.body = h("tbody");
    this.element = h("table", { class: "cnnvis-cells" }, this.caption, this.body);
    /** @type {number[][]} */
    this.shown = [];
    for (const name of ["mouseover", "focusin"]) {
      listen(signal, this.element, name, (event) => point(placeOf(event.target)));
    }
    for (const name of ["mouseleave", "focusout"]) listen(signal, this.element, name, () => point(null));
    listen(signal, this.element, "input", ({ target }) => this.take(target));
    listen(signal, this.element, "focusout", ({ target }) => {
      // what was no number goes back
      const place = placeOf(target);
      if (place && target.getAttribute("aria-invalid") === "true") this.fill(target, ...place);
    });
  }

  /** What was typed, if it is a number. @param {HTMLInputElement} input */
  take(input) {
    const place = placeOf(input);
    const fits = input.value !== "" && Number.isFinite(Number(input.value));
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits || !place) return;
    const values = this.shown.map((line) => line.slice());
    values[place[0]][place[1]] = Number(input.value);
    this.edit?.(values);
  }

  /** @param {HTMLInputElement} input @param {number} row @param {number} column */
  fill(input, row, column) {
    input.value = String(Number(this.shown[row][column].toPrecision(6)));
    input.removeAttribute("aria-invalid");
  }

  rebuild() {
    /** @param {number} row @param {number} column */
    const cell = (row, column) => {
      if (!this.edit) return h("td");
      const name = `${this.label}, row ${row}, column ${column}`;
      return h("td", {}, h("input", { type: "number", step: "any", "aria-label": name }));
    };
    this.body.replaceChildren(...this.shown.map((line, r) => h("tr", {}, ...line.map((_, c) => cell(r, c)))));
  }

  /** @param {string} text */
  rename(text) {
    this.caption.textContent = text;
  }

  /**
   * @param {number[][]} values
   * @param {{kind?: (row: number, column: number) => string, largest?: number}} [look] `kind` names a
   *   cell's style class, without "cnnvis-cell-"; `largest` is the value that gets the full tint.
   */
  show(values, { kind = () => "", largest } = {}) {
    const same = values.length === this.shown.length && values[0].length === this.shown[0]?.length;
    this.shown = values;
    if (!same) this.rebuild();
    const most = largest ?? Math.max(...values.flat().map(Math.abs), 1e-9);
    values.forEach((line, r) => {
      line.forEach((value, c) => {
        const cell = this.body.rows[r].cells[c];
        const input = cell.querySelector("input");
        if (!input) cell.textContent = short(value);
        else if (input !== document.activeElement || Number(input.value) !== value) this.fill(input, r, c);
        cell.style.background = tintOf(value, most);
        cell.className = kind(r, c) ? `cnnvis-cell-${kind(r, c)}` : "";
      });
    });
  }

  /**
   * Frame some cells, and take the frame from all others.
   * @param {(row: number, column: number) => boolean} is
   */
  mark(is) {
    for (const row of this.body.rows) {
      for (const cell of row.cells)
        cell.classList.toggle("cnnvis-cell-marked", is(row.rowIndex, cell.cellIndex));
    }
  }
}

/** @param {EventTarget | null} target @returns {Cell | null} */
function placeOf(target) {
  const cell = target instanceof Element ? target.closest("td") : null;
  return cell ? [/** @type {HTMLTableRowElement} */ (cell.parentElement).rowIndex, cell.cellIndex] : null;
}

/** @param {number} value @param {number} most */
function tintOf(value, most) {
  if (value === 0) return "";
  const tint = `${Math.round(Math.min(1, Math.abs(value) / most) * 55)}%`;
  const colour = value < 0 ? "var(--cnnvis-minus)" : "var(--cnnvis-plus)";
  return `color-mix(in srgb, ${colour} ${tint}, var(--cnnvis-paper))`;
}

/** @param {ConstructorParameters<typeof NumberTable>[0]} options */
export const numberTable = (options) => new NumberTable(options);
