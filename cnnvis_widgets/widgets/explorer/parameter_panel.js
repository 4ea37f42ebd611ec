/** One control for each declared parameter; see parameter_panel.py. */
const SMALL_CHOICE = 3; // up to so many choices all stand side by side
const SHOWN = 4; // of a method with many parameters so many are in sight, the others one click away
const MANY = 8;

/** Tell that a value is its parameter's default. */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Slider and field tied together; without both ends there is no slider. */
function numberControl(parameter, change, signal) {
  const { name, minimum, maximum, unit } = parameter;
  const whole = parameter.kind === "integer";
  const title = parameter.title || name;
  const empty = parameter.default === null;
  const field = numberField({ label: "", whole, empty, signal, unit, onvalue: (value) => change(value) });
  field.input.setAttribute("aria-label", title);
  field.limits(minimum, maximum);
  if (minimum === null || maximum === null) return { parts: [field.element], complaint: field.complaint, show: field.show };
  const step = parameter.step ?? (whole ? 1 : (maximum - minimum) / 100);
  const slider = h("input", {
    type: "range", min: minimum, max: maximum, step, "aria-label": title,
    oninput: () => change(Number(Number(slider.value).toPrecision(12))),
  });
  const show = (value) => {
    field.show(value);
    slider.value = value ?? minimum;
    slider.setAttribute("aria-valuetext", value === null ? "automatic" : `${short(value)} ${unit}`.trim());
  };
  return { parts: [slider, field.element], complaint: field.complaint, show };
}

function switchControl(parameter, change) {
  const box = h("input", {
    type: "checkbox", role: "switch", "aria-label": parameter.title || parameter.name,
    onchange: () => change(box.checked),
  });
  const words = h("span", {});
  const show = (value) => {
    box.checked = !!value;
    words.textContent = value ? "on" : "off";
  };
  return { parts: [h("label", { class: "cnnvis-entry" }, box, words)], show };
}

function choiceControl(parameter, change, signal) {
  const title = parameter.title || parameter.name;
  const find = (key) => parameter.choices.find((choice) => String(choice) === key);
  if (parameter.choices.length > SMALL_CHOICE) {
    const select = h("select", { "aria-label": title, onchange: () => change(find(select.value)) },
      ...parameter.choices.map((choice) => h("option", { value: choice }, String(choice) || "automatic")));
    return { parts: [select], show: (value) => { select.value = String(value); } };
  }
  const group = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": title },
    ...parameter.choices.map((choice) => h("button", { type: "button", role: "radio", "data-key": choice }, String(choice) || "automatic")));
  roving(group, "[role=radio]", (item) => change(find(item.dataset.key)), signal);
  return { parts: [group], show: (value) => mark(group, "[role=radio]", value) };
}

function textControl(parameter, change) {
  const empty = parameter.default === null;
  const input = h("input", {
    type: "text", "aria-label": parameter.title || parameter.name, placeholder: empty ? "auto" : null,
    onchange: () => change(empty && input.value === "" ? null : input.value),
  });
  return { parts: [input], show: (value) => { input.value = value ?? ""; } };
}

const CONTROLS = {
  integer: numberControl, float: numberControl, boolean: switchControl, choice: choiceControl, text: textControl,
};

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "parameters", signal);
  const choose = chooser(model);
  const none = h("p", { class: "cnnvis-hint" }, "This method has no parameters.");
  const rows = h("div", { class: "cnnvis-grid" });
  const set = (name, value) => choose("value", { ...model.get("value"), [name]: value });
  const defaults = () => Object.fromEntries(model.get("parameters").map((p) => [p.name, p.default]));
  const all = h("button", { type: "button", class: "cnnvis-quiet", onclick: () => choose("value", defaults()) }, "Reset all to defaults");
  body.append(none, rows, all);
  /** @type {{parameter: any, control: any, back: HTMLElement, shown: any}[]} */
  let drawn = [];
  let rowsUndo = new AbortController();
  signal.addEventListener("abort", () => rowsUndo.abort());

  const show = () => {
    const value = model.get("value");
    for (const row of drawn) {
      const now = value[row.parameter.name];
      row.back.disabled = same(now, row.parameter.default);
      const more = row.back.closest("details");
      if (more && !row.back.disabled) more.open = true; // what was changed is never out of sight
      // Only what changed is drawn: a wrong entry in another field stays to be corrected.
      if (!same(now, row.shown)) row.control.show((row.shown = now));
    }
    all.disabled = same({ ...value, ...defaults() }, value);
  };
  watch(model, ["parameters"], () => {
    rowsUndo.abort();
    rowsUndo = new AbortController();
    drawn = model.get("parameters").map((parameter) => {
      const { name } = parameter;
      const control = CONTROLS[parameter.kind](parameter, (value) => set(name, value), rowsUndo.signal);
      const title = parameter.title || name;
      const back = h("button", {
        type: "button", class: "cnnvis-quiet", title: `back to ${parameter.default ?? "automatic"}`,
        "aria-label": `${title}: back to ${parameter.default ?? "automatic"}`,
        onclick: () => { control.show(parameter.default); set(name, parameter.default); },
      }, "↺");
      return { parameter, control, back, shown: undefined };
    });
    const items = drawn.map(({ parameter, control, back }) => h("div", { class: "cnnvis-parameter" },
      h("span", { class: "cnnvis-title" }, parameter.title || parameter.name),
      h("div", { class: "cnnvis-control" }, ...control.parts), back,
      h("p", { class: "cnnvis-hint", hidden: !parameter.help }, parameter.help),
      control.complaint ?? ""));
    const first = items.length > MANY ? SHOWN : items.length;
    rows.replaceChildren(...items.slice(0, first));
    if (items.length > first) {
      rows.append(h("details", { class: "cnnvis-more" }, h("summary", {}, `${items.length - first} more`),
        h("div", { class: "cnnvis-grid" }, ...items.slice(first))));
    }
    none.hidden = drawn.length > 0;
    all.hidden = drawn.length < 2;
    show();
  }, signal);
  watch(model, ["value"], show, signal);
  errorLine(model, body, signal);
  return () => undo.abort();
}
export default { render };
