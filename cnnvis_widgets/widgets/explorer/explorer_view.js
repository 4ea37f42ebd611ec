// The explorer's picture, which answers when it is touched (see explorer_view.py).
import { rendering } from "../toolkit/base.js";
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
    this.keeping = new KeepTools(this.model, signal);
    this.keeping.layInto(this.actions, this.savePng);
  }

  /** @param {import("./explanation_result.js").Result} result */
  fill(result) {
    super.fill(result);
    this.tools.fill();
    this.keeping.offer(Boolean(result.map));
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
