/** A table of facts, sorted and filtered; see facts_table.py. */
import { errorLine, h, listen, rendering, watch } from "./base.js";
import { chooser, frame } from "./control.js";

class FactsTableView {
  /** @param {import("./base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "facts-table", signal);
    this.choose = chooser(model);
    this.head = h("thead");
    this.body = h("tbody");
    this.status = h("p", { class: "cnnvis-facts-status", role: "status" });
    this.note = h("p", { class: "cnnvis-facts-note", role: "status" });
    this.clear = h("button", { type: "button" }, "Show all, as they came");
    this.grid = h("table", {}, this.head, this.body);
    this.field.append(
      h("div", { class: "cnnvis-facts-scroll" }, this.grid),
      h("div", { class: "cnnvis-line" }, this.clear, this.status),
      this.note,
    );
    this.headings = [];
    this.asked = 0;
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["label"], () => {
      this.grid.setAttribute("aria-label", this.model.get("label"));
    });
    watch(this.signal, this.model, ["_table"], () => this.build());
    watch(this.signal, this.model, ["_table", "sort", "descending", "filters"], () => {
      const mine = ++this.asked; // two of them change together
      queueMicrotask(() => {
        if (mine === this.asked && !this.signal.aborted) this.draw();
      });
    });
    for (const name of ["focusin", "pointerover", "click"]) {
      listen(this.signal, this.body, name, (event) => {
        const cell = /** @type {HTMLElement} */ (event.target).closest("[data-note]");
        if (cell) this.tell(cell);
      });
    }
    listen(this.signal, this.clear, "click", () => {
      if (this.clear.getAttribute("aria-disabled") === "true") return;
      this.model.set("sort", "");
      this.model.set("descending", false);
      this.choose("filters", {});
    });
    errorLine(this.model, this.field, this.signal);
  }

  build() {
    const { columns } = this.model.get("_table");
    if (!columns) return;
    this.headings = columns.map(({ name, heading, choices }) => {
      const button = h(
        "button",
        { type: "button", class: "cnnvis-facts-sort" },
        h("span", {}, heading),
        h("span", { class: "cnnvis-facts-arrow", "aria-hidden": "true" }),
      );
      listen(this.signal, button, "click", () => {
        const [sort, down] = [this.model.get("sort"), this.model.get("descending")];
        this.model.set("descending", sort === name && !down);
        this.choose("sort", sort === name && down ? "" : name);
      });
      const select = choices.length
        ? h(
            "select",
            { "aria-label": `only rows whose ${heading} is` },
            h("option", { value: "" }, "any"),
            ...choices.map((value) => h("option", { value: `=${value}` }, value || "(empty)")),
          )
        : null;
      const filter = () => {
        const filters = { ...this.model.get("filters") };
        if (select?.value) filters[name] = select.value.slice(1);
        else delete filters[name];
        this.choose("filters", filters);
      };
      if (select) listen(this.signal, select, "change", filter);
      return { name, button, select, cell: h("th", { scope: "col" }, button, ...(select ? [select] : [])) };
    });
    this.head.replaceChildren(h("tr", {}, ...this.headings.map(({ cell }) => cell)));
  }

  /** The numbers of the rows that are left, in their order. */
  order() {
    const { columns, rows, keys } = this.model.get("_table");
    const at = (name) => columns.findIndex((column) => column.name === name);
    const filters = Object.entries(this.model.get("filters"));
    const left = rows
      .map((_, i) => i)
      .filter((i) => filters.every(([name, value]) => rows[i][at(name)] === value));
    if (!this.model.get("sort")) return left;
    const key = (i) => keys[i][at(this.model.get("sort"))];
    const sign = this.model.get("descending") ? -1 : 1;
    const known = left.filter((i) => key(i) !== null);
    known.sort((i, j) => (key(i) < key(j) ? -sign : key(i) > key(j) ? sign : 0));
    return [...known, ...left.filter((i) => key(i) === null)];
  }

  tell(cell) {
    this.note.textContent = cell?.dataset.note ?? "";
  }

  draw() {
    const { columns, rows, notes } = this.model.get("_table");
    if (!columns) return;
    const [sort, down] = [this.model.get("sort"), this.model.get("descending")];
    for (const { name, cell, button, select } of this.headings) {
      cell.setAttribute("aria-sort", sort !== name ? "none" : down ? "descending" : "ascending");
      button.lastElementChild.textContent = sort !== name ? "↕" : down ? "↓" : "↑";
      if (select) {
        const value = this.model.get("filters")[name];
        select.value = value === undefined ? "" : `=${value}`;
      }
    }
    const marked = new Map(notes.map(([row, column, text]) => [`${row},${column}`, text]));
    const kept = this.order();
    this.body.replaceChildren(
      ...kept.map((i) =>
        h(
          "tr",
          {},
          ...rows[i].map((value, j) => {
            const text = marked.get(`${i},${j}`);
            const about = text && `${rows[i][0]}, ${columns[j].heading}: ${text}`;
            const content = text
              ? [
                  h(
                    "button",
                    { type: "button", class: "cnnvis-facts-marked", "data-note": about, title: text },
                    value || "–",
                    h("sup", { "aria-hidden": "true" }, "✱"),
                    h("span", { class: "cnnvis-unseen" }, " (with a note)"),
                  ),
                ]
              : [value];
            return j
              ? h("td", { class: value === "yes" ? "cnnvis-facts-yes" : null }, ...content)
              : h("th", { scope: "row" }, ...content);
          }),
        ),
      ),
    );
    const by = columns.find(({ name }) => name === sort);
    this.status.textContent =
      `${kept.length} of ${rows.length} ` +
      `rows${by ? `, sorted by ${by.heading}${down ? ", downwards" : ""}` : ""}`;
    const changed = sort || Object.keys(this.model.get("filters")).length;
    this.clear.setAttribute("aria-disabled", String(!changed));
    this.note.hidden = !notes.length;
    this.tell(null);
    if (notes.length)
      this.note.textContent =
        `${notes.length} cells bear a note (✱): ` + "point at one, or go there with the tab key.";
  }
}

const render = rendering(FactsTableView);

export default { render };
