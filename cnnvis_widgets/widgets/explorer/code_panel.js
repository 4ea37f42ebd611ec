// The code that computes the shown map, to read and copy.
import { h } from "../toolkit/base.js";

export class CodePanel {
  constructor() {
    this.text = h("pre", { tabindex: 0, "aria-label": "Code" });
    this.copied = h("span", { role: "status" });
    const copy = h("button", { type: "button", onclick: () => this.copy() }, "Copy");
    this.element = h(
      "section",
      { class: "cnnvis-view-code", "aria-label": "The code that computes this", hidden: true },
      h("div", {}, copy, " ", this.copied),
      this.text,
    );
    this.opener = h(
      "button",
      {
        type: "button",
        class: "cnnvis-code-opener",
        "aria-expanded": "false",
        onclick: () => this.open(Boolean(this.element.hidden)),
      },
      "Show the code",
    );
  }

  /** @param {boolean} shown */
  open(shown) {
    this.element.hidden = !shown;
    this.opener.setAttribute("aria-expanded", String(shown));
  }

  /** @param {string} code empty where there is none */
  show(code) {
    this.text.textContent = code;
    this.copied.textContent = "";
    this.opener.hidden = !code;
    this.open(!this.element.hidden && Boolean(code));
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text.textContent ?? "");
    } catch {
      // not over plain HTTP from another machine; select the text and copy it the old way
      getSelection()?.selectAllChildren(this.text);
      document.execCommand("copy");
    }
    this.copied.textContent = "Copied.";
  }
}
