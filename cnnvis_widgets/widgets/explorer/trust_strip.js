// Whether a map can be trusted (see trust_strip.py).
import { h, keepKeys, listen, rendering, watchTogether } from "../toolkit/base.js";
import { notebookUrl } from "../toolkit/notebook_url.js";
import { VERDICTS, trustMark } from "../toolkit/trust_mark.js";

const WORST_FIRST = ["bad", "doubtful", "open", "good"];

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} title
 * @property {string} verdict
 * @property {string} figure
 * @property {string} sentence
 * @property {string} lesson
 * @property {string} lesson_title
 */

export class TrustStripView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.chosen = "";
    this.line = h("div", { class: "cnnvis-trust-line", role: "group", "aria-label": "Checks of this map" });
    this.sentence = h("p", { class: "cnnvis-trust-status", "aria-live": "polite" });
    const named = { class: "cnnvis cnnvis-trust", "aria-label": "Can this map be trusted?" };
    this.root = h("section", named, this.line, this.sentence);
    el.append(this.root);
    keepKeys(this.root, signal);
    listen(signal, this.line, "click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      if (!button) return;
      this.chosen = button.dataset.key === this.chosen ? "" : (button.dataset.key ?? "");
      this.showSentence();
    });
    watchTogether(signal, model, ["checks", "busy"], () => this.draw());
    signal.addEventListener("abort", () => this.root.remove());
  }

  /** @returns {Check[]} */
  get checks() {
    return this.model.get("checks");
  }

  draw() {
    this.root.hidden = !this.checks.length;
    this.root.setAttribute("aria-busy", String(this.model.get("busy")));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.key;
    const parts = this.checks.map((check) => this.part(check));
    this.line.replaceChildren(h("span", { class: "cnnvis-trust-name" }, "Can it be trusted?"), ...parts);
    if (focused) parts.find((part) => part.dataset.key === focused)?.focus();
    this.showSentence();
  }

  /** @param {Check} check */
  part({ name, title, verdict, figure, sentence }) {
    const [, word] = VERDICTS[verdict] ?? VERDICTS.open;
    if (!sentence) return h("span", { class: "cnnvis-trust-figure" }, `${title.toLowerCase()} ${figure}`);
    const unseen = h("span", { class: "cnnvis-unseen" }, `(${word})`);
    return h(
      "button",
      { type: "button", "data-key": name, "data-verdict": verdict },
      trustMark(verdict),
      h("span", {}, title),
      h("span", { class: "cnnvis-trust-figure" }, figure, " ", unseen),
    );
  }

  /** Shows the chosen check's sentence, else that of the worst. */
  showSentence() {
    const judged = this.checks.filter((check) => check.sentence);
    /** @param {Check} check */
    const rank = (check) => WORST_FIRST.indexOf(check.verdict);
    const shown =
      judged.find((check) => check.name === this.chosen) ?? judged.toSorted((a, b) => rank(a) - rank(b))[0];
    for (const button of this.line.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.key === shown?.name));
    }
    const now = shown ? `${shown.sentence} ${shown.lesson_title}` : "";
    if (now === this.sentence.textContent) return;
    this.sentence.replaceChildren(...(shown ? [`${shown.sentence} `, this.lesson(shown)] : []));
  }

  /** Where it is explained; a saved page has no lessons beside it, and names them. @param {Check} check */
  lesson({ lesson, lesson_title: title }) {
    return lesson ? h("a", { href: notebookUrl(lesson), target: "_blank" }, title) : title;
  }
}

const render = rendering(TrustStripView);

export default { render };
