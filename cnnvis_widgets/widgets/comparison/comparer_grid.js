/** A grid of small maps; see comparer_grid.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "comparer", signal);
  const choose = chooser(model);
  const select = h("select");
  const bar = h("progress", { max: 1, value: 0 });
  const stop = h("button", { type: "button" });
  const said = h("span", { class: "cnnvis-hint", role: "status" });
  const table = h("table", { role: "grid", class: "cnnvis-comparer-grid" });
  const scroller = h("div", { class: "cnnvis-comparer-scroll" }, table);
  field.append(h("div", { class: "cnnvis-line" }, select, bar, said, stop), scroller,
    h("p", { class: "cnnvis-hint" }, "Arrow keys go from map to map; Enter or a click opens one in the explorer below."));
  watch(model, ["label"], () => {
    select.setAttribute("aria-label", model.get("label"));
    table.setAttribute("aria-label", "Maps: neurons down, methods across");
  }, signal);

  const urls = [];
  const urlOf = (view) => { urls.push(URL.createObjectURL(new Blob([view], { type: "image/png" }))); return urls.at(-1); };
  const pictures = new Map();
  let cells = [];
  let here = [0, 0];
  const total = () => model.get("rows").length * model.get("methods").length;

  watch(model, ["networks"], () => {
    select.replaceChildren(...model.get("networks").map((network) => h("option", { value: network.name, disabled: !network.available, title: network.why || null },
      (network.title || network.name) + (network.available ? "" : " (not at hand)"))));
    /** @type {any} */ (select).value = model.get("network");
  }, signal);
  watch(model, ["network"], () => { /** @type {any} */ (select).value = model.get("network"); }, signal);
  select.addEventListener("change", () => choose("network", /** @type {any} */ (select).value), { signal });

  const stand = (row, column, focus) => {
    for (const line of cells) for (const one of line) one.tabIndex = -1;
    here = [row, column];
    const item = cells[row]?.[column];
    if (!item) return;
    item.tabIndex = 0;
    if (focus) item.focus();
  };
  const build = () => {
    const rows = model.get("rows");
    const methods = model.get("methods");
    const shape = JSON.stringify([rows.map((r) => r.key), methods]);
    if (table.dataset.shape === shape) { // only the words have changed
      rows.forEach((row, i) => { table.querySelectorAll(".cnnvis-comparer-neuron")[i].replaceChildren(...wordsOf(row)); });
      return;
    }
    table.dataset.shape = shape;
    const head = h("tr", { role: "row" }, h("th", { role: "columnheader", scope: "col" }, "Picture"), h("th", { role: "columnheader", scope: "col" }, "Neuron"), ...methods.map((m) => h("th", { role: "columnheader", scope: "col" }, m.title || m.name)));
    cells = [];
    const lines = rows.map((row, i) => {
      const line = methods.map((m, j) => h("td", { role: "gridcell", tabindex: -1, "data-row": i, "data-column": j, "aria-label": "not computed yet" }, "…"));
      cells.push(line);
      const first = i === 0 || rows[i - 1].picture !== row.picture;
      const count = rows.filter((r) => r.picture === row.picture).length;
      const photo = h("img", { alt: `the picture ${row.picture}`, hidden: !pictures.has(row.picture), "data-picture": row.picture, src: pictures.get(row.picture) ?? null });
      return h("tr", { role: "row" }, ...(first ? [h("th", { rowspan: count, scope: "rowgroup", role: "rowheader", class: "cnnvis-comparer-picture" }, photo, h("div", {}, row.picture))] : []),
        h("th", { role: "rowheader", scope: "row", class: "cnnvis-comparer-neuron" }, ...wordsOf(row)), ...line);
    });
    table.replaceChildren(h("thead", {}, head), h("tbody", {}, ...lines));
    const within = (place, count) => Math.max(0, Math.min(place, count - 1)); // at first there may be no rows
    stand(within(here[0], rows.length), within(here[1], methods.length), false);
  };
  const wordsOf = (row) => [h("div", {}, row.label || "…"), h("div", { class: "cnnvis-hint" }, row.neuron)];
  watch(model, ["rows", "methods"], build, signal);

  const empty = () => {
    for (const line of cells) {
      for (const item of line) {
        item.replaceChildren("…");
        item.className = "";
        item.setAttribute("aria-label", "not computed yet");
      }
    }
  };
  const put = ({ row, column, network, why, alt }, image) => {
    const item = cells[row]?.[column];
    if (!item || network !== model.get("network")) return;
    item.setAttribute("aria-label", why || alt);
    item.classList.toggle("cnnvis-comparer-none", !!why);
    item.replaceChildren(why ? h("span", {}, why) : h("img", { alt, src: urlOf(image) }));
  };
  const receive = (content, buffers) => {
    if (content.kind === "clear") empty();
    if (content.kind === "cell") put(content, buffers[0]);
    if (content.kind !== "picture") return;
    pictures.set(content.name, urlOf(buffers[0]));
    for (const photo of table.querySelectorAll("img[data-picture]")) {
      if (photo.dataset.picture === content.name) Object.assign(photo, { src: pictures.get(content.name), hidden: false });
    }
  };
  model.on("msg:custom", receive);
  signal.addEventListener("abort", () => model.off("msg:custom", receive));

  watch(model, ["selected", "rows"], () => {
    const at = model.get("selected");
    for (const line of cells) for (const one of line) one.setAttribute("aria-selected", "false");
    if (at) cells[at[0]]?.[at[1]]?.setAttribute("aria-selected", "true");
  }, signal);
  watch(model, ["done", "working", "rows", "methods"], () => {
    const working = model.get("working");
    const [done, all] = [model.get("done"), total()];
    bar.setAttribute("max", String(all || 1));
    bar.setAttribute("value", String(done));
    bar.setAttribute("aria-label", "maps that are there");
    said.textContent = `${done} of ${all} maps${working ? `, ${working} …` : ""}`;
    stop.textContent = working ? "Cancel" : "Continue";
    stop.setAttribute("aria-disabled", String(!working && done >= all));
  }, signal);
  stop.addEventListener("click", () => {
    if (stop.getAttribute("aria-disabled") !== "true") model.send({ kind: model.get("working") ? "cancel" : "continue" });
  }, { signal });

  const itemOf = (event) => /** @type {HTMLElement} */ (event.target).closest("[role=gridcell]");
  const open = (item) => { if (!model.get("disabled")) choose("selected", [Number(item.dataset.row), Number(item.dataset.column)]); };
  table.addEventListener("click", (event) => {
    const item = itemOf(event);
    if (!item) return;
    stand(Number(item.dataset.row), Number(item.dataset.column), true);
    open(item);
  }, { signal });
  table.addEventListener("keydown", (event) => {
    const item = itemOf(event);
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const [row, column] = here;
    const [last, end] = [cells.length - 1, cells[0].length - 1];
    const to = {
      ArrowUp: [Math.max(0, row - 1), column], ArrowDown: [Math.min(last, row + 1), column],
      ArrowLeft: [row, Math.max(0, column - 1)], ArrowRight: [row, Math.min(end, column + 1)],
      Home: [row, 0], End: [row, end],
    }[event.key];
    if (to) stand(to[0], to[1], true);
    else if (event.key === "Enter" || event.key === " ") open(item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  errorLine(model, field, signal);
  model.send({ kind: "ready" });
  return () => {
    undo.abort();
    for (const url of urls) URL.revokeObjectURL(url);
  };
}
export default { render };
