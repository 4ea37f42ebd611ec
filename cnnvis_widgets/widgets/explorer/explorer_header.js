// A line on work under way (see explorer_header.py).
import { errorLine, h } from "../toolkit/base.js";
import { workLine } from "./work_line.js";

function render({ model, el }) {
  const ending = new AbortController();
  const root = h("div", { class: "cnnvis cnnvis-header" }, workLine(model, ending.signal));
  el.append(root);
  errorLine(model, root, ending.signal);
  return () => {
    ending.abort();
    root.remove();
  };
}

export default { render };
