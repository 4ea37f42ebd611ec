/** A network that forgets from the top down; see randomiser.py. */
import { errorLine, h, listen, rendering, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";

/** One method's map, and how like the first one it is. @param {string} title */
function figureOf(title) {
  const image = h("img", { draggable: "false" });
  const meter = h("meter", { min: 0, max: 1, "aria-hidden": "true" });
  const caption = h("figcaption");
  return { image, meter, caption, element: h("figure", {}, h("b", {}, title), image, meter, caption) };
}

class RandomiserView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "randomiser", signal);
    this.choose = chooser(model);
    this.slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "random layers" });
    this.stage = h("p", { class: "cnnvis-randomiser-stage", role: "status" });
    this.maps = h("div", { class: "cnnvis-randomiser-maps" });
    this.signs = h("input", { type: "checkbox" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-line cnnvis-randomiser-depth" },
        h("span", {}, "as trained"),
        this.slider,
        h("span", {}, "all random"),
      ),
      this.stage,
      this.maps,
      h(
        "label",
        { class: "cnnvis-randomiser-sizes" },
        this.signs,
        "compare with the signs, not only the sizes",
      ),
    );
    /** @type {ReturnType<typeof figureOf>[]} */
    this.figures = [];
    /** @type {string[][]} */
    this.urls = [];
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_maps"], () => {
      this.build();
      this.draw();
    });
    watch(this.signal, this.model, ["_stages", "random", "signed", "_alt"], () => this.draw());
    listen(this.signal, this.slider, "input", () => this.choose("random", Number(this.slider.value)));
    listen(this.signal, this.signs, "change", () => this.choose("signed", this.signs.checked));
    errorLine(this.model, this.field, this.signal);
    this.signal.addEventListener("abort", () => {
      this.forget();
    });
  }

  get(name) {
    return this.model.get(name);
  }

  forget() {
    for (const url of this.urls.flat()) URL.revokeObjectURL(url);
  }

  build() {
    this.forget();
    this.urls = this.get("_maps").map((map) =>
      map.frames.map((data) => URL.createObjectURL(new Blob([data], { type: "image/jpeg" }))),
    );
    /** @type {{title: string}[]} */
    const maps = this.get("_maps");
    this.figures = maps.map(({ title }) => figureOf(title));
    this.maps.replaceChildren(...this.figures.map(({ element }) => element));
  }

  draw() {
    const count = this.get("random");
    const stages = this.get("_stages");
    if (!stages[count]) return;
    this.slider.max = String(stages.length - 1);
    this.slider.value = String(count);
    this.signs.checked = this.get("signed");
    const percent = `${(100 * stages[count].score).toFixed(0)} %`;
    const words = count
      ? `${count} of ${stages.length - 1} layers random, down to ${stages[count].layer}; the class ` +
        `gets ${percent}.`
      : `As it was trained; the class gets ${percent}.`;
    this.stage.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    for (const [i, map] of this.get("_maps").entries()) {
      const { image, meter, caption } = this.figures[i];
      const alike = (this.get("signed") ? map.signed : map.alike)[count];
      image.src = this.urls[i][count];
      image.alt =
        `${map.title} on ${this.get("_alt")}, ${count || "no"} random ` +
        `layers${map.zero[count] ? ": zero everywhere" : ""}`;
      meter.value = Math.max(0, alike ?? 0);
      caption.textContent = map.zero[count]
        ? "zero everywhere"
        : alike == null
          ? "nothing to compare with"
          : `alike: ${alike.toFixed(2).replace("-", "−")}`;
    }
  }
}

const render = rendering(RandomiserView);

export default { render };
