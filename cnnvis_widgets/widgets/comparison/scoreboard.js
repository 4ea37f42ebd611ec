/** One map after another, a point or none; see scoreboard.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "scoreboard", signal);
  const choose = chooser(model);
  const photo = h("img", { alt: "the picture as the network saw it" });
  const map = h("img", { alt: "" });
  const words = h("p", { class: "cnnvis-scoreboard-words", role: "status" });
  const criterion = h("p", { class: "cnnvis-hint" });
  const none = h("button", { type: "button" }, "0: no");
  const point = h("button", { type: "button" }, "1: yes");
  const back = h("button", { type: "button" }, "← back");
  const bar = h("progress", { max: 1, value: 0, "aria-label": "maps judged" });
  const count = h("span", { class: "cnnvis-hint" });
  const show = h("button", { type: "button", "aria-pressed": "false" });
  const tables = h("div", { class: "cnnvis-scoreboard-tables" });
  const pair = h("div", { class: "cnnvis-scoreboard-pair" }, photo, map);
  const tools = h("div", { class: "cnnvis-line" }, none, point, back, bar, count, show);
  field.append(pair, words, criterion, tools,
    h("p", { class: "cnnvis-hint" }, "Keys, with the focus on any of the buttons: 0, 1, and Backspace to go back. Every point is kept at once."), tables);

  let urls = [];
  watch(model, ["_card", "at", "count"], () => {
    const card = model.get("_card");
    const over = !card.map;
    for (const url of urls) URL.revokeObjectURL(url);
    urls = over ? [] : [card.picture, card.map].map((view) => URL.createObjectURL(new Blob([view], { type: "image/png" })));
    pair.hidden = over;
    if (!over) {
      photo.setAttribute("src", urls[0]);
      map.setAttribute("src", urls[1]);
      map.setAttribute("alt", card.alt);
    }
    words.textContent = over ? "All maps are judged." : `Map ${model.get("at") + 1} of ${model.get("count")}: ${card.words}`;
    criterion.textContent = over ? "" : card.inner
      ? "An inner neuron: a point if the map picks out something definite that could be a part or an object."
      : "An output: a point if the map shows what you would call this class, and little else.";
    none.setAttribute("aria-pressed", String(card.value === 0));
    point.setAttribute("aria-pressed", String(card.value === 1));
    for (const button of [none, point]) button.setAttribute("aria-disabled", String(over));
    back.setAttribute("aria-disabled", String(model.get("at") === 0));
  }, signal);
  watch(model, ["judged", "count"], () => {
    bar.setAttribute("max", String(model.get("count") || 1));
    bar.setAttribute("value", String(model.get("judged")));
    count.textContent = `${model.get("judged")} of ${model.get("count")} judged`;
  }, signal);

  const judge = (value) => {
    if (model.get("disabled") || none.getAttribute("aria-disabled") === "true") return;
    model.send({ kind: "judge", value, at: model.get("at") });
  };
  const goBack = () => { if (back.getAttribute("aria-disabled") !== "true") model.send({ kind: "back" }); };
  none.addEventListener("click", () => judge(0), { signal });
  point.addEventListener("click", () => judge(1), { signal });
  back.addEventListener("click", goBack, { signal });
  show.addEventListener("click", () => choose("tabled", !model.get("tabled")), { signal });
  field.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    if (event.key === "0" || event.key === "1") judge(Number(event.key));
    else if (event.key === "Backspace") goBack();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });

  watch(model, ["_table", "tabled"], () => {
    const open = model.get("tabled");
    show.textContent = open ? "Hide the table" : "Show the table";
    show.setAttribute("aria-pressed", String(open));
    const { methods = [], parts = [] } = model.get("_table");
    tables.hidden = !open;
    tables.replaceChildren(...parts.filter((part) => part.rows.length).map((part) => h("table", {},
      h("caption", {}, part.title),
      h("thead", {}, h("tr", {}, h("td"), ...methods.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...part.rows.map(([name, ...values]) => h("tr", { class: name === "all" && "cnnvis-scoreboard-all" }, h("th", { scope: "row" }, name), ...values.map((value) => h("td", {}, value))))))));
  }, signal);
  errorLine(model, field, signal);
  return () => {
    undo.abort();
    for (const url of urls) URL.revokeObjectURL(url);
  };
}
export default { render };
