// Shared by every component: this text stands before each component's own module (see base.py).
// No build step, no CDN, no ids: `render` returns its own undoing.

/**
 * Make an element: `h("button", {class: "cnnvis-x", "aria-label": "…", onclick: f}, "text", child)`.
 * `on…` values are listeners, `true` sets a bare attribute, `false`/`null` leaves it out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
function h(tag, attributes = {}, ...children) {
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
 * Listen to model changes until `signal` aborts, and call `draw` once now.
 * @param {any} model anywidget model
 * @param {string[]} names trait names
 * @param {() => void} draw
 * @param {AbortSignal} signal
 */
function watch(model, names, draw, signal) {
  for (const name of names) model.on(`change:${name}`, draw);
  signal.addEventListener("abort", () => {
    for (const name of names) model.off(`change:${name}`, draw);
  });
  draw();
}

/**
 * Write a trait and send it to Python.
 * @param {any} model
 * @param {string} name
 * @param {any} value
 */
function send(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/**
 * The line under a control where its error stands; screen readers announce it.
 * Also marks `root` as busy while the model is.
 * @param {any} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function errorLine(model, root, signal) {
  const line = h("p", { class: "cnnvis-error", role: "alert" });
  root.append(line);
  watch(model, ["error", "busy"], () => {
    line.textContent = model.get("error");
    line.hidden = !model.get("error");
    root.setAttribute("aria-busy", String(model.get("busy")));
    root.classList.toggle("cnnvis-busy", model.get("busy"));
  }, signal);
}

/** A text that is unique on the page, for aria relations. `randomUUID` exists only under https. */
function uniqueId() {
  return `cnnvis-${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
}

/**
 * Arrow keys, Home and End among the items that can be seen. Up and down go to the nearest item of
 * the next row, where there are rows. Items carry `data-key`; all but one are out of the tab order.
 * @param {HTMLElement} list
 * @param {string} selector of the items
 * @param {(item: HTMLElement) => void} pick called with the item arrived at or clicked
 * @param {AbortSignal} signal
 */
function roving(list, selector, pick, signal) {
  const stopAt = (item) => {
    for (const other of list.querySelectorAll(`${selector}[tabindex="0"]`)) other.tabIndex = -1;
    item.tabIndex = 0;
  };
  const arrive = (item) => {
    stopAt(item);
    item.focus();
    if (item.getAttribute("aria-disabled") !== "true") pick(item);
  };
  list.addEventListener("focusout", (event) => {
    const chosen = list.querySelector(`${selector}:is([aria-checked="true"], [aria-selected="true"])`);
    if (chosen && !list.contains(event.relatedTarget)) stopAt(chosen);
  }, { signal });
  list.addEventListener("click", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest(selector);
    if (item && !item.closest("fieldset[disabled]")) arrive(item);
  }, { signal });
  list.addEventListener("keydown", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest(selector);
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...list.querySelectorAll(selector)].filter((x) => x.getClientRects().length);
    const next = neighbour(items, items.indexOf(item), event.key);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    arrive(next);
  }, { signal });
}

/**
 * @param {HTMLElement[]} items in reading order
 * @param {number} at
 * @param {string} key
 * @returns {HTMLElement | undefined} where the key leads; undefined for any other key
 */
function neighbour(items, at, key) {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[key];
  if (key === "Home") return items[0];
  if (key === "End") return items[items.length - 1];
  if (!step) return undefined;
  if (key === "ArrowDown" || key === "ArrowUp") {
    const { left, top } = items[at].getBoundingClientRect();
    const ahead = items.map((item) => ({ item, box: item.getBoundingClientRect() }))
      .filter(({ box }) => (box.top - top) * step > 1)
      .sort((a, b) => (a.box.top - b.box.top) * step
        || Math.abs(a.box.left - left) - Math.abs(b.box.left - left));
    if (ahead.length) return ahead[0].item;
    if (items.some((item) => Math.abs(item.getBoundingClientRect().top - top) > 1)) return items[at];
  }
  return items[(at + step + items.length) % items.length];
}

/**
 * Mark the chosen item. The tab key reaches the one that has the focus, else the chosen, else the first.
 * @param {HTMLElement} list
 * @param {string} selector
 * @param {any} value compared with the items' `data-key`; null for none
 */
function mark(list, selector, value) {
  const items = [...list.querySelectorAll(selector)];
  for (const item of items) {
    const chosen = value != null && item.dataset.key === String(value);
    item.setAttribute(item.getAttribute("role") === "radio" ? "aria-checked" : "aria-selected", String(chosen));
    item.tabIndex = -1;
  }
  const stop = items.find((item) => item === document.activeElement)
    ?? list.querySelector(`${selector}:is([aria-checked="true"], [aria-selected="true"])`) ?? items[0];
  if (stop) stop.tabIndex = 0;
}

/** A number in three significant digits, with a true minus sign. */
function short(number) {
  if (number == null) return "–";
  const size = Math.abs(number);
  const rounded = Number(number.toPrecision(3));
  const text = size !== 0 && (size < 1e-3 || size >= 1e7) ? number.toExponential(1)
    : size >= 1e5 ? rounded.toLocaleString("en").replaceAll(",", "\u202f") : rounded.toString();
  return text.replaceAll("-", "−");
}

/**
 * Keep JupyterLab's one-letter shortcuts (d, d deletes the cell) away from the keys that are pressed
 * within `root`. Lab looks for the mark at the element that has the focus, not around it.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function keepKeys(root, signal) {
  root.addEventListener("focusin", (event) => {
    /** @type {HTMLElement} */ (event.target).dataset.lmSuppressShortcuts = "true";
  }, { signal });
}

/**
 * Tell whether there is still a kernel behind the model: at once when it ends or starts anew, and
 * after a moment when the connection is lost (a short break heals by itself).
 * @param {any} model
 * @param {(live: boolean) => void} tell
 * @param {AbortSignal} signal
 */
function connection(model, tell, signal) {
  const PATIENCE_MS = 2000;
  // anywidget does not pass its own model's state on; the layout is a model of the same kernel.
  const other = model.get("layout");
  const kernel = model.widget_manager?.kernel;
  let timer = 0;
  const gone = () => ["dead", "terminating", "restarting", "autorestarting"].includes(kernel?.status)
    || other?.comm_live === false;
  const check = () => {
    clearTimeout(timer);
    const away = kernel && kernel.connectionStatus !== "connected";
    if (away && !gone()) timer = window.setTimeout(() => tell(kernel.connectionStatus === "connected"), PATIENCE_MS);
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
