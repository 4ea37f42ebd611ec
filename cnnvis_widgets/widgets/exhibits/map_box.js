/** A box from a map, with a threshold that is moved; see map_box.py. */
const [OPACITY, BELOW] = [0.6, 0.15]; // of the map's colours: where there is enough, and elsewhere

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "map-box", signal);
  const choose = chooser(model);
  const list = h("div", { class: "cnnvis-segments", role: "radiogroup" });
  const canvas = h("canvas", { role: "img" });
  const over = drawn("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  const curve = new Axes({ x: [0, 100], y: [0, 1], wide: 460, high: 250, xName: "threshold, % of the largest value", yName: "intersection over union" });
  const inside = drawn("g");
  curve.axes({ yTicks: [0, 0.25, 0.5, 0.75, 1] });
  curve.svg.append(inside);
  curve.svg.setAttribute("role", "img");
  const slider = labelledSlider({ label: "threshold", min: 1, max: 100, step: 1, signal, text: (value) => `${value} %`, onvalue: (value) => choose("percent", value) });
  const said = h("p", { class: "cnnvis-map-box-said", role: "status" });
  field.append(list, h("div", { class: "cnnvis-map-box-two" },
    h("div", { class: "cnnvis-map-box-frame" }, canvas, over),
    h("div", {}, curve.svg, slider.element, said,
      h("p", { class: "cnnvis-map-box-key" }, h("span", { class: "cnnvis-map-box-true" }, "true box, around the outline"), h("span", { class: "cnnvis-map-box-found" }, "box from the map")))));
  choices(model, list, { traits: ["_names"], records: () => model.get("_names"), key: "name", value: "view", draw: ({ name }) => [name] }, signal);

  let seen = null;
  const take = () => {
    const data = model.get("_data");
    if (!data.shape) return;
    const { shape } = data;
    const values = enlarged(floatsOf(data.coarse), data.coarse_shape, shape);
    const pixels = new ImageData(shape[1], shape[0]);
    bytesOf(data.picture).forEach((value, i) => { pixels.data[4 * Math.floor(i / 3) + (i % 3)] = value; });
    for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
    const most = values.reduce((a, b) => Math.max(a, b), 0);
    seen = { ...data, values, most, picture: greyed(pixels), table: bytesOf(data.table), outline: isoPath(Float32Array.from(bytesOf(data.mask)), shape, 0.5) };
    over.setAttribute("viewBox", `0 0 ${shape[1]} ${shape[0]}`);
  };
  const rect = ([top, left, bottom, right], name) => drawn("rect", { x: left + 1, y: top + 1, width: Math.max(right - left - 2, 0.5), height: Math.max(bottom - top - 2, 0.5), class: name });
  const draw = () => {
    if (!seen) return;
    const { shape, values, most, picture, table, boxes, ious, true: truth, alt } = seen;
    const percent = model.get("percent");
    const enough = (percent / 100) * most;
    const image = new ImageData(shape[1], shape[0]);
    placesOf(values, { low: 0, high: most, kind: "sequential" }).forEach((place, i) => {
      const alpha = most > 0 && values[i] >= enough ? OPACITY : BELOW;
      for (let k = 0; k < 3; k += 1) image.data[4 * i + k] = picture.data[4 * i + k] * (1 - alpha) + table[entry(place) + k] * alpha;
      image.data[4 * i + 3] = 255;
    });
    paint(canvas, image);
    const found = boxes[percent - 1];
    over.replaceChildren(drawn("path", { d: seen.outline, class: "cnnvis-map-box-outline" }), rect(truth, "cnnvis-map-box-under"), rect(truth, "cnnvis-map-box-true"),
      ...(found.length ? [rect(found, "cnnvis-map-box-under"), rect(found, "cnnvis-map-box-found")] : []));
    const iou = ious[percent - 1];
    const best = Math.max(...ious);
    said.textContent = found.length
      ? `threshold ${percent} %: intersection over union ${iou.toFixed(2)}${iou >= 0.5 ? ", a hit" : ", a miss"}; at best ${best.toFixed(2)}, at ${ious.indexOf(best) + 1} %`
      : "the map is nowhere above zero: no box";
    inside.replaceChildren(
      curve.line([[0, 0.5], [100, 0.5]], "cnnvis-map-box-half"),
      curve.line(ious.map((value, i) => [i + 1, value]), "cnnvis-chart-curve"),
      drawn("circle", { cx: curve.px(percent), cy: curve.py(iou), r: 6, class: "cnnvis-map-box-here" }));
    curve.svg.setAttribute("aria-label", `Intersection over union over the threshold, from ${ious[0].toFixed(2)} at 1 % to ${ious[99].toFixed(2)} at 100 %, at best ${best.toFixed(2)} at ${ious.indexOf(best) + 1} %`);
    canvas.setAttribute("aria-label", `${alt}, with the map, the true box and the box from the map at ${percent} %`);
    slider.show(percent);
  };
  watch(model, ["_data"], take, signal);
  watchTogether(model, ["_data", "percent"], draw, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
