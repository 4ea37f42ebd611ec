/** A network that forgets from the top down; see randomiser.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "randomiser", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "random layers" });
  const stage = h("p", { class: "cnnvis-randomiser-stage", role: "status" });
  const maps = h("div", { class: "cnnvis-randomiser-maps" });
  const signs = h("input", { type: "checkbox" });
  field.append(
    h("div", { class: "cnnvis-line cnnvis-randomiser-depth" }, h("span", {}, "as trained"), slider, h("span", {}, "all random")),
    stage, maps, h("label", { class: "cnnvis-randomiser-sizes" }, signs, "compare with the signs, not only the sizes"),
  );
  /** @type {string[][]} */
  let urls = [];
  const forget = () => { for (const url of urls.flat()) URL.revokeObjectURL(url); };
  const build = () => {
    forget();
    urls = get("_maps").map((map) => map.frames.map((data) => URL.createObjectURL(new Blob([data], { type: "image/jpeg" }))));
    maps.replaceChildren(...get("_maps").map((map) => h("figure", {}, h("b", {}, map.title), h("img", { draggable: "false" }),
      h("meter", { min: 0, max: 1, "aria-hidden": "true" }), h("figcaption"))));
  };
  const draw = () => {
    const count = get("random");
    const stages = get("_stages");
    if (!stages[count]) return;
    slider.max = String(stages.length - 1);
    slider.value = String(count);
    signs.checked = get("signed");
    const percent = `${(100 * stages[count].score).toFixed(0)} %`;
    const words = count ? `${count} of ${stages.length - 1} layers random, down to ${stages[count].layer}; the class gets ${percent}.`
      : `As it was trained; the class gets ${percent}.`;
    stage.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    for (const [i, map] of get("_maps").entries()) {
      const [title, image, meter, caption] = maps.children[i].children;
      const alike = (get("signed") ? map.signed : map.alike)[count];
      image.src = urls[i][count];
      image.alt = `${title.textContent} on ${get("_alt")}, ${count || "no"} random layers${map.zero[count] ? ": zero everywhere" : ""}`;
      meter.value = Math.max(0, alike ?? 0);
      caption.textContent = map.zero[count] ? "zero everywhere" : alike == null ? "nothing to compare with" : `alike: ${alike.toFixed(2).replace("-", "−")}`;
    }
  };
  watch(model, ["_maps"], () => { build(); draw(); }, signal);
  watch(model, ["_stages", "random", "signed", "_alt"], draw, signal);
  slider.addEventListener("input", () => choose("random", Number(slider.value)), { signal });
  signs.addEventListener("change", () => choose("signed", signs.checked), { signal });
  errorLine(model, field, signal);
  return () => { undo.abort(); forget(); };
}
export default { render };
