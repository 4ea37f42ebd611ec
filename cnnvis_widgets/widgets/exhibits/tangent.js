/** A curve, a point on it, the tangent there and the chord from the start; see tangent.py. */
const [WIDE, HIGH, LEFT, TOP, RIGHT, BOTTOM] = [640, 290, 62, 30, 18, 44];

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "tangent", signal);
  const choose = chooser(model);
  const list = h("div", { class: "cnnvis-segments", role: "radiogroup" });
  const plot = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  const slider = h("input", { type: "range", min: 0, step: 1 });
  const reading = (kind) => h("span", { class: `cnnvis-tangent-${kind}` });
  const [value, here, mean] = [reading("value"), reading("here"), reading("mean")];
  field.append(list, plot, slider, h("div", { class: "cnnvis-line cnnvis-tangent-readings" }, value, here, mean));

  const curve = () => model.get("_curves").find(({ name }) => name === model.get("curve"));
  const at = () => Math.min(model.get("at"), curve().x.length - 1);
  const moving = drawn("g");
  const scales = () => {
    const { x, y } = curve();
    const [first, last] = [x[0], x.at(-1)];
    const [low, high] = [Math.min(0, ...y), Math.max(...y, 1e-9)];
    return {
      first, last, low, high,
      across: (t) => LEFT + ((t - first) / (last - first)) * (WIDE - LEFT - RIGHT),
      up: (v) => HIGH - BOTTOM - ((v - low) / (high - low)) * (HIGH - TOP - BOTTOM),
    };
  };

  const move = () => {
    const { x, y, slopes } = curve();
    const i = at();
    const { across, up } = scales();
    const stroke = (kind, from, to) => drawn("line", {
      x1: across(from[0]), y1: up(from[1]), x2: across(to[0]), y2: up(to[1]), class: `cnnvis-tangent-${kind}`,
    });
    const on = (t) => [t, y[i] + slopes[i] * (t - x[i])];
    const chord = i ? (y[i] - y[0]) / (x[i] - x[0]) : null;
    moving.replaceChildren(
      ...(i ? [stroke("mean", [x[0], y[0]], [x[i], y[i]])] : []),
      stroke("here", on(x[0]), on(x.at(-1))),
      drawn("circle", { cx: across(x[i]), cy: up(y[i]), r: 6, class: "cnnvis-tangent-point" }),
    );
    value.textContent = `${model.get("_axes").y || "value"} ${short(y[i])} at ${short(x[i])}`;
    here.textContent = `slope here ${short(slopes[i])}`;
    mean.textContent = `mean slope from the start ${short(chord)}`;
    slider.value = String(i);
    slider.setAttribute("aria-valuetext", `${value.textContent}, ${here.textContent}, ${mean.textContent}`);
  };

  watch(model, ["_curves", "_axes", "curve"], () => {
    const axes = model.get("_axes");
    const { x, y, name } = curve();
    const { across, up, first, last, low, high } = scales();
    const label = (text, attributes) => drawn("text", attributes, text);
    const points = x.map((t, i) => `${across(t).toFixed(1)},${up(y[i]).toFixed(1)}`).join(" ");
    // A tangent may leave the picture; clipping needs no id when a nested svg does it.
    const inner = drawn("svg", { x: 0, y: TOP - 8, width: WIDE, height: HIGH - BOTTOM - TOP + 16, viewBox: `0 ${TOP - 8} ${WIDE} ${HIGH - BOTTOM - TOP + 16}` });
    inner.append(drawn("polyline", { points, class: "cnnvis-tangent-line" }), moving);
    plot.replaceChildren(
      ...roundTicks(low, high).flatMap((v) => [
        drawn("line", { x1: LEFT, x2: WIDE - RIGHT, y1: up(v), y2: up(v), class: "cnnvis-tangent-grid" }),
        label(short(v), { x: LEFT - 8, y: up(v) + 5, "text-anchor": "end" }),
      ]),
      ...roundTicks(first, last).map((t) => label(short(t), { x: across(t), y: HIGH - BOTTOM + 20, "text-anchor": "middle" })),
      label(axes.x, { x: WIDE - RIGHT, y: HIGH - 4, "text-anchor": "end", class: "cnnvis-tangent-axis" }),
      label(axes.y, { x: 0, y: 14, class: "cnnvis-tangent-axis" }), inner,
    );
    plot.setAttribute("aria-label", `${name}: ${axes.y || "value"} from ${short(y[0])} to ${short(y.at(-1))}, over ${axes.x || "position"} from ${short(first)} to ${short(last)}`);
    slider.max = String(x.length - 1);
    slider.setAttribute("aria-label", axes.x || "position");
    list.hidden = model.get("_curves").length < 2;
  }, signal);
  choices(model, list, {
    traits: ["_curves"], records: () => model.get("_curves"), key: "name", value: "curve", draw: ({ name }) => [name],
  }, signal);
  watch(model, ["_curves", "_axes", "curve", "at"], move, signal);
  slider.addEventListener("input", () => choose("at", Number(slider.value)), { signal });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
