// Shared by the controls: where something is chosen (see control.py).
import { h, itemsOf, keepKeys, listen, mark, roving, uniqueId, watch } from "./base.js";

/** @typedef {import("./base.js").Model} Model */

/**
 * A way to write a value that the visitor chose. What was wrong before is forgotten with the new
 * choice. It is sent at once: Jupyter keeps one message under way and merges what comes meanwhile. A
 * choice that was held back here would be overwritten by the echo of the one before.
 * @param {Model} model
 * @returns {(name: string, value: any) => void}
 */
export function chooser(model) {
  return (name, value) => {
    model.set(name, value);
    if (model.get("error")) model.set("error", "");
    model.save_changes();
  };
}

/**
 * The frame of a control: a labelled group that `disabled` switches off as a whole.
 * @param {HTMLElement} el
 * @param {Model} model
 * @param {string} name of the style class, without "cnnvis-"
 * @param {AbortSignal} signal
 * @returns {HTMLElement} the element to fill. It is inside the fieldset, not the fieldset itself: when
 *   a box comes or goes right in a fieldset, Chromium makes all of them anew and lets go of a dragged slider.
 */
export function frame(el, model, name, signal) {
  const legend = h("legend", { class: "cnnvis-label" });
  const body = h("div", { class: "cnnvis-body" });
  const field = h("fieldset", { class: "cnnvis-field" }, legend, body);
  const root = h("div", { class: `cnnvis cnnvis-${name}` }, field);
  el.append(root);
  keepKeys(root, signal);
  watch(signal, model, ["label", "disabled"], () => {
    legend.textContent = model.get("label");
    legend.hidden = !model.get("label");
    field.toggleAttribute("disabled", model.get("disabled"));
  });
  return body;
}

/**
 * Put new items into a list; the one that had the focus keeps it.
 * @param {HTMLElement} list
 * @param {Node[]} items
 */
export function refill(list, items) {
  const here = document.activeElement;
  const held = list.contains(here) ? here?.getAttribute("data-key") : null;
  list.replaceChildren(...items);
  if (held == null) return;
  const all = itemsOf(list, "[data-key]");
  (all.find((item) => item.dataset.key === held) ?? all[0])?.focus();
}

/**
 * Scroll `list`, and nothing else of the page, until `item` is in sight; from far away, until it
 * is in the middle.
 * @param {HTMLElement} list
 * @param {Element} item
 */
export function reveal(list, item) {
  const [outer, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
  const above = outer.top - inner.top;
  const below = inner.bottom - outer.bottom;
  if (Math.max(above, below) > outer.height)
    list.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
  else if (above > 0) list.scrollTop -= above + 4;
  else if (below > 0) list.scrollTop += below + 4;
}

/**
 * Keep the chosen item in sight also when the list gets its size only later: anywidget renders
 * before the element is in the page, and a page may keep it folded away at first.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal
 */
export function revealChosen(list, signal) {
  const observer = new ResizeObserver(() => {
    const chosen = list.querySelector('[aria-checked="true"], [aria-selected="true"]');
    if (chosen) reveal(list, chosen);
  });
  observer.observe(list);
  signal.addEventListener("abort", () => observer.disconnect());
}

/**
 * A list of records, one of which is chosen: by mouse, or by arrow keys.
 * @param {Model} model
 * @param {HTMLElement} list with role radiogroup or listbox
 * @param {{traits: string[], records: () => any[], key: string, value?: string,
 *   draw: (record: any) => (Node | string)[], why?: (record: any) => string | false,
 *   attributes?: (record: any) => Record<string, any>}} options `why` says why a record cannot be
 *   chosen; `value` is the trait that is written
 * @param {AbortSignal} signal
 */
export function choices(model, list, options, signal) {
  const { traits, records, key, draw, value = "value", why = () => false, attributes = () => ({}) } = options;
  const role = list.getAttribute("role") === "radiogroup" ? "radio" : "option";
  const selector = `[role="${role}"]`;
  const choose = chooser(model);
  const show = () => {
    mark(list, selector, model.get(value));
    const chosen = list.querySelector('[aria-checked="true"], [aria-selected="true"]');
    if (chosen) reveal(list, chosen);
  };
  roving(
    list,
    selector,
    (item) => {
      choose(value, records().find((record) => String(record[key]) === item.dataset.key)[key]);
    },
    signal,
  );
  watch(signal, model, traits, () => {
    refill(
      list,
      records().map((record) =>
        h(
          "button",
          {
            type: "button",
            role,
            "data-key": record[key],
            "aria-disabled": why(record) !== false && "true",
            title: why(record) || null,
            ...attributes(record),
          },
          ...draw(record),
        ),
      ),
    );
    show();
  });
  watch(signal, model, [value], show);
  watch(signal, model, ["label"], () => list.setAttribute("aria-label", model.get("label")));
  revealChosen(list, signal);
}

/**
 * @typedef {object} NumberOptions
 * @property {string} label
 * @property {boolean} whole
 * @property {(value: number) => void} onvalue
 * @property {() => void} [onempty] no number is a value too
 * @property {string} [unit]
 * @property {AbortSignal} signal
 */

/**
 * A field for a number that says beneath itself what is wrong with an entry, and then changes
 * nothing; Escape brings the last good number back.
 * @param {NumberOptions} options
 */
export function numberField({ label, whole, onvalue, onempty, unit = "", signal }) {
  const complaint = h("p", { class: "cnnvis-error", role: "alert", id: uniqueId(), hidden: true });
  const input = h("input", {
    type: "number",
    step: whole ? 1 : "any",
    class: "cnnvis-number",
    "aria-describedby": complaint.id,
    placeholder: onempty ? "auto" : null,
  });
  const words = h("span", {}, label);
  const element = h("label", { class: "cnnvis-entry" }, words, input, unit);
  let [low, high] = [-Infinity, Infinity];
  /** @type {number | null} */
  let good = null;
  /** @param {string} text */
  const complain = (text) => {
    complaint.textContent = text;
    complaint.hidden = !text;
    input.setAttribute("aria-invalid", String(!!text));
  };
  /** @param {number | null} value */
  const show = (value) => {
    good = value;
    input.value = value === null ? "" : String(value);
    complain("");
  };
  const range = () =>
    low > -Infinity && high < Infinity
      ? ` from ${low} to ${high}`
      : low > -Infinity
        ? ` of ${low} or more`
        : high < Infinity
          ? ` of ${high} or less`
          : "";
  listen(signal, input, "change", () => {
    const value = input.value === "" ? null : Number(input.value);
    if (value === null && onempty && !input.validity.badInput) {
      complain("");
      onempty();
    } else if (value !== null && value >= low && value <= high && (!whole || Number.isInteger(value))) {
      complain("");
      good = value;
      onvalue(value);
    } else complain(`Expected a ${whole ? "whole " : ""}number${range()}; got ${input.value || "none"}.`);
  });
  listen(signal, input, "keydown", (event) => {
    if (event.key === "Escape" && !complaint.hidden) show(good);
  });
  return {
    element,
    words,
    input,
    complaint,
    show,
    complain,
    /** @param {number | null} [minimum] @param {number | null} [maximum] */
    limits: (minimum, maximum) => {
      [low, high] = [minimum ?? -Infinity, maximum ?? Infinity];
      if (low > -Infinity) input.min = String(low);
      if (high < Infinity) input.max = String(high);
    },
  };
}
