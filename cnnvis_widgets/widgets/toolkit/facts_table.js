/** A table of facts, sorted and filtered; see facts_table.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "facts-table", signal);
  const choose = chooser(model);
  const head = h("thead");
  const body = h("tbody");
  const said = h("p", { class: "cnnvis-facts-said", role: "status" });
  const note = h("p", { class: "cnnvis-facts-note", role: "status" });
  const clear = h("button", { type: "button" }, "Show all, as they came");
  const grid = h("table", {}, head, body);
  field.append(h("div", { class: "cnnvis-facts-scroll" }, grid), h("div", { class: "cnnvis-line" }, clear, said), note);
  watch(model, ["label"], () => { grid.setAttribute("aria-label", model.get("label")); }, signal);

  let headings = [];
  const build = () => {
    const { columns } = model.get("_table");
    if (!columns) return;
    headings = columns.map(({ name, heading, choices }) => {
      const button = h("button", { type: "button", class: "cnnvis-facts-sort" }, h("span", {}, heading), h("span", { class: "cnnvis-facts-arrow", "aria-hidden": "true" }));
      button.addEventListener("click", () => {
        const [sort, down] = [model.get("sort"), model.get("descending")];
        model.set("descending", sort === name && !down);
        choose("sort", sort === name && down ? "" : name);
      }, { signal });
      const select = choices.length ? h("select", { "aria-label": `only rows whose ${heading} is` }, h("option", { value: "" }, "any"), ...choices.map((value) => h("option", { value: `=${value}` }, value || "(empty)"))) : null;
      select?.addEventListener("change", () => {
        const filters = { ...model.get("filters") };
        if (select.value) filters[name] = select.value.slice(1);
        else delete filters[name];
        choose("filters", filters);
      }, { signal });
      return { name, button, select, cell: h("th", { scope: "col" }, button, ...(select ? [select] : [])) };
    });
    head.replaceChildren(h("tr", {}, ...headings.map(({ cell }) => cell)));
  };
  /** The numbers of the rows that are left, in their order. */
  const order = () => {
    const { columns, rows, keys } = model.get("_table");
    const at = (name) => columns.findIndex((column) => column.name === name);
    const filters = Object.entries(model.get("filters"));
    const left = rows.map((_, i) => i).filter((i) => filters.every(([name, value]) => rows[i][at(name)] === value));
    if (!model.get("sort")) return left;
    const key = (i) => keys[i][at(model.get("sort"))];
    const sign = model.get("descending") ? -1 : 1;
    const known = left.filter((i) => key(i) !== null);
    known.sort((i, j) => (key(i) < key(j) ? -sign : key(i) > key(j) ? sign : 0));
    return [...known, ...left.filter((i) => key(i) === null)];
  };
  const tell = (cell) => { note.textContent = cell?.dataset.note ?? ""; };
  const draw = () => {
    const { columns, rows, notes } = model.get("_table");
    if (!columns) return;
    const [sort, down] = [model.get("sort"), model.get("descending")];
    for (const { name, cell, button, select } of headings) {
      cell.setAttribute("aria-sort", sort !== name ? "none" : down ? "descending" : "ascending");
      button.lastElementChild.textContent = sort !== name ? "↕" : down ? "↓" : "↑";
      if (select) {
        const value = model.get("filters")[name];
        select.value = value === undefined ? "" : `=${value}`;
      }
    }
    const marked = new Map(notes.map(([row, column, text]) => [`${row},${column}`, text]));
    const kept = order();
    body.replaceChildren(...kept.map((i) => h("tr", {}, ...rows[i].map((value, j) => {
      const text = marked.get(`${i},${j}`);
      const about = text && `${rows[i][0]}, ${columns[j].heading}: ${text}`;
      const content = text ? [h("button", { type: "button", class: "cnnvis-facts-marked", "data-note": about, title: text }, value || "–", h("sup", { "aria-hidden": "true" }, "✱"), h("span", { class: "cnnvis-unseen" }, " (with a note)"))] : [value];
      return j ? h("td", { class: value === "yes" ? "cnnvis-facts-yes" : null }, ...content) : h("th", { scope: "row" }, ...content);
    }))));
    const by = columns.find(({ name }) => name === sort);
    said.textContent = `${kept.length} of ${rows.length} rows${by ? `, sorted by ${by.heading}${down ? ", downwards" : ""}` : ""}`;
    const changed = sort || Object.keys(model.get("filters")).length;
    clear.setAttribute("aria-disabled", String(!changed));
    note.hidden = !notes.length;
    tell(null);
    if (notes.length) note.textContent = `${notes.length} cells bear a note (✱): point at one, or go there with the tab key.`;
  };
  watch(model, ["_table"], build, signal);
  let asked = 0;
  watch(model, ["_table", "sort", "descending", "filters"], () => {
    const mine = ++asked; // two of them change together
    queueMicrotask(() => { if (mine === asked && !signal.aborted) draw(); });
  }, signal);
  for (const name of ["focusin", "pointerover", "click"]) {
    body.addEventListener(name, (event) => {
      const cell = /** @type {HTMLElement} */ (event.target).closest("[data-note]");
      if (cell) tell(cell);
    }, { signal });
  }
  clear.addEventListener("click", () => {
    if (clear.getAttribute("aria-disabled") === "true") return;
    model.set("sort", "");
    model.set("descending", false);
    choose("filters", {});
  }, { signal });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
