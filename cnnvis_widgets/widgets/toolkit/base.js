// Shared by every component. No CDN, no ids: `render` returns its own undoing.

/**
 * A widget's model, as anywidget hands it to `render`; what its traits are, the Python class says.
 * @typedef {import("@anywidget/types").AnyModel<any>} Model
 * @typedef {{model: Model, el: HTMLElement}} Context what `render` gets
 */

/**
 * Make an element: `h("button", {class: "cnnvis-x", "aria-label": "…", onclick: f}, "text", child)`.
 * `on…` values are listeners, `true` sets a bare attribute, `false`/`null` leaves it out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Listen to events until `signal` aborts.
 * @param {AbortSignal} signal
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} action
 * @param {AddEventListenerOptions} [options]
 */
export function listen(signal, target, type, action, options = {}) {
  target.addEventListener(type, action, { signal, ...options });
}

/**
 * Listen to model changes until `signal` aborts, and call `draw` once now.
 * @param {AbortSignal} signal
 * @param {Model} model
 * @param {string[]} names of traits
 * @param {() => void} draw
 */
export function watch(signal, model, names, draw) {
  const changed = () => draw();
  for (const name of names) model.on(`change:${name}`, changed);
  signal.addEventListener("abort", () => {
    for (const name of names) model.off(`change:${name}`, changed);
  });
  draw();
}

/**
 * Draw once for all traits that change together: those of one message change one after the other.
 * @param {AbortSignal} signal
 * @param {Model} model
 * @param {string[]} names of traits
 * @param {() => void} draw
 */
export function watchTogether(signal, model, names, draw) {
  let newest = 0;
  watch(signal, model, names, () => {
    const mine = ++newest;
    queueMicrotask(() => {
      if (mine === newest && !signal.aborted) draw();
    });
  });
}

/**
 * A component's `render`: make its view, and undo it by one signal that all its listeners share.
 * @param {new (context: Context, signal: AbortSignal) => any} View
 * @returns {(context: Context) => () => void}
 */
export function rendering(View) {
  return (context) => {
    const undo = new AbortController();
    new View(context, undo.signal);
    return () => undo.abort();
  };
}

/**
 * Write a trait and send it to Python.
 * @param {Model} model
 * @param {string} name
 * @param {any} value
 */
export function send(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/**
 * The line under a control where its error appears; screen readers announce it.
 * Also marks `root` as busy while the model is.
 * @param {Model} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
export function errorLine(model, root, signal) {
  const line = h("p", { class: "cnnvis-error", role: "alert" });
  root.append(line);
  watch(signal, model, ["error", "busy"], () => {
    line.textContent = model.get("error");
    line.hidden = !model.get("error");
    root.setAttribute("aria-busy", String(model.get("busy")));
    root.classList.toggle("cnnvis-busy", model.get("busy"));
  });
}

/** A text that is unique on the page, for aria relations. `randomUUID` exists only under https. */
export function uniqueId() {
  return `cnnvis-${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
}

/** @typedef {HTMLElement | SVGElement} Item one of several that are chosen from; bears `data-key` */

/**
 * @param {ParentNode} list
 * @param {string} selector
 * @returns {Item[]}
 */
export const itemsOf = (list, selector) =>
  [...list.querySelectorAll(selector)].map((item) => /** @type {Item} */ (item));

/** @param {string} selector */
const chosenAmong = (selector) => `${selector}:is([aria-checked="true"], [aria-selected="true"])`;

/**
 * The item that an event is about, if any.
 * @param {Event} event
 * @param {string} selector
 * @returns {Item | null}
 */
export const itemAt = (event, selector) =>
  event.target instanceof Element ? /** @type {Item | null} */ (event.target.closest(selector)) : null;

/** @param {KeyboardEvent} event */
export const isShortcut = (event) => event.altKey || event.ctrlKey || event.metaKey;

/**
 * Where an arrow key leads, in rows and columns; null for any other key and for shortcuts.
 * @param {KeyboardEvent} event
 * @returns {[number, number] | null}
 */
export function arrowStep(event) {
  /** @type {Record<string, [number, number]>} */
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  return isShortcut(event) ? null : (steps[event.key] ?? null);
}

/** A key that was used up here goes no further. @param {Event} event */
export function useUp(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Arrow keys, Home and End among the items that can be seen. Up and down go to the nearest item of
 * the next row, where there are rows. Items carry `data-key`; all but one are out of the tab order.
 * @param {Element} list
 * @param {string} selector of the items
 * @param {(item: Item) => void} pick called with the item arrived at or clicked
 * @param {AbortSignal} signal
 */
export function roving(list, selector, pick, signal) {
  /** @param {Item} item */
  const stopAt = (item) => {
    for (const other of itemsOf(list, `${selector}[tabindex="0"]`)) other.tabIndex = -1;
    item.tabIndex = 0;
  };
  /** @param {Item} item */
  const arrive = (item) => {
    stopAt(item);
    item.focus();
    if (item.getAttribute("aria-disabled") !== "true") pick(item);
  };
  listen(signal, list, "focusout", (/** @type {FocusEvent} */ event) => {
    const [chosen] = itemsOf(list, chosenAmong(selector));
    if (chosen && !list.contains(/** @type {Node | null} */ (event.relatedTarget))) stopAt(chosen);
  });
  listen(signal, list, "click", (event) => {
    const item = itemAt(event, selector);
    if (item && !item.closest("fieldset[disabled]")) arrive(item);
  });
  listen(signal, list, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const item = itemAt(event, selector);
    if (!item || isShortcut(event)) return;
    const items = itemsOf(list, selector).filter((one) => one.getClientRects().length);
    const next = neighbour(items, items.indexOf(item), event.key);
    if (!next) return;
    useUp(event);
    arrive(next);
  });
}

/**
 * @param {Item[]} items in reading order
 * @param {number} at
 * @param {string} key
 * @returns {Item | undefined} where the key leads; undefined for any other key
 */
export function neighbour(items, at, key) {
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
  const step = steps[key];
  if (key === "Home") return items[0];
  if (key === "End") return items[items.length - 1];
  if (!step) return undefined;
  if (key === "ArrowDown" || key === "ArrowUp") {
    const { left, top } = items[at].getBoundingClientRect();
    const ahead = items
      .map((item) => ({ item, box: item.getBoundingClientRect() }))
      .filter(({ box }) => (box.top - top) * step > 1)
      .sort(
        (a, b) => (a.box.top - b.box.top) * step || Math.abs(a.box.left - left) - Math.abs(b.box.left - left),
      );
    if (ahead.length) return ahead[0].item;
    if (items.some((item) => Math.abs(item.getBoundingClientRect().top - top) > 1)) return items[at];
  }
  return items[(at + step + items.length) % items.length];
}

/**
 * Mark the chosen item. The tab key reaches the one that has the focus, else the chosen, else the first.
 * @param {Element} list
 * @param {string} selector
 * @param {any} value compared with the items' `data-key`; null for none
 */
export function mark(list, selector, value) {
  const items = itemsOf(list, selector);
  for (const item of items) {
    const chosen = value != null && item.dataset.key === String(value);
    const state = item.getAttribute("role") === "radio" ? "aria-checked" : "aria-selected";
    item.setAttribute(state, String(chosen));
    item.tabIndex = -1;
  }
  const stop =
    items.find((item) => item === document.activeElement) ??
    itemsOf(list, chosenAmong(selector))[0] ??
    items[0];
  if (stop) stop.tabIndex = 0;
}

/**
 * A number in three significant digits, with a true minus sign.
 * @param {number | null | undefined} number
 */
export function short(number) {
  if (number == null) return "–";
  const size = Math.abs(number);
  const rounded = Number(number.toPrecision(3));
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e7)
      ? number.toExponential(1)
      : size >= 1e5
        ? rounded.toLocaleString("en").replaceAll(",", "\u202f")
        : rounded.toString();
  return text.replaceAll("-", "−");
}

/**
 * Keep JupyterLab's one-letter shortcuts (d, d deletes the cell) away from the keys that are pressed
 * within `root`. Lab looks for the mark at the element that has the focus, not around it.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
export function keepKeys(root, signal) {
  listen(signal, root, "focusin", (event) => {
    /** @type {HTMLElement} */ (event.target).dataset.lmSuppressShortcuts = "true";
  });
}

/**
 * Tell whether there is still a kernel behind the model: at once when it ends or starts anew, and
 * after a moment when the connection is lost (a short break heals by itself).
 * @param {Model} model
 * @param {(live: boolean) => void} tell
 * @param {AbortSignal} signal
 */
export function connection(model, tell, signal) {
  const PATIENCE_MS = 2000;
  // anywidget does not pass its own model's state on; the layout is a model of the same kernel.
  const other = model.get("layout");
  const kernel = /** @type {any} */ (model.widget_manager)?.kernel;
  let timer = 0;
  const gone = () =>
    ["dead", "terminating", "restarting", "autorestarting"].includes(kernel?.status) ||
    other?.comm_live === false;
  const check = () => {
    clearTimeout(timer);
    const away = kernel && kernel.connectionStatus !== "connected";
    if (away && !gone())
      timer = window.setTimeout(() => tell(kernel.connectionStatus === "connected"), PATIENCE_MS);
    else tell(!gone());
  };
  const events = [kernel?.statusChanged, kernel?.connectionStatusChanged].filter(Boolean);
  for (const event of events) event.connect(check);
  model.on("comm_live_update", check);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const event of events) event.disconnect(check);
    model.off("comm_live_update", check);
  });
  check();
}
