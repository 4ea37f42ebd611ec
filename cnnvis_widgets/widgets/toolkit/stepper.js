// Going through a list step by step: a slider, a button that plays, and the list itself.
import { h, listen, mark, roving } from "./base.js";

/** @typedef {import("./base.js").Model} Model */

/**
 * A slider and a play button for an index that a radio group of items shows as well.
 * @param {object} options
 * @param {Model} options.model
 * @param {string} options.trait the index, from 0
 * @param {HTMLElement} options.list holds an item with `role=radio` and `data-key` for each index
 * @param {(name: string, value: any) => void} options.choose
 * @param {string} options.label of the slider
 * @param {string} options.play what the button says
 * @param {number} options.pace milliseconds from one step to the next
 * @param {AbortSignal} options.signal
 * @returns {{ slider: HTMLInputElement, button: HTMLElement, resize: (count: number) => void,
 *   show: (index: number, text: string) => void }} `show` marks the index that is shown
 */
export function stepper({ model, trait, list, choose, label, play, pace, signal }) {
  const slider = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", min: 0, step: 1, "aria-label": label })
  );
  const button = h("button", { type: "button" }, play);
  let [timer, last] = [0, 0];
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = play;
  };
  const take = (/** @type {number} */ index) => {
    stop();
    choose(trait, index);
  };
  listen(signal, button, "click", () => {
    if (timer) {
      stop();
      return;
    }
    button.textContent = "Pause";
    choose(trait, model.get(trait) >= last ? 0 : model.get(trait) + 1);
    timer = window.setInterval(() => {
      if (model.get(trait) < last && !model.get("disabled")) choose(trait, model.get(trait) + 1);
      if (model.get(trait) >= last) stop();
    }, pace);
  });
  listen(signal, slider, "input", () => take(Number(slider.value)));
  roving(list, "[role=radio]", (item) => take(Number(item.dataset.key)), signal);
  signal.addEventListener("abort", stop);
  return {
    slider,
    button,
    resize(count) {
      last = count - 1;
      slider.max = String(last);
    },
    show(index, text) {
      mark(list, "[role=radio]", index);
      slider.value = String(index);
      slider.setAttribute("aria-valuetext", text);
    },
  };
}
