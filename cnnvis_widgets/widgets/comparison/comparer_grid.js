/** A grid of small maps; see comparer_grid.py. */
import { errorLine, h, itemsOf, listen, rendering, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { ObjectUrls } from "../toolkit/object_urls.js";
import { trustMark } from "../toolkit/trust_mark.js";

function wordsOf(row) {
  return [h("div", {}, row.label || "…"), h("div", { class: "cnnvis-hint" }, row.neuron)];
}

function itemOf(event) {
  return event.target.closest("[role=gridcell]");
}

class ComparerGridView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "comparer", signal);
    this.choose = chooser(model);
    this.select = h("select");
    this.bar = h("progress", { max: 1, value: 0 });
    this.stop = h("button", { type: "button" });
    this.status = h("span", { class: "cnnvis-hint", role: "status" });
    this.table = h("table", { role: "grid", class: "cnnvis-comparer-grid" });
    const scroller = h("div", { class: "cnnvis-comparer-scroll" }, this.table);
    this.field.append(
      h("div", { class: "cnnvis-line" }, this.select, this.bar, this.status, this.stop),
      scroller,
      h(
        "p",
        { class: "cnnvis-hint" },
        "Arrow keys go from map to map; Enter or a click opens one in the explorer below. Marks below a " +
          "map say what the checks there have found.",
      ),
    );
    this.urls = new ObjectUrls(signal);
    this.pictures = new Map();
    this.cells = [];
    this.here = [0, 0];
    model.send({ kind: "ready" });
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["label"], () => {
      this.select.setAttribute("aria-label", this.model.get("label"));
      this.table.setAttribute("aria-label", "Maps: neurons down, methods across");
    });
    watch(this.signal, this.model, ["networks"], () => {
      this.select.replaceChildren(
        ...this.model
          .get("networks")
          .map((network) =>
            h(
              "option",
              { value: network.name, disabled: !network.available, title: network.why || null },
              (network.title || network.name) + (network.available ? "" : " (weights missing)"),
            ),
          ),
      );
      /** @type {any} */ (this.select).value = this.model.get("network");
    });
    watch(this.signal, this.model, ["network"], () => {
      /** @type {any} */ (this.select).value = this.model.get("network");
    });
    listen(this.signal, this.select, "change", () =>
      this.choose("network", /** @type {any} */ (this.select).value),
    );
    watch(this.signal, this.model, ["rows", "methods"], () => this.build());
    /** @param {any} content @param {DataView<ArrayBuffer>[]} buffers */
    const receive = (content, buffers) => this.receive(content, buffers);
    this.model.on("msg:custom", receive);
    this.signal.addEventListener("abort", () => this.model.off("msg:custom", receive));
    watch(this.signal, this.model, ["selected", "rows"], () => {
      const at = this.model.get("selected");
      for (const line of this.cells) for (const one of line) one.setAttribute("aria-selected", "false");
      if (at) this.cells[at[0]]?.[at[1]]?.setAttribute("aria-selected", "true");
    });
    watch(this.signal, this.model, ["done", "working", "rows", "methods"], () => {
      const working = this.model.get("working");
      const [done, all] = [this.model.get("done"), this.total()];
      this.bar.setAttribute("max", String(all || 1));
      this.bar.setAttribute("value", String(done));
      this.bar.setAttribute("aria-label", "maps that are there");
      this.status.textContent = `${done} of ${all} maps${working ? `, ${working} …` : ""}`;
      this.stop.textContent = working ? "Cancel" : "Continue";
      this.stop.setAttribute("aria-disabled", String(!working && done >= all));
    });
    listen(this.signal, this.stop, "click", () => {
      if (this.stop.getAttribute("aria-disabled") !== "true")
        this.model.send({ kind: this.model.get("working") ? "cancel" : "continue" });
    });
    listen(this.signal, this.table, "click", (event) => {
      const item = itemOf(event);
      if (!item) return;
      this.stand(Number(item.dataset.row), Number(item.dataset.column), true);
      this.open(item);
    });
    listen(this.signal, this.table, "keydown", (event) => {
      const item = itemOf(event);
      if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
      const [row, column] = this.here;
      const [last, end] = [this.cells.length - 1, this.cells[0].length - 1];
      const to = {
        ArrowUp: [Math.max(0, row - 1), column],
        ArrowDown: [Math.min(last, row + 1), column],
        ArrowLeft: [row, Math.max(0, column - 1)],
        ArrowRight: [row, Math.min(end, column + 1)],
        Home: [row, 0],
        End: [row, end],
      }[event.key];
      if (to) this.stand(to[0], to[1], true);
      else if (event.key === "Enter" || event.key === " ") this.open(item);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    errorLine(this.model, this.field, this.signal);
  }

  total() {
    return this.model.get("rows").length * this.model.get("methods").length;
  }

  stand(row, column, focus) {
    for (const line of this.cells) for (const one of line) one.tabIndex = -1;
    this.here = [row, column];
    const item = this.cells[row]?.[column];
    if (!item) return;
    item.tabIndex = 0;
    if (focus) item.focus();
  }

  build() {
    const rows = this.model.get("rows");
    const methods = this.model.get("methods");
    const shape = JSON.stringify([rows.map((r) => r.key), methods]);
    if (this.table.dataset.shape === shape) {
      // only the words have changed
      rows.forEach((row, i) => {
        this.table.querySelectorAll(".cnnvis-comparer-neuron")[i].replaceChildren(...wordsOf(row));
      });
      return;
    }
    this.table.dataset.shape = shape;
    const head = h(
      "tr",
      { role: "row" },
      h("th", { role: "columnheader", scope: "col" }, "Picture"),
      h("th", { role: "columnheader", scope: "col" }, "Neuron"),
      ...methods.map((m) => h("th", { role: "columnheader", scope: "col" }, m.title || m.name)),
    );
    this.cells = [];
    const lines = rows.map((row, i) => {
      const line = methods.map((m, j) =>
        h(
          "td",
          {
            role: "gridcell",
            tabindex: -1,
            "data-row": i,
            "data-column": j,
            "aria-label": "not computed yet",
          },
          "…",
        ),
      );
      this.cells.push(line);
      const first = i === 0 || rows[i - 1].picture !== row.picture;
      const count = rows.filter((r) => r.picture === row.picture).length;
      const photo = h("img", {
        alt: `the picture ${row.picture}`,
        hidden: !this.pictures.has(row.picture),
        "data-picture": row.picture,
        src: this.pictures.get(row.picture) ?? null,
      });
      return h(
        "tr",
        { role: "row" },
        ...(first
          ? [
              h(
                "th",
                { rowspan: count, scope: "rowgroup", role: "rowheader", class: "cnnvis-comparer-picture" },
                photo,
                h("div", {}, row.picture),
              ),
            ]
          : []),
        h("th", { role: "rowheader", scope: "row", class: "cnnvis-comparer-neuron" }, ...wordsOf(row)),
        ...line,
      );
    });
    this.table.replaceChildren(h("thead", {}, head), h("tbody", {}, ...lines));
    const within = (place, count) => Math.max(0, Math.min(place, count - 1)); // at first there may be no rows
    this.stand(within(this.here[0], rows.length), within(this.here[1], methods.length), false);
  }

  empty() {
    for (const line of this.cells) {
      for (const item of line) {
        item.replaceChildren("…");
        item.className = "";
        item.setAttribute("aria-label", "not computed yet");
        item.removeAttribute("aria-description");
      }
    }
  }

  put({ row, column, network, why, alt }, image) {
    const item = this.cells[row]?.[column];
    if (!item || network !== this.model.get("network")) return;
    item.setAttribute("aria-label", why || alt);
    item.classList.toggle("cnnvis-comparer-none", !!why);
    item.replaceChildren(why ? h("span", {}, why) : h("img", { alt, src: this.urls.of(image, "image/png") }));
  }

  /** Whether a map can be trusted: a mark for each check, with its sentence. */
  mark({ row, column, network, checks }) {
    const item = this.cells[row]?.[column];
    if (!item || network !== this.model.get("network")) return;
    const marks = checks.map(({ verdict, sentence }) =>
      h("span", { "data-verdict": verdict, title: sentence }, trustMark(verdict)),
    );
    item.querySelector(".cnnvis-comparer-checks")?.remove();
    item.append(h("div", { class: "cnnvis-trust cnnvis-comparer-checks" }, ...marks));
    item.setAttribute("aria-description", checks.map(({ sentence }) => sentence).join(" "));
  }

  receive(content, buffers) {
    if (content.kind === "checks") this.mark(content);
    if (content.kind === "clear") this.empty();
    if (content.kind === "cell") this.put(content, buffers[0]);
    if (content.kind !== "picture") return;
    this.pictures.set(content.name, this.urls.of(buffers[0], "image/png"));
    for (const photo of itemsOf(this.table, "img[data-picture]")) {
      if (photo.dataset.picture === content.name)
        Object.assign(photo, { src: this.pictures.get(content.name), hidden: false });
    }
  }

  open(item) {
    if (!this.model.get("disabled"))
      this.choose("selected", [Number(item.dataset.row), Number(item.dataset.column)]);
  }
}

const render = rendering(ComparerGridView);

export default { render };
