/** The words of the course; see glossary.py. */
import { errorLine, h, itemsOf, keepKeys, listen, send, watch } from "../toolkit/base.js";
import { notebookUrl } from "../toolkit/notebook_url.js";
import { inPageLanguage, pageLanguage } from "../toolkit/page_language.js";

// In the page's language, sorted as that is. The other forms of a word are one message.
const listed = (terms) =>
  terms
    .map((term) => ({
      ...term,
      name: inPageLanguage(term.name),
      also: inPageLanguage(term.also.join("; ")).split("; ").filter(Boolean),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, pageLanguage()));

const entry = (term) => {
  const [first, ...later] = term.met;
  const to = (lesson) => h("a", { href: notebookUrl(lesson.file) }, lesson.heading);
  const others = term.also.filter((form) => !form.toLowerCase().startsWith(term.name.toLowerCase()));
  return h(
    "li",
    { "data-anchor": term.anchor, tabindex: "-1" },
    h("b", { translate: "no" }, term.name),
    h("span", {}, ...(others.length ? ["  also: ", h("span", { translate: "no" }, others.join(", "))] : [])),
    h("p", {}, term.means),
    ...(first
      ? [
          h(
            "p",
            {},
            "First met in ",
            to(first),
            ...later.flatMap((lesson, i) => [i ? ", " : "; also in ", to(lesson)]),
          ),
        ]
      : []),
  );
};

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const name = h("span", { class: "cnnvis-label" });
  const input = h("input", { type: "search" });
  const count = h("span", { class: "cnnvis-hint", role: "status" });
  const list = h("ul");
  const root = h(
    "section",
    { class: "cnnvis cnnvis-glossary" },
    h("label", { class: "cnnvis-glossary-search" }, name, input, count),
    list,
  );
  el.append(root);

  let terms = [];
  const filter = () => {
    const wanted = model.get("search").trim().toLowerCase();
    let shown = 0;
    for (const [i, term] of terms.entries()) {
      const fits = [term.name, ...term.also].some((form) => form.toLowerCase().includes(wanted));
      /** @type {HTMLElement} */ (list.children[i]).hidden = !fits;
      if (fits) shown += 1;
    }
    count.textContent = wanted ? `${shown} of ${list.children.length} words` : `${shown} words`;
    if (input.value !== model.get("search")) input.value = model.get("search");
  };
  const asked = () => {
    const anchor = decodeURIComponent(location.hash.slice(1));
    for (const item of itemsOf(list, "li"))
      item.classList.toggle("cnnvis-glossary-asked", !!anchor && item.dataset.anchor === anchor);
    const [item] = itemsOf(list, ".cnnvis-glossary-asked");
    // Once it is part of the page and has its height.
    if (item)
      setTimeout(() => {
        item.scrollIntoView({ block: "center" });
        item.focus({ preventScroll: true });
      }, 100);
  };
  watch(signal, model, ["_terms"], () => {
    terms = listed(model.get("_terms"));
    list.replaceChildren(...terms.map(entry));
    filter();
    asked();
  });
  watch(signal, model, ["search"], filter);
  watch(signal, model, ["label"], () => {
    name.textContent = model.get("label");
    root.setAttribute("aria-label", model.get("label"));
  });
  listen(signal, input, "input", () => send(model, "search", input.value));
  listen(signal, window, "hashchange", asked);
  keepKeys(root, signal);
  errorLine(model, root, signal);
  return () => undo.abort();
}
export default { render };
