// A curve over the steps and the pictures on the way (see growth.py).

const FRAME_MS = 120;
const [WIDE, HIGH, LEFT, TOP, RIGHT, BOTTOM] = [520, 200, 58, 28, 16, 34];

/** @type {{render: (context: {model: any, el: HTMLElement}) => () => void}} */
export default {
  render({ model, el }) {
    const ending = new AbortController();
    const { signal } = ending;
    const get = (name) => model.get(name);
    const picture = h("img", { class: "cnnvis-optimization-history-picture", alt: "" });
    const curve = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    const slider = h("input", { type: "range", min: 0, step: 1 });
    const play = h("button", { type: "button", "aria-pressed": "false" }, "Play");
    const said = h("p", { class: "cnnvis-hint cnnvis-optimization-history-said" });
    const root = h("section", { class: "cnnvis cnnvis-optimization-history", "aria-label": "How it came about" },
      picture, h("div", { class: "cnnvis-optimization-history-main" }, curve, h("div", { class: "cnnvis-optimization-history-tools" }, play, slider), said));
    el.append(root);
    keepKeys(root, signal);

    /** @type {string[]} */
    let urls = [];
    let timer = 0;
    const steps = () => (get("frames").length ? get("frame_steps") : get("steps"));
    const valueAt = (step) => { // of the last reading not after it
      const at = get("steps").findLastIndex((one) => one <= step);
      return get("values")[Math.max(at, 0)];
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = "Play";
      play.setAttribute("aria-pressed", "false");
    };
    const scales = () => {
      const [first, last] = [get("steps")[0] ?? 0, get("steps").at(-1) ?? 1];
      const low = Math.min(...get("values"), 0);
      const high = Math.max(...get("values"), low + 1e-9);
      return {
        low, high, first, last,
        x: (step) => LEFT + ((step - first) / (last - first || 1)) * (WIDE - LEFT - RIGHT),
        y: (value) => HIGH - BOTTOM - ((value - low) / (high - low)) * (HIGH - TOP - BOTTOM),
      };
    };
    const mark = drawn("circle", { r: 5, class: "cnnvis-optimization-history-mark" });
    const place = () => {
      const step = steps()[get("at")] ?? 0;
      slider.value = String(get("at"));
      const { x, y } = scales();
      const value = valueAt(step);
      if (value === undefined) return;
      mark.setAttribute("cx", String(x(step)));
      mark.setAttribute("cy", String(y(value)));
      said.textContent = `After ${step} step${step === 1 ? "" : "s"}: ${short(value)} (${get("label")})`;
      slider.setAttribute("aria-valuetext", said.textContent);
      if (urls.length) {
        picture.src = urls[get("at")] ?? urls.at(-1);
        picture.alt = `The picture after ${step} steps`;
      }
    };
    const fill = () => {
      stop();
      for (const url of urls) URL.revokeObjectURL(url);
      urls = get("frames").map((view) => URL.createObjectURL(new Blob([view])));
      picture.hidden = !urls.length;
      root.hidden = !get("steps").length;
      slider.max = String(Math.max(0, steps().length - 1));
      slider.setAttribute("aria-label", urls.length ? "Picture on the way" : "Step");
      play.hidden = !urls.length;
      const { x, y, low, high, first, last } = scales();
      const points = get("steps").map((step, i) => `${x(step).toFixed(1)},${y(get("values")[i]).toFixed(1)}`);
      curve.setAttribute("aria-label", `${get("label")} over ${last} steps: from ${short(get("values")[0] ?? 0)} to ${short(get("values").at(-1) ?? 0)}`);
      curve.replaceChildren(
        ...roundTicks(low, high).flatMap((value) => [
          drawn("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value), class: "cnnvis-optimization-history-grid" }),
          drawn("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, short(value)),
        ]),
        ...roundTicks(first, last).filter((k) => Number.isInteger(k)).map((step) => drawn("text", { x: x(step), y: HIGH - BOTTOM + 18, "text-anchor": "middle" }, String(step))),
        drawn("text", { x: WIDE - RIGHT, y: HIGH - 3, "text-anchor": "end", class: "cnnvis-optimization-history-axis" }, "steps"),
        drawn("text", { x: 0, y: 14, class: "cnnvis-optimization-history-axis" }, get("label")),
        drawn("polyline", { points: points.join(" "), class: "cnnvis-optimization-history-line" }), mark,
      );
      place();
    };
    let asked = 0;
    const refill = () => { // the traits of one message change one after the other
      const mine = ++asked;
      queueMicrotask(() => { if (mine === asked && !signal.aborted) fill(); });
    };
    slider.addEventListener("input", () => { stop(); send(model, "at", Number(slider.value)); }, { signal });
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      if (get("at") >= steps().length - 1) send(model, "at", 0);
      timer = window.setInterval(() => {
        if (get("at") >= steps().length - 1) stop();
        else send(model, "at", get("at") + 1);
      }, FRAME_MS);
    }, { signal });
    watch(model, ["steps", "values", "label", "frames", "frame_steps"], refill, signal);
    watch(model, ["at"], place, signal);
    errorLine(model, root, signal);
    return () => {
      stop();
      ending.abort();
      for (const url of urls) URL.revokeObjectURL(url);
      root.remove();
    };
  },
};
