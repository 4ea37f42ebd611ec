/** Whose page it is: the key of its address, or one that is typed; see rater_key.py. */
import { errorLine, h, listen, rendering, watch } from "../toolkit/base.js";
import { frame } from "../toolkit/control.js";

const LONGEST = 100;

class RaterKeyView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    const field = frame(el, model, "rater-key", signal);
    this.words = h("p", { role: "status" });
    this.input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: LONGEST });
    this.form = h(
      "form",
      { class: "cnnvis-line" },
      h("label", { class: "cnnvis-entry" }, h("span", {}, "Your key"), this.input),
      h("button", { type: "submit" }, "Begin"),
    );
    field.append(this.words, this.form);
    watch(signal, model, ["rater", "why"], () => this.draw());
    listen(signal, this.form, "submit", (event) => {
      event.preventDefault();
      this.send(this.input.value.trim());
    });
    errorLine(model, field, signal);
    const key = new URLSearchParams(location.search).get("rater");
    if (key && !model.get("rater")) this.send(key.slice(0, LONGEST));
  }

  draw() {
    const rater = this.model.get("rater");
    const why = this.model.get("why");
    this.form.hidden = !!rater || !!why;
    this.words.textContent =
      why ||
      (rater
        ? `You score as ${rater}. Every verdict is kept at once. Your link goes on where you stopped.`
        : "Open this page by the link that you were given, or type the key at its end.");
  }

  /** @param {string} key */
  send(key) {
    if (key) this.model.send({ kind: "key", key });
  }
}

const render = rendering(RaterKeyView);

export default { render };
