// A button that finds the fewest superpixels which keep the class (see engine/fewest.py).
import { h, listen, short, watch } from "../toolkit/base.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

/**
 * @param {Model} model with `fewest`; is sent "fewest" and "stop fewest"
 * @param {HTMLElement} beside a button that is in the same line
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function fewestSuperpixels(model, beside, signal) {
  const button = h("button", { type: "button", title: "The fewest superpixels that keep the class first" });
  const status = h("p", { role: "status" });
  const how = h("p", { class: "cnnvis-hint" });
  const opener = h("details", { hidden: true }, h("summary", {}, "How it was searched"), how);
  let searching = false;
  listen(signal, button, "click", () => model.send({ kind: searching ? "stop fewest" : "fewest" }));
  watch(signal, model, ["fewest"], () => {
    const { progress, failed, kept, off, label, score, greedy, evaluations } = model.get("fewest");
    searching = Boolean(progress);
    button.textContent = searching ? "Stop the search" : "Find the fewest";
    opener.hidden = !kept;
    if (progress) status.textContent = `Searching: ${progress[0]} pictures were tried …`;
    else if (failed) status.textContent = failed;
    else if (!kept) status.textContent = "";
    else {
      const all = kept.length + off.length;
      const likely = score >= 0 && score <= 1 ? `${(100 * score).toFixed(1)} %` : short(score);
      status.textContent = kept.length
        ? `${kept.length} of ${all} superpixels keep ${label} first, with ${likely}.`
        : `A grey picture is taken for ${label} too, with ${likely}: no superpixel is needed.`;
      how.textContent =
        `In the order of the map's sums it took ${greedy}; then each that is not needed was left out. ` +
        `${evaluations} pictures were tried, not all 2^${all}: there may be a smaller set.`;
    }
  });
  return h(
    "div",
    { class: "cnnvis-fewest" },
    h("div", { class: "cnnvis-line" }, button, beside),
    status,
    opener,
  );
}
