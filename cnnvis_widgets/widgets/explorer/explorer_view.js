// The explorer's picture, which answers when it is touched (see explorer_view.py).
import { rendering } from "../toolkit/base.js";
import { bytesOf } from "../toolkit/pixels.js";
import { withText } from "../toolkit/png_text.js";
import { ExplanationView } from "./explanation_view.js";
import { TouchTools } from "./touch_tools.js";

class ExplorerView extends ExplanationView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor(context, signal) {
    super(context, signal);
    this.tools = new TouchTools(this.model, this.stage, () => this.result, signal);
    this.tools.layInto(this.root);
  }

  /** @param {import("./explanation_result.js").Result} result */
  fill(result) {
    super.fill(result);
    this.tools.fill();
  }

  /**
   * Into the file goes what brings it back; with a picture of the visitor's own, that picture.
   * @param {Blob} picture
   */
  async signed(picture) {
    const state = this.get("state");
    if (!state) return picture;
    const file = new Uint8Array(await picture.arrayBuffer());
    const own = JSON.parse(state).own_picture ? bytesOf(this.get("picture")) : null;
    const text = own ? JSON.stringify({ ...JSON.parse(state), picture: base64(own) }) : state;
    return withText(file, "cnnvis", text);
  }
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const render = rendering(ExplorerView);

export default { render };
