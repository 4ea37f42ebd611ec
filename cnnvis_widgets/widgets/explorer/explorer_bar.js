// The explorer's bar (see explorer_bar.py).
import { errorLine, h, listen, rendering, watch } from "../toolkit/base.js";
import { shareDialog } from "./share_dialog.js";
import { workLine } from "./work_line.js";

const CHOICE = '[role="radio"], [role="option"], [role="treeitem"]:not([aria-expanded])';
// An opened panel gives the focus to the first of these that it contains.
const FIRST = [
  "input[type='search']",
  "[aria-checked='true']",
  "[aria-selected='true']",
  "input",
  "select",
  "button",
];

const FOLLOW_MS = 250;
const LANGUAGE = /[?&]lang=[^&]*/; // of the page, not of what the explorer shows
const KEPT = /&kept=[^&]*/;
const language = () => (LANGUAGE.exec(location.search)?.[0] ?? "").replace("?", "&");

class ExplorerBarView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.name = "";
    /** @type {Map<string, { button: HTMLElement, value: HTMLElement, picture: HTMLElement }>} */
    this.parts = new Map();
    this.line = h("div", { class: "cnnvis-bar-parts", role: "group", "aria-label": "what is explained" });
    // The error of a closed panel; an open panel shows its own.
    this.wrong = h("p", { class: "cnnvis-error", role: "alert", hidden: true });
    this.root = h("div", { class: "cnnvis cnnvis-bar" }, this.line, workLine(model, signal), this.wrong);
    el.append(this.root);
    watch(signal, model, ["entries", "fixed", "hidden"], () => this.draw());
    errorLine(model, this.root, signal);
    listen(signal, document, "pointerdown", (event) => this.elsewhere(event));
    listen(signal, document, "keydown", (event) => {
      if (event.key === "Escape" && this.name) {
        event.stopPropagation();
        this.close(true);
      }
    });
    listen(signal, window, "resize", () => this.place());
    const narrow = window.matchMedia("(max-width: 640px)"); // elsewhere a panel scrolls with its explorer
    const scrolled = () => narrow.matches && this.place();
    document.addEventListener("scroll", scrolled, { capture: true, passive: true, signal });
    this.share();
    this.tellTouch();
    signal.addEventListener("abort", () => this.root.remove());
  }

  /** Tell Python of the first touch, by pointer or key: it then compiles what is likely to be chosen. */
  tellTouch() {
    const told = new AbortController();
    const signal = AbortSignal.any([this.signal, told.signal]);
    for (const kind of ["pointerdown", "keydown"]) {
      listen(signal, document, kind, ({ target }) => {
        if (!(target instanceof Node) || !this.explorer?.contains(target)) return;
        this.model.send({ kind: "touched" });
        told.abort();
      });
    }
  }

  /**
   * Write the visitor's choices to the address, and follow the address at the start and on Back and
   * Forward. Only on a Voilà page with a single explorer.
   */
  share() {
    const served = Boolean(document.getElementById("rendered_cells")); // by Voilà, not in a notebook
    const own = () => served && document.querySelectorAll(".cnnvis-bar").length === 1;
    const initial = this.model.get("link");
    const search = () => location.search.replace(LANGUAGE, "").replace(/^&/, "?");
    let following = /[?&](network|file|picture|method|neuron|kept)=/.test(location.search);
    const read = () => this.model.send({ kind: "link", link: search() || `?${initial}` });
    if (following) read();
    const button = h("button", { type: "button", class: "cnnvis-bar-share" }, "Copy link");
    const address = () => {
      if (!served) return `?${this.model.get("link")}`;
      const page = own() ? location.pathname : location.pathname.replace(/[^/]*$/, "explorer.ipynb");
      return `${location.origin}${page}?${this.model.get("link")}${language()}`;
    };
    const lacks = h("p", { class: "cnnvis-bar-lacks", role: "status", hidden: true });
    this.root.append(button);
    watch(this.signal, this.model, ["lacks"], () => (lacks.hidden = true));
    if (served) this.root.append(...shareDialog(this.model, address, this.signal));
    else button.title = "For explorer.open_link(…), or after the address of the explorer's page";
    listen(this.signal, button, "click", async () => {
      await navigator.clipboard.writeText(address());
      button.textContent = "Copied";
      window.setTimeout(() => (button.textContent = "Copy link"), 2000);
      const notes = this.model.get("lacks");
      lacks.replaceChildren(...notes.map((/** @type {string} */ one) => h("span", {}, one)));
      lacks.hidden = !notes.length;
    });
    this.root.append(lacks);
    let used = false; // what the explorer chooses while it starts is no step in the browser's history
    for (const kind of ["pointerdown", "keydown", "change"]) {
      listen(this.signal, document, kind, ({ target }) => {
        used ||= target instanceof Node && Boolean(this.explorer?.contains(target));
      });
    }
    const follow = () => {
      const link = `?${this.model.get("link")}${language()}`;
      if (!used || !own() || link === location.search) return;
      // Keeping a map is no step in the browser's history.
      const same = link.replace(KEPT, "") === location.search.replace(KEPT, "");
      if (following || same) history.replaceState(null, "", link);
      else history.pushState(null, "", link);
      following = false;
    };
    // A drag changes it many times a second, and browsers refuse an address that changes so often.
    let timer = 0;
    watch(this.signal, this.model, ["link"], () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(follow, FOLLOW_MS);
    });
    this.signal.addEventListener("abort", () => window.clearTimeout(timer));
    listen(this.signal, window, "popstate", () => {
      following = true;
      if (own()) read();
    });
  }

  /** The explorer that this bar is part of. */
  get explorer() {
    return this.root.closest(".cnnvis-explorer");
  }

  /** @param {string} name @returns {HTMLElement | null} */
  panel(name) {
    return this.explorer?.querySelector(`.cnnvis-panel-${name}`) ?? null;
  }

  draw() {
    for (const entry of this.model.get("entries")) {
      const part = this.parts.get(entry.name) ?? this.add(entry);
      const fixed = this.model.get("fixed").includes(entry.title.toLowerCase());
      part.button.toggleAttribute("disabled", fixed);
      part.button.title = fixed ? "Fixed by the link that opened this page" : "";
      part.value.textContent = entry.value;
      part.value.hidden = !entry.value;
      part.picture.hidden = !entry.thumbnail;
      if (entry.thumbnail) part.picture.setAttribute("src", entry.thumbnail);
    }
    this.hide();
    this.showErrors();
  }

  showErrors() {
    const wrong = this.model.get("entries").filter(({ name, error }) => error && name !== this.name);
    this.wrong.hidden = !wrong.length;
    // In parts, because each is translated by itself.
    this.wrong.replaceChildren(
      ...wrong.map(({ title, error }) => h("span", {}, h("strong", {}, title), ": ", error, " ")),
    );
    for (const [name, { button }] of this.parts) {
      button.classList.toggle(
        "cnnvis-bar-wrong",
        wrong.some((entry) => entry.name === name),
      );
    }
  }

  /** Mark what is hidden, for the style sheet, once the bar is part of its explorer. */
  hide() {
    if (this.explorer) this.explorer.setAttribute("data-hidden", this.model.get("hidden").join(" "));
    else requestAnimationFrame(() => !this.signal.aborted && this.hide());
  }

  add({ name, title }) {
    const value = h("span", { class: "cnnvis-bar-value" });
    const picture = h("img", { alt: "", hidden: true });
    const button = h(
      "button",
      { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "data-panel": name },
      picture,
      h("span", { class: "cnnvis-bar-words" }, h("span", { class: "cnnvis-bar-title" }, title), " ", value),
      h("span", { class: "cnnvis-bar-arrow", "aria-hidden": "true" }, "▾"),
    );
    listen(this.signal, button, "click", () => {
      if (this.name === name) this.close(true);
      else this.open(name);
    });
    this.line.append(button);
    const part = { button, value, picture };
    this.parts.set(name, part);
    return part;
  }

  /** @param {string} name */
  open(name) {
    this.close(false);
    const panel = this.panel(name);
    const part = this.parts.get(name);
    if (!panel || !part) return;
    this.name = name;
    panel.classList.add("cnnvis-panel-open");
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", part.button.querySelector(".cnnvis-bar-title")?.textContent ?? name);
    part.button.setAttribute("aria-expanded", "true");
    this.showErrors();
    this.place();
    this.listening = new AbortController();
    listen(this.listening.signal, panel, "click", (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest(CHOICE);
      const settled = item && item.getAttribute("aria-disabled") !== "true";
      if (settled && name !== "parameters") this.close(true);
    });
    // JupyterLab's notebook takes the focus when the pressed part of the panel cannot have it.
    let pressed = false;
    listen(this.listening.signal, panel, "pointerdown", () => (pressed = true));
    listen(this.listening.signal, document, "pointerup", () => (pressed = false));
    listen(this.listening.signal, panel, "focusout", (event) => {
      if (pressed) return;
      const next = /** @type {Node | null} */ (event.relatedTarget);
      if (next && !panel.contains(next) && !part.button.contains(next)) this.close(false);
    });
    const first = FIRST.map((kind) => panel.querySelector(kind)).find(Boolean);
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    panel
      .querySelector('[aria-checked="true"], [aria-selected="true"]')
      ?.scrollIntoView({ block: "nearest" });
  }

  /** @param {boolean} back whether the button gets the focus */
  close(back) {
    const [panel, part] = [this.panel(this.name || "none"), this.parts.get(this.name)];
    this.listening?.abort();
    this.name = "";
    panel?.classList.remove("cnnvis-panel-open");
    part?.button.setAttribute("aria-expanded", "false");
    this.showErrors();
    if (back && part) part.button.focus({ preventScroll: true });
  }

  /** Put the open panel below its button, within the explorer; on a telephone above the bar. */
  place() {
    const [panel, part, explorer] = [
      this.panel(this.name || "none"),
      this.parts.get(this.name),
      this.explorer,
    ];
    if (!panel || !part || !explorer) return;
    const [outer, button] = [explorer.getBoundingClientRect(), part.button.getBoundingClientRect()];
    const zoom = explorer.currentCSSZoom ?? 1; // of a page that is shown large
    const right = outer.width / zoom - panel.offsetWidth;
    panel.style.left = `${Math.max(0, Math.min((button.left - outer.left) / zoom, right))}px`;
    panel.style.top = `${(button.bottom - outer.top) / zoom + 4}px`;
    panel.style.translate = "none";
    if (getComputedStyle(panel).position !== "fixed") return;
    // JupyterLab's panels scroll what is fixed within them: what they have scrolled is taken back.
    const [shown, top] = [panel.getBoundingClientRect(), parseFloat(getComputedStyle(panel).top)];
    panel.style.translate = `0 ${top - shown.top / zoom}px`;
  }

  /** @param {Event} event */
  elsewhere(event) {
    const target = /** @type {Node} */ (event.target);
    if (!this.name || this.panel(this.name)?.contains(target) || this.line.contains(target)) return;
    this.close(false);
  }
}

const render = rendering(ExplorerBarView);

export default { render };
