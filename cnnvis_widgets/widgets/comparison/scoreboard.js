/** One map after another, a point or none; see scoreboard.py. */
import { errorLine, h, listen, rendering, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { ObjectUrls } from "../toolkit/object_urls.js";

class ScoreboardView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "scoreboard", signal);
    this.choose = chooser(model);
    this.photo = h("img", { alt: "the picture as the network saw it" });
    this.map = h("img", { alt: "" });
    this.words = h("p", { class: "cnnvis-scoreboard-words", role: "status" });
    this.criterion = h("p", { class: "cnnvis-hint" });
    this.none = h("button", { type: "button" }, "0: no");
    this.point = h("button", { type: "button" }, "1: yes");
    this.open = h(
      "button",
      { type: "button", title: "What the neuron responds to on this picture: then no method gets a point" },
      "?: nobody can tell",
    );
    this.back = h("button", { type: "button" }, "← back");
    this.bar = h("progress", { max: 1, value: 0, "aria-label": "maps judged" });
    this.count = h("span", { class: "cnnvis-hint" });
    this.show = h("button", { type: "button", "aria-pressed": "false", hidden: this.model.get("blind") });
    this.tables = h("div", { class: "cnnvis-scoreboard-tables" });
    this.pair = h("div", { class: "cnnvis-scoreboard-pair" }, this.photo, this.map);
    const tools = h(
      "div",
      { class: "cnnvis-line" },
      this.none,
      this.point,
      this.open,
      this.back,
      this.bar,
      this.count,
      this.show,
    );
    this.field.append(
      this.pair,
      this.words,
      this.criterion,
      tools,
      h(
        "p",
        { class: "cnnvis-hint" },
        "Keys, with the focus on any of the buttons: 0, 1, ?, and Backspace to go back. Every point " +
          "is kept at once.",
      ),
      this.tables,
    );
    this.urls = new ObjectUrls(signal);
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_card", "at", "count"], () => this.drawCard());
    watch(this.signal, this.model, ["judged", "count"], () => {
      this.bar.setAttribute("max", String(this.model.get("count") || 1));
      this.bar.setAttribute("value", String(this.model.get("judged")));
      this.count.textContent = `${this.model.get("judged")} of ${this.model.get("count")} judged`;
    });
    listen(this.signal, this.none, "click", () => this.judge(0));
    listen(this.signal, this.point, "click", () => this.judge(1));
    listen(this.signal, this.open, "click", () => this.judge("undecided"));
    listen(this.signal, this.back, "click", () => this.goBack());
    listen(this.signal, this.show, "click", () => this.choose("tabled", !this.model.get("tabled")));
    listen(this.signal, this.field, "keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
      if (event.key === "0" || event.key === "1") this.judge(Number(event.key));
      else if (event.key === "?") this.judge("undecided");
      else if (event.key === "Backspace") this.goBack();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    watch(this.signal, this.model, ["_table", "tabled"], () => this.drawTables());
    errorLine(this.model, this.field, this.signal);
  }

  drawCard() {
    const card = this.model.get("_card");
    const over = !card.map;
    this.urls.clear();
    this.pair.hidden = over;
    if (!over) {
      this.photo.src = this.urls.of(card.picture, "image/png");
      this.map.src = this.urls.of(card.map, "image/png");
      this.map.setAttribute("alt", card.alt);
    }
    this.words.textContent = over
      ? "All maps are judged."
      : `Map ${this.model.get("at") + 1} of ${this.model.get("count")}: ${card.words}`;
    this.criterion.textContent = over
      ? ""
      : card.inner
        ? "An inner neuron: a point if the map picks out something definite that could be a part or " +
          "an object."
        : "An output: a point if the map shows what you would call this class, and little else.";
    this.none.setAttribute("aria-pressed", String(card.value === 0));
    this.point.setAttribute("aria-pressed", String(card.value === 1));
    this.open.setAttribute("aria-pressed", String(card.value === "undecided"));
    for (const button of [this.none, this.point, this.open])
      button.setAttribute("aria-disabled", String(over));
    this.back.setAttribute("aria-disabled", String(this.model.get("at") === 0));
  }

  drawTables() {
    const open = this.model.get("tabled") && !this.model.get("blind");
    this.show.textContent = open ? "Hide the table" : "Show the table";
    this.show.setAttribute("aria-pressed", String(open));
    const { methods = [], parts = [] } = this.model.get("_table");
    this.tables.hidden = !open;
    this.tables.replaceChildren(
      ...parts
        .filter((part) => part.rows.length)
        .map((part) =>
          h(
            "table",
            {},
            h("caption", {}, part.title),
            h("thead", {}, h("tr", {}, h("td"), ...methods.map((name) => h("th", { scope: "col" }, name)))),
            h(
              "tbody",
              {},
              ...part.rows.map(([name, ...values]) =>
                h(
                  "tr",
                  { class: name === "all" && "cnnvis-scoreboard-all" },
                  h("th", { scope: "row" }, name),
                  ...values.map((value) => h("td", {}, value)),
                ),
              ),
            ),
          ),
        ),
    );
  }

  judge(value) {
    if (this.model.get("disabled") || this.none.getAttribute("aria-disabled") === "true") return;
    this.model.send({ kind: "judge", value, at: this.model.get("at") });
  }

  goBack() {
    if (this.back.getAttribute("aria-disabled") !== "true") this.model.send({ kind: "back" });
  }
}

const render = rendering(ScoreboardView);

export default { render };
