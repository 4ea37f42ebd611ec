// The lesson as a deck: one slide at a time, with everything on it alive. Which cells begin a slide
// is marked in the notebook (metadata slideshow.slide_type, as nbconvert and Lab's editor have it).
(() => {
  const { slides: kinds } = JSON.parse(document.getElementById("cnnvis-page").textContent);
  const open = document.querySelector(".cnnvis-as-slides");
  if (!open) return;
  const cells = [...document.querySelectorAll("#rendered_cells [cell-index]")];
  const kindOf = (cell) => kinds[cell.getAttribute("cell-index") - 1] ?? "-";
  const root = document.body;
  const bar = document.createElement("nav");
  bar.className = "cnnvis-deck-bar";
  bar.setAttribute("aria-label", "Slides");
  bar.innerHTML = `<button type="button" aria-label="Back">‹</button>
    <output aria-live="polite"></output><button type="button" aria-label="On">›</button>
    <button type="button">Leave</button>`;
  const [back, on, leave] = bar.querySelectorAll("button");
  const place = bar.querySelector("output");
  let deck = []; // each slide: steps, each of them the cells that come with it
  let at = 0,
    step = 0;
  let settled = true; // whether all cells had run when the slides were laid out

  // What shows nothing as things are (code that printed nothing, while code is out of sight); of a
  // cell that has yet to run nobody knows.
  const empty = (cell) =>
    !cell.querySelector(".voila-skeleton-container") &&
    ((!cell.textContent.trim() && !cell.querySelector("img, canvas, svg")) ||
      (!root.classList.contains("cnnvis-code-shown") && cell.querySelector(".jp-CodeCell.jp-mod-noOutputs")));
  const laidOut = () => {
    settled = !cells.some((cell) => cell.querySelector(".voila-skeleton-container"));
    const slides = [];
    for (const cell of cells) {
      const kind = kindOf(cell);
      if (kind === "skip" || kind === "notes") continue;
      if (!slides.length || kind === "slide" || kind === "subslide") slides.push([[]]);
      else if (kind === "fragment") slides.at(-1).push([]);
      slides.at(-1).at(-1).push(cell);
    }
    return slides.map((steps) => steps.filter((part) => !part.every(empty))).filter((steps) => steps.length);
  };
  const show = (slide, steps = 0) => {
    at = Math.max(0, Math.min(slide, deck.length - 1));
    step = Math.max(0, Math.min(steps, deck[at].length - 1));
    const shown = new Set(deck[at].slice(0, step + 1).flat());
    for (const cell of cells) cell.classList.toggle("cnnvis-off", !shown.has(cell));
    place.textContent = `${at + 1} of ${deck.length}`;
    back.disabled = !at && !step;
    on.disabled = at === deck.length - 1 && step === deck[at].length - 1;
    history.replaceState(null, "", `#slide-${at + 1}`);
    deck[at][step ? step : 0][0].scrollIntoView({ block: step ? "nearest" : "start" });
    dispatchEvent(new Event("resize")); // what was measured while it was out of sight
  };
  const settle = () => {
    if (settled) return;
    const here = deck[at].flat();
    deck = laidOut();
    const slide = deck.findIndex((steps) => steps.flat().some((cell) => here.includes(cell)));
    at = slide < 0 ? Math.min(at, deck.length - 1) : slide;
    step = Math.min(step, deck[at].length - 1);
  };
  const move = (by) => {
    settle();
    if (by > 0) step < deck[at].length - 1 ? show(at, step + 1) : at < deck.length - 1 && show(at + 1);
    else step ? show(at, step - 1) : at && show(at - 1, deck[at - 1].length - 1);
  };
  const enter = (slide) => {
    deck = laidOut();
    root.classList.add("cnnvis-deck");
    open.setAttribute("aria-pressed", "true");
    show(slide);
    open.blur(); // the keys belong to the slides now
  };
  const end = () => {
    root.classList.remove("cnnvis-deck");
    open.setAttribute("aria-pressed", "false");
    for (const cell of cells) cell.classList.remove("cnnvis-off");
    history.replaceState(null, "", location.pathname + location.search);
    deck[at][0][0].scrollIntoView({ block: "start" });
    open.focus({ preventScroll: true });
  };

  root.append(bar);
  back.addEventListener("click", () => move(-1));
  on.addEventListener("click", () => move(1));
  leave.addEventListener("click", end);
  open.addEventListener("click", () => enter(0));
  const KEYS = { ArrowRight: 1, ArrowLeft: -1, " ": 1 };
  addEventListener("keydown", (event) => {
    if (!root.classList.contains("cnnvis-deck") || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.defaultPrevented) return;
    const remote = { PageDown: 1, PageUp: -1 }[event.key]; // what a presenter's remote sends
    // Within a widget the arrows, space and Escape are the widget's own.
    const free = !event.target.closest?.(
      "input, select, textarea, button, a, summary, [tabindex], [contenteditable]",
    );
    if (remote || (free && KEYS[event.key])) move(remote ?? KEYS[event.key]);
    else if (free && event.key === "Home") show(0);
    else if (free && event.key === "End") {
      settle();
      show(deck.length - 1);
    } else if (free && event.key === "Escape") end();
    else return;
    event.preventDefault();
  });
  const address = location.hash.match(/^#slide-(\d+)$/);
  if (address) enter(address[1] - 1);
})();
