// The explorer's first line (see explorer_header.py).
import { errorLine, h, listen, watch } from "../toolkit/base.js";

const QUIET_MS = 500; // answers that come sooner are not announced

function render({ model, el }) {
  const ending = new AbortController();
  const text = h("span", { role: "status" });
  const stop = h("button", { type: "button" }, "Cancel");
  const work = h("div", { class: "cnnvis-header-work", hidden: true }, text, stop);
  const root = h("header", { class: "cnnvis cnnvis-header" }, work);
  listen(ending.signal, stop, "click", () => model.send({ kind: "cancel" }));
  el.append(root);

  let since = 0;
  let timer = 0;
  const tick = () => {
    const seconds = (performance.now() - since) / 1000;
    work.hidden = seconds * 1000 < QUIET_MS;
    text.textContent = `${model.get("working")} … ${seconds.toFixed(0)} s`;
  };
  const changed = () => {
    clearInterval(timer);
    timer = 0;
    if (!model.get("working")) {
      work.hidden = true;
      return;
    }
    since = performance.now();
    timer = setInterval(tick, 250);
  };
  watch(ending.signal, model, ["working"], changed);
  watch(ending.signal, model, ["partial"], () => {
    stop.textContent = model.get("partial") ? "Stop here" : "Cancel";
  });
  errorLine(model, root, ending.signal);
  return () => {
    clearInterval(timer);
    ending.abort();
    root.remove();
  };
}

export default { render };
