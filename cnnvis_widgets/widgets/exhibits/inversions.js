/** A picture and what two ways back made of each layer's code; see inversions.py. */
import { errorLine, h, short, watch, watchTogether } from "../toolkit/base.js";
import { choices, frame } from "../toolkit/control.js";
import { ObjectUrls } from "../toolkit/object_urls.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "inversions", signal);
  const data = () => model.get("_data");
  const [thumbs, wide] = [new ObjectUrls(signal), new ObjectUrls(signal)];
  /** @param {ObjectUrls} urls @param {DataView<ArrayBuffer>} file @param {string} alt */
  const image = (urls, file, alt) => h("img", { src: urls.of(file, "image/png"), alt, draggable: "false" });
  const strip = h("div", { class: "cnnvis-inversions-strip", role: "radiogroup" });
  const given = h("div", { class: "cnnvis-inversions-given" });
  const large = h("div", { class: "cnnvis-inversions-large" });
  const status = h("p", { class: "cnnvis-inversions-status", role: "status" });
  field.append(h("div", { class: "cnnvis-inversions-row" }, given, strip), large, status);

  const words = (way, layer) => `${way}, made from ${layer}`;
  const figures = (one) => `code's error ${short(one.error)}, colours off by ${short(one.off)}`;
  watch(signal, model, ["_data"], () => {
    thumbs.clear();
    const { file, alt } = data();
    if (file) given.replaceChildren(h("p", {}, "given"), image(thumbs, file, alt));
  });
  choices(
    model,
    strip,
    {
      traits: ["_data"],
      records: () => data().layers ?? [],
      key: "name",
      draw: ({ name, note, made }) => [
        h("strong", {}, name),
        h("span", { class: "cnnvis-hint" }, note),
        ...made.flatMap((one, i) =>
          one
            ? [
                image(thumbs, one.file, words(data().ways[i], name)),
                h("span", {}, `${data().ways[i]}: ${short(one.error)}`),
              ]
            : [h("span", { class: "cnnvis-inversions-none" }, `no ${data().ways[i]}`)],
        ),
      ],
    },
    signal,
  );

  const enlarge = () => {
    const { layers, ways, file, alt } = data();
    const layer = layers?.find(({ name }) => name === model.get("value"));
    if (!layer) return;
    wide.clear();
    const shown = (source, title, text, words_) =>
      h(
        "figure",
        {},
        image(wide, source, words_),
        h("figcaption", {}, h("strong", {}, title), h("br"), text),
      );
    large.replaceChildren(
      shown(file, "given", "what the network saw", `${alt}, enlarged`),
      ...layer.made.flatMap((one, i) =>
        one ? [shown(one.file, ways[i], figures(one), `${words(ways[i], layer.name)}, enlarged`)] : [],
      ),
    );
    const errors = layer.made.map((one, i) => (one ? `${ways[i]}: ${figures(one)}` : `no ${ways[i]}`));
    status.textContent = `${layer.name}. ${errors.join("; ")}.`;
  };
  watchTogether(signal, model, ["_data", "value"], enlarge);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
