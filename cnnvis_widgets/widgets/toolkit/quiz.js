/** A question whose answer is shown once one has committed oneself; see quiz.py. */
import { errorLine, h, itemsOf, listen, mark, neighbour, uniqueId, watch } from "./base.js";
import { chooser, frame, refill } from "./control.js";

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "quiz", signal);
  const choose = chooser(model);
  const text = h("p", { class: "cnnvis-quiz-question", id: uniqueId() });
  const list = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-labelledby": text.id });
  const look = h("button", { type: "button" }, "Skip and show the answer");
  const again = h("button", { type: "button" }, "Hide it again");
  const verdict = h("p", { class: "cnnvis-quiz-verdict" });
  const because = h("p", { class: "cnnvis-quiz-because" });
  const picture = h("img", { draggable: "false" });
  const answer = h("div", { class: "cnnvis-quiz-answer" }, verdict, because, picture);
  field.append(
    text,
    list,
    h("div", { class: "cnnvis-line" }, look, again),
    h("div", { role: "status" }, answer),
  );

  watch(signal, model, ["_question"], () => {
    const question = model.get("_question");
    text.textContent = question.text;
    refill(
      list,
      question.choices.map((choice, i) =>
        h("button", { type: "button", role: "radio", "data-key": i }, choice),
      ),
    );
    because.textContent = question.because;
    because.hidden = !question.because;
    picture.hidden = !question.picture;
    if (question.picture) Object.assign(picture, { src: question.picture, alt: question.alt });
  });
  watch(signal, model, ["_question", "value", "looked"], () => {
    const { choices: all, right } = model.get("_question");
    const value = model.get("value");
    const looked = model.get("looked");
    mark(list, "[role=radio]", value);
    for (const item of itemsOf(list, "[role=radio]"))
      item.classList.toggle("cnnvis-quiz-right", looked && Number(item.dataset.key) === right);
    answer.hidden = !looked;
    look.hidden = looked;
    again.hidden = !looked;
    verdict.textContent =
      value === null
        ? `It is: ${all[right]}.`
        : value === right
          ? `Right: ${all[right]}.`
          : `You chose: ${all[value]}. It is: ${all[right]}.`;
  });

  // Not with the arrow keys: moving among the answers must not give the game away.
  listen(signal, list, "click", (event) => {
    const item = event.target.closest("[role=radio]");
    if (!item || field.hasAttribute("disabled")) return;
    model.set("looked", true);
    choose("value", Number(item.dataset.key));
  });
  listen(signal, list, "keydown", (event) => {
    const items = itemsOf(list, "[role=radio]");
    const next = neighbour(items, items.indexOf(event.target), event.key);
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    for (const item of items) item.tabIndex = item === next ? 0 : -1;
    next.focus();
  });
  listen(signal, look, "click", () => {
    choose("looked", true);
    again.focus();
  });
  listen(signal, again, "click", () => {
    model.set("value", null);
    choose("looked", false);
    look.focus();
  });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
