// The explorer's picture, which answers when it is touched (see explorer_view.py).
import { h, listen, rendering, send, watch } from "../toolkit/base.js";
import { ExplanationView } from "./explanation_view.js";
import { KeepTools } from "./keep_tools.js";
import { TouchTools } from "./touch_tools.js";

class ExplorerView extends ExplanationView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor(context, signal) {
    super(context, signal);
    const redraw = () => this.draw();
    this.tools = new TouchTools(this.model, this.stage, () => this.result, redraw, signal);
    this.tools.layInto(this.root);
    this.chooseColours(signal);
    /** @param {{kind: string, corner: [number, number]}} content what part of a saved picture was seen */
    const shown = ({ kind, corner }) => {
      if (kind !== "corner") return;
      this.stage.corner = { x: corner[0], y: corner[1] };
      this.place();
    };
    this.model.on("msg:custom", shown);
    signal.addEventListener("abort", () => this.model.off("msg:custom", shown));
    this.keeping = new KeepTools(this.model, signal);
    this.keeping.layInto(this.actions, this.savePng);
  }

  /** @param {import("./explanation_result.js").Result} result */
  fill(result) {
    super.fill(result);
    this.tools.fill();
    this.keeping.offer(Boolean(result.map));
  }

  /** A list of the colour maps that suit the map. @param {AbortSignal} signal */
  chooseColours(signal) {
    const { model } = this;
    const select = h("select", { "aria-label": "Colour map" });
    this.colourMaps = h("label", { class: "cnnvis-view-colours" }, "Colours ", select);
    this.root.querySelector(".cnnvis-view-look")?.append(this.colourMaps);
    listen(signal, select, "change", () => send(model, "colormap", select.value));
    watch(signal, model, ["colormaps", "colormap"], () => {
      const names = model.get("colormaps");
      const options = names.map((/** @type {string} */ name) =>
        h("option", { value: name, translate: "no" }, name),
      );
      select.replaceChildren(h("option", { value: "" }, "standard"), ...options);
      const chosen = model.get("colormap");
      select.value = names.includes(chosen) ? chosen : "";
    });
  }

  draw() {
    super.draw();
    // The colour bar and the values would give the hidden map away.
    const hidden = this.tools?.hidesMap ? "hidden" : "";
    for (const part of [this.bar.element, this.stage.read]) part.style.visibility = hidden;
    if (this.colourMaps) this.colourMaps.hidden = !this.result?.heatmap || this.mode() === "picture";
  }

  /** @returns {string | undefined} */
  mode() {
    const plain = this.tools?.hidesMap && this.result?.modes.includes("picture");
    return plain ? "picture" : super.mode();
  }

  async downloadPng() {
    if (!this.keeping.drawn()) await super.downloadPng();
  }
}

const render = rendering(ExplorerView);

export default { render };
