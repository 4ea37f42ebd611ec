// Small tables of numbers, to be read and typed into: shared by the components that have them (cells.py).

/**
 * A table of numbers. Cells with a value are tinted by its sign and size.
 * @param {{label: string, edit?: (values: number[][]) => void,
 *   point?: (cell: [number, number] | null) => void, signal: AbortSignal}} options
 *   `edit` makes the cells fields and gets all values when one has changed; `point` is told which cell
 *   the mouse or the focus is at.
 */
function numberTable({ label, edit, point = () => {}, signal }) {
  const caption = h("caption", {}, label);
  const body = h("tbody");
  const element = h("table", { class: "cnnvis-cells" }, caption, body);
  /** @type {number[][]} */
  let shown = [];
  const placeOf = (target) => {
    const cell = /** @type {HTMLElement} */ (target).closest("td");
    return cell ? [cell.parentElement.rowIndex, cell.cellIndex] : null;
  };
  const pointAt = (event) => point(placeOf(event.target));
  for (const name of ["mouseover", "focusin"]) element.addEventListener(name, pointAt, { signal });
  for (const name of ["mouseleave", "focusout"]) element.addEventListener(name, () => point(null), { signal });
  element.addEventListener("input", ({ target }) => {
    const [row, column] = placeOf(target);
    const fits = target.value !== "" && Number.isFinite(Number(target.value));
    target.setAttribute("aria-invalid", String(!fits));
    if (fits) edit(shown.map((line, r) => line.map((value, c) => (r === row && c === column ? Number(target.value) : value))));
  }, { signal });
  element.addEventListener("focusout", ({ target }) => { // what was no number goes back
    if (target.getAttribute("aria-invalid") === "true") fill(target, ...placeOf(target));
  }, { signal });

  const fill = (input, row, column) => {
    input.value = String(Number(shown[row][column].toPrecision(6)));
    input.removeAttribute("aria-invalid");
  };
  const rebuild = () => body.replaceChildren(...shown.map((line, r) => h("tr", {}, ...line.map((_, c) => {
    if (!edit) return h("td");
    const name = `${label}, row ${r}, column ${c}`;
    return h("td", {}, h("input", { type: "number", step: "any", "aria-label": name }));
  }))));
  return {
    element,
    rename: (text) => { caption.textContent = text; },
    /**
     * @param {number[][]} values
     * @param {{kind?: (row: number, column: number) => string, largest?: number}} [look] `kind` names a
     *   cell's style class, without "cnnvis-cell-"; `largest` is the value that gets the full tint.
     */
    show(values, { kind = () => "", largest } = {}) {
      const same = values.length === shown.length && values[0].length === shown[0]?.length;
      shown = values;
      if (!same) rebuild();
      const most = largest ?? Math.max(...values.flat().map(Math.abs), 1e-9);
      values.forEach((line, r) => line.forEach((value, c) => {
        const cell = body.rows[r].cells[c];
        const input = cell.querySelector("input");
        if (!input) cell.textContent = short(value);
        else if (input !== document.activeElement || Number(input.value) !== value) fill(input, r, c);
        const tint = `${Math.round(Math.min(1, Math.abs(value) / most) * 55)}%`;
        const colour = value < 0 ? "var(--cnnvis-minus)" : "var(--cnnvis-plus)";
        cell.style.background = value === 0 ? "" : `color-mix(in srgb, ${colour} ${tint}, var(--cnnvis-paper))`;
        cell.className = kind(r, c) ? `cnnvis-cell-${kind(r, c)}` : "";
      }));
    },
    /** Frame some cells, and take the frame from all others. @param {(row: number, column: number) => boolean} is */
    mark(is) {
      for (const row of body.rows) for (const cell of row.cells) cell.classList.toggle("cnnvis-cell-marked", is(row.rowIndex, cell.cellIndex));
    },
  };
}
