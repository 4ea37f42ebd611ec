/** Bars of the most probable classes, and a search among all; see predictions.py. */
const SHOWN = 50; // matches that the search lists

function percent(score) {
  if (score > 0 && score < 0.001) return "< 0.1 %";
  return `${(100 * score).toFixed(1)} %`;
}

/** "281 tabby, tabby cat", or "class 281" where classes have no names. */
function nameOf(model, unit) {
  const listed = model.get("predictions").find((prediction) => prediction.unit === unit);
  return model.get("labels")[unit] || listed?.label || `class ${unit}`;
}

/** Bars start at zero; where a logit is negative, zero stands inside. */
function bar(model, prediction) {
  const all = model.get("predictions");
  const size = (p) => p.score ?? p.logit ?? 0;
  const probabilities = all.every((p) => p.score !== null);
  const low = Math.min(0, ...all.map(size));
  const high = probabilities ? 1 : Math.max(0, ...all.map(size)) || 1;
  const share = (x) => (100 * (x - low)) / (high - low);
  const [from, to] = [share(Math.min(0, size(prediction))), share(Math.max(0, size(prediction)))];
  return h("span", { class: "cnnvis-track", "aria-hidden": "true" },
    h("span", { class: size(prediction) < 0 && "cnnvis-negative", style: `inset-inline-start: ${from}%; width: ${Math.max(0, to - from)}%` }));
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "predictions", signal);
  const none = h("p", { class: "cnnvis-hint" }, "No predictions yet.");
  const list = h("div", { class: "cnnvis-rows", role: "listbox" });
  const other = h("p", { class: "cnnvis-other", "aria-live": "polite" });
  body.append(none, list, other);

  choices(model, list, {
    traits: ["predictions", "labels"],
    records: () => model.get("predictions"),
    key: "unit",
    attributes: (prediction) => ({
      title: `unit ${prediction.unit}${prediction.logit === null ? "" : `, ${short(prediction.logit)} before softmax`}`,
    }),
    draw: (prediction) => [
      h("span", { class: "cnnvis-name" }, prediction.label || nameOf(model, prediction.unit)),
      h("span", { class: "cnnvis-score" }, prediction.score === null ? short(prediction.logit) : percent(prediction.score)),
      bar(model, prediction),
    ],
  }, signal);
  watch(model, ["predictions", "value", "labels"], () => {
    const unit = model.get("value");
    const all = model.get("predictions");
    none.hidden = all.length > 0;
    other.hidden = unit === null || all.some((prediction) => prediction.unit === unit);
    other.replaceChildren("Chosen: ", h("strong", {}, unit === null ? "" : nameOf(model, unit)), ` (unit ${unit})`);
  }, signal);
  body.append(search(model, signal));
  errorLine(model, body, signal);
  return () => undo.abort();
}

/** A field that lists what fits while one types: names, or the number of a class. */
function search(model, signal) {
  const choose = chooser(model);
  const list = h("div", { class: "cnnvis-matches", role: "listbox", id: uniqueId(), "aria-label": "matching classes", hidden: true });
  const input = h("input", {
    type: "text", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id,
    autocomplete: "off", spellcheck: "false", "aria-label": "any other class, by name or number",
  });
  const count = h("span", { class: "cnnvis-unseen", role: "status" });
  const box = h("div", { class: "cnnvis-search" }, input, list, count);
  /** @type {number[]} */
  let units = [];
  let at = -1;

  const total = () => model.get("labels").length || model.get("units");
  const matching = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    const number = /^\d+$/.test(text.trim()) ? Number(text) : -1;
    if (number >= 0 && number < total()) found.push(number);
    const starts = [];
    const contains = [];
    model.get("labels").forEach((label, unit) => {
      const low = label.toLowerCase();
      if (unit !== number && words.every((word) => low.includes(word))) (low.startsWith(words[0] ?? "") ? starts : contains).push(unit);
    });
    return [...found, ...starts, ...contains];
  };
  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const go = (to) => {
    at = to;
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    const row = list.children[at];
    if (!row?.id) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", row.id);
    return reveal(list, row);
  };
  const open = () => {
    const found = matching(input.value);
    units = found.slice(0, SHOWN);
    const rows = units.map((unit) => h("div", { role: "option", id: uniqueId(), "data-unit": unit },
      h("span", { class: "cnnvis-note" }, String(unit)), ` ${nameOf(model, unit)}`));
    const rest = found.length - units.length;
    if (!found.length || rest) {
      rows.push(h("div", { class: "cnnvis-hint", role: "presentation" }, found.length ? `… and ${rest} more`
        : `No class fits “${input.value}”; there are ${total()}.`));
    }
    list.replaceChildren(...rows);
    list.hidden = false;
    list.scrollTop = 0;
    count.textContent = `${found.length} classes fit`;
    input.setAttribute("aria-expanded", "true");
    go(units.length && input.value ? 0 : -1);
  };
  const take = (unit) => {
    input.value = "";
    close();
    choose("value", unit);
  };

  input.addEventListener("input", open, { signal });
  input.addEventListener("click", () => { if (list.hidden) open(); }, { signal });
  input.addEventListener("blur", close, { signal });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) open();
      else if (units.length) go((at + (event.key === "ArrowDown" ? 1 : -1) + units.length) % units.length);
    } else if (event.key === "Enter" && !list.hidden && units.length) take(units[Math.max(at, 0)]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  // On mousedown, before the field loses the focus and the list is gone.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const row = event.target.closest("[data-unit]");
    if (row) take(Number(row.dataset.unit));
  }, { signal });
  watch(model, ["labels", "units"], () => {
    box.hidden = total() === 0;
    input.placeholder = model.get("labels").length ? `another of ${total()} classes: name or number` : `another class, 0 … ${total() - 1}`;
    close();
  }, signal);
  return box;
}
export default { render };
