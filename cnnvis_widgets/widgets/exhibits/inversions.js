/** A picture and what two ways back made of each layer's code; see inversions.py. */
function pictures() {
  /** @type {string[]} */
  let urls = [];
  return {
    image: (file, alt) => {
      urls.push(URL.createObjectURL(new Blob([file], { type: "image/png" })));
      return h("img", { src: urls.at(-1), alt, draggable: "false" });
    },
    drop: () => {
      for (const url of urls) URL.revokeObjectURL(url);
      urls = [];
    },
  };
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "inversions", signal);
  const data = () => model.get("_data");
  const [thumbs, wide] = [pictures(), pictures()];
  const strip = h("div", { class: "cnnvis-inversions-strip", role: "radiogroup" });
  const given = h("div", { class: "cnnvis-inversions-given" });
  const large = h("div", { class: "cnnvis-inversions-large" });
  const said = h("p", { class: "cnnvis-inversions-said", role: "status" });
  field.append(h("div", { class: "cnnvis-inversions-row" }, given, strip), large, said);

  const words = (way, layer) => `${way}, made from ${layer}`;
  const figures = (one) => `code's error ${short(one.error)}, colours off by ${short(one.off)}`;
  watch(model, ["_data"], () => {
    thumbs.drop();
    const { file, alt } = data();
    if (file) given.replaceChildren(h("p", {}, "given"), thumbs.image(file, alt));
  }, signal);
  choices(model, strip, {
    traits: ["_data"],
    records: () => data().layers ?? [],
    key: "name",
    draw: ({ name, note, made }) => [
      h("strong", {}, name), h("span", { class: "cnnvis-hint" }, note),
      ...made.flatMap((one, i) => (one
        ? [thumbs.image(one.file, words(data().ways[i], name)), h("span", {}, `${data().ways[i]}: ${short(one.error)}`)]
        : [h("span", { class: "cnnvis-inversions-none" }, `no ${data().ways[i]}`)])),
    ],
  }, signal);

  // The traits of one message change one after the other.
  let asked = 0;
  const enlarge = () => {
    const { layers, ways, file, alt } = data();
    const layer = layers?.find(({ name }) => name === model.get("value"));
    if (!layer) return;
    wide.drop();
    const shown = (source, title, text, words_) => h("figure", {}, wide.image(source, words_), h("figcaption", {}, h("strong", {}, title), h("br"), text));
    large.replaceChildren(
      shown(file, "given", "what the network saw", `${alt}, enlarged`),
      ...layer.made.flatMap((one, i) => (one ? [shown(one.file, ways[i], figures(one), `${words(ways[i], layer.name)}, enlarged`)] : [])),
    );
    const found = layer.made.map((one, i) => (one ? `${ways[i]}: ${figures(one)}` : `no ${ways[i]}`));
    said.textContent = `${layer.name}. ${found.join("; ")}.`;
  };
  watch(model, ["_data", "value"], () => {
    const mine = ++asked;
    queueMicrotask(() => { if (mine === asked && !signal.aborted) enlarge(); });
  }, signal);
  errorLine(model, field, signal);
  return () => {
    undo.abort();
    thumbs.drop();
    wide.drop();
  };
}
export default { render };
