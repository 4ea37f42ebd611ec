/** All lessons and apps as cards; see course_index.py. */
import { errorLine, h, listen, watch } from "../toolkit/base.js";
import { notebookUrl } from "../toolkit/notebook_url.js";
import { inPageLanguage, pageLanguage } from "../toolkit/page_language.js";
import { keptOfCourse } from "./course_part.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const root = h("section", { class: "cnnvis cnnvis-course" });
  const on = h("p", { class: "cnnvis-course-on" });
  const list = h("div");
  root.append(on, list);
  el.append(root);

  const card = (lesson, done) =>
    h(
      "li",
      {},
      h(
        "a",
        {
          class: `cnnvis-course-card${done ? " cnnvis-course-done" : ""}`,
          href: notebookUrl(lesson.file),
          "data-key": lesson.name,
        },
        lesson.picture
          ? h("img", { src: lesson.picture, alt: "", "aria-hidden": "true", draggable: "false" })
          : h(
              "span",
              { class: "cnnvis-course-none", "aria-hidden": "true" },
              lesson.section || inPageLanguage(lesson.title)[0],
            ),
        h("b", {}, lesson.section ? `${lesson.section} ${lesson.title}` : lesson.title),
        h("i", {}, lesson.question),
        h(
          "small",
          {},
          [lesson.time, !lesson.languages.includes(pageLanguage()) && "In English", done && "✓ done"]
            .filter(Boolean)
            .join(" · "),
        ),
        h(
          "span",
          { class: "cnnvis-course-about" },
          lesson.chapter === "0" || !lesson.about ? lesson.about : `You will learn to ${lesson.about}.`,
        ),
      ),
    );

  const draw = () => {
    const { done, last } = keptOfCourse();
    const all = model.get("_lessons");
    const taught = all.filter((lesson) => lesson.chapter !== "0");
    const next =
      taught.find((lesson) => lesson.name === last && !done.includes(last)) ??
      taught.find((lesson) => !done.includes(lesson.name));
    const count = taught.filter((lesson) => done.includes(lesson.name)).length;
    on.replaceChildren(
      count ? `${count} of ${taught.length} lessons done. ` : "",
      ...(next && (count || last)
        ? ["Go on with ", h("a", { href: notebookUrl(next.file) }, `${next.section} ${next.title}`)]
        : []),
    );
    on.hidden = !on.textContent;
    const chapters = [...new Set(all.map((lesson) => lesson.chapter))];
    list.replaceChildren(
      ...chapters.flatMap((chapter) => [
        h("h2", {}, chapter === "0" ? "Tools" : `${chapter}  ${model.get("_chapters")[chapter]}`),
        h(
          "ul",
          {},
          ...all
            .filter((lesson) => lesson.chapter === chapter)
            .map((lesson) => card(lesson, done.includes(lesson.name))),
        ),
      ]),
    );
  };
  watch(signal, model, ["_lessons", "_chapters"], draw);
  watch(signal, model, ["label"], () => root.setAttribute("aria-label", model.get("label")));
  listen(signal, window, "storage", draw);
  listen(signal, window, "pageshow", draw); // back from a lesson that was marked as done
  errorLine(model, root, signal);
  return () => undo.abort();
}
export default { render };
