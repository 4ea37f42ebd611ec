/** One control for each declared parameter; see parameter_panel.py. */
import { errorLine, h, mark, rendering, roving, short, watch } from "../toolkit/base.js";
import { chooser, frame, numberField } from "../toolkit/control.js";

const SMALL_CHOICE = 3; // up to this many choices are shown side by side
const SHOWN = 4; // parameters in sight; the others are one click away
const MANY = 8;

/** Tell that a value is its parameter's default. */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Slider and field tied together; without both ends there is no slider. */
function numberControl(parameter, change, signal) {
  const { name, minimum, maximum, unit } = parameter;
  const whole = parameter.kind === "integer";
  const title = parameter.title || name;
  const onempty = parameter.default === null ? () => change(null) : undefined;
  const field = numberField({ label: "", whole, onempty, signal, unit, onvalue: (value) => change(value) });
  field.input.setAttribute("aria-label", title);
  field.limits(minimum, maximum);
  if (minimum === null || maximum === null)
    return { parts: [field.element], complaint: field.complaint, show: field.show };
  const step = parameter.step ?? (whole ? 1 : (maximum - minimum) / 100);
  const slider = h("input", {
    type: "range",
    min: minimum,
    max: maximum,
    step,
    "aria-label": title,
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
    type: "checkbox",
    role: "switch",
    "aria-label": parameter.title || parameter.name,
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
    const select = h(
      "select",
      { "aria-label": title, onchange: () => change(find(select.value)) },
      ...parameter.choices.map((choice) => h("option", { value: choice }, String(choice) || "automatic")),
    );
    return {
      parts: [select],
      show: (value) => {
        select.value = String(value);
      },
    };
  }
  const group = h(
    "div",
    { class: "cnnvis-segments", role: "radiogroup", "aria-label": title },
    ...parameter.choices.map((choice) =>
      h("button", { type: "button", role: "radio", "data-key": choice }, String(choice) || "automatic"),
    ),
  );
  roving(group, "[role=radio]", (item) => change(find(item.dataset.key)), signal);
  return { parts: [group], show: (value) => mark(group, "[role=radio]", value) };
}

function textControl(parameter, change) {
  const empty = parameter.default === null;
  const input = h("input", {
    type: "text",
    "aria-label": parameter.title || parameter.name,
    placeholder: empty ? "auto" : null,
    onchange: () => change(empty && input.value === "" ? null : input.value),
  });
  return {
    parts: [input],
    show: (value) => {
      input.value = value ?? "";
    },
  };
}

const CONTROLS = {
  integer: numberControl,
  float: numberControl,
  boolean: switchControl,
  choice: choiceControl,
  text: textControl,
};

class ParameterPanelView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.body = frame(el, model, "parameters", signal);
    this.choose = chooser(model);
    this.none = h("p", { class: "cnnvis-hint" }, "This method has no parameters.");
    this.rows = h("div", { class: "cnnvis-grid" });
    this.all = h(
      "button",
      { type: "button", class: "cnnvis-quiet", onclick: () => this.choose("value", this.defaults()) },
      "Reset all to defaults",
    );
    this.body.append(this.none, this.rows, this.all);
    /** @type {{parameter: any, control: any, back: HTMLButtonElement, shown: any}[]} */
    this.drawn = [];
    this.rowsUndo = new AbortController();
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    this.signal.addEventListener("abort", () => this.rowsUndo.abort());
    watch(this.signal, this.model, ["parameters"], () => {
      this.rowsUndo.abort();
      this.rowsUndo = new AbortController();
      this.drawn = this.model.get("parameters").map((parameter) => {
        const { name } = parameter;
        const control = CONTROLS[parameter.kind](
          parameter,
          (value) => this.set(name, value),
          this.rowsUndo.signal,
        );
        const title = parameter.title || name;
        const back = h(
          "button",
          {
            type: "button",
            class: "cnnvis-quiet",
            title: `back to ${parameter.default ?? "automatic"}`,
            "aria-label": `${title}: back to ${parameter.default ?? "automatic"}`,
            onclick: () => {
              control.show(parameter.default);
              this.set(name, parameter.default);
            },
          },
          "↺",
        );
        return { parameter, control, back, shown: undefined };
      });
      const items = this.drawn.map(({ parameter, control, back }) =>
        h(
          "div",
          { class: "cnnvis-parameter" },
          h("span", { class: "cnnvis-title" }, parameter.title || parameter.name),
          h("div", { class: "cnnvis-control" }, ...control.parts),
          back,
          h("p", { class: "cnnvis-hint", hidden: !parameter.help }, parameter.help),
          control.complaint ?? "",
        ),
      );
      const first = items.length > MANY ? SHOWN : items.length;
      this.rows.replaceChildren(...items.slice(0, first));
      if (items.length > first) {
        this.rows.append(
          h(
            "details",
            { class: "cnnvis-more" },
            h("summary", {}, `${items.length - first} more`),
            h("div", { class: "cnnvis-grid" }, ...items.slice(first)),
          ),
        );
      }
      this.none.hidden = this.drawn.length > 0;
      this.all.hidden = this.drawn.length < 2;
      this.show();
    });
    watch(this.signal, this.model, ["value"], () => this.show());
    errorLine(this.model, this.body, this.signal);
  }

  set(name, value) {
    this.choose("value", { ...this.model.get("value"), [name]: value });
  }

  defaults() {
    return Object.fromEntries(this.model.get("parameters").map((p) => [p.name, p.default]));
  }

  show() {
    const value = this.model.get("value");
    for (const row of this.drawn) {
      const now = value[row.parameter.name];
      row.back.disabled = same(now, row.parameter.default);
      const more = row.back.closest("details");
      if (more && !row.back.disabled) more.open = true; // a changed parameter stays in sight
      // Draw only what changed, so that a wrong entry in another field can still be corrected.
      if (!same(now, row.shown)) row.control.show((row.shown = now));
    }
    this.all.disabled = same({ ...value, ...this.defaults() }, value);
  }
}

const render = rendering(ParameterPanelView);

export default { render };
