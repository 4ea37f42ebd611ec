// Progress, the code, the way to JupyterLab, and what words mean. What is kept stays in this browser.
(() => {
  const KEY = "cnnvis-course";
  const page = JSON.parse(document.getElementById("cnnvis-page").textContent);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const kept = () => {
    try {
      return { done: [], code: false, large: false, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
    } catch {
      return { done: [], code: false, large: false }; // a browser that keeps nothing
    }
  };
  const keep = (changes) => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...changes }));
    } catch {
      /* then it holds for this page only */
    }
  };

  // While the notebook ran, the ways out were above the page; now they scroll away with it.
  document.querySelector("#rendered_cells > div").prepend(document.querySelector(".cnnvis-head"));

  // The language: the one that the page is in, and the way to the others, the rest of the address
  // as it is now. What the address asks for is kept on the way to other pages.
  const links = all(".cnnvis-languages a");
  for (const link of links) {
    if (link.hreflang === document.documentElement.lang) link.setAttribute("aria-current", "true");
    link.addEventListener("click", () => {
      const there = new URL(location.href);
      there.searchParams.set("lang", link.hreflang);
      link.href = there.href;
    });
  }
  const language = new URLSearchParams(location.search).get("lang");
  const keepLanguage = (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.closest(".cnnvis-languages") || !page.known.includes(language)) return;
    const there = new URL(link.href);
    if (there.origin !== location.origin || !there.pathname.endsWith(".ipynb")) return;
    if (there.searchParams.has("lang")) return;
    there.searchParams.set("lang", language);
    link.href = there.href;
  };
  for (const kind of ["click", "auxclick", "contextmenu"]) addEventListener(kind, keepLanguage, true);

  // Which lessons are done
  let done = new Set(kept().done);
  const showDone = () => {
    for (const button of all(".cnnvis-done")) {
      button.setAttribute("aria-pressed", String(done.has(page.name)));
      button.textContent = done.has(page.name) ? "Done" : "Mark as done";
    }
    const bar = document.querySelector(".cnnvis-progress");
    const count = page.lessons.filter((name) => done.has(name)).length;
    bar.hidden = !count || !page.lesson;
    bar.setAttribute("aria-label", `${count} of ${page.lessons.length} lessons done`);
    bar.title = bar.getAttribute("aria-label");
    bar.replaceChildren(
      ...page.lessons.map((name) => {
        const dot = document.createElement("i");
        dot.classList.toggle("cnnvis-is-done", done.has(name));
        dot.classList.toggle("cnnvis-is-here", name === page.name);
        return dot;
      }),
    );
  };
  for (const button of all(".cnnvis-done")) {
    button.addEventListener("click", () => {
      done = new Set(kept().done);
      if (button.getAttribute("aria-pressed") === "true") done.delete(page.name);
      else done.add(page.name);
      keep({ done: [...done] });
      showDone();
    });
  }
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    done = new Set(kept().done);
    showDone();
  });
  if (page.lesson && !page.solution) keep({ last: page.name });
  showDone();

  // A lesson is here before its cells have run: how far it is. A cell that waits has a placeholder,
  // from the moment that Voilà's script is there.
  const { progressiveRendering } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const running = document.querySelector(".cnnvis-running");
  const count = all("#rendered_cells .jp-CodeCell").length;
  const waiting = () => all("#rendered_cells .jp-CodeCell + .voila-skeleton-container").length;
  let begun = false,
    broken = false;
  const tellRunning = () => {
    const left = waiting();
    begun ||= left > 0;
    const over = begun && !left;
    running.hidden = over;
    running.textContent = over ? "" : `Running: ${begun ? count - left : 0} of ${count}`;
    if (broken && !over) {
      running.setAttribute("aria-live", "assertive"); // each single cell is not worth a word
      running.textContent = `Stopped at ${count - left} of ${count}: the line to the server broke. `;
      const again = document.createElement("button");
      again.textContent = "Load the page again";
      again.addEventListener("click", () => location.reload());
      running.append(again);
    } else if (!over) setTimeout(tellRunning, 250);
  };
  if (progressiveRendering && count) {
    // Voilà does not say when the line breaks over which the outputs come.
    const Line = window.WebSocket;
    window.WebSocket = class extends Line {
      constructor(url, ...rest) {
        super(url, ...rest);
        if (String(url).includes("/voila/execution/")) {
          this.addEventListener("close", () => {
            broken = true;
          });
        }
      }
    };
    tellRunning();
  }

  // The code
  const toggle = document.querySelector(".cnnvis-show-code");
  const showCode = (shown) => {
    document.body.classList.toggle("cnnvis-code-shown", shown);
    toggle?.setAttribute("aria-pressed", String(shown));
  };
  toggle?.addEventListener("click", () => {
    const shown = toggle.getAttribute("aria-pressed") !== "true";
    keep({ code: shown });
    showCode(shown);
  });
  showCode(!!toggle && kept().code);

  // Large, for the back row: everything on the page, pictures too. An address may ask for it.
  const scale = document.querySelector(".cnnvis-scale");
  const enlarge = (large) => {
    document.documentElement.classList.toggle("cnnvis-large", large);
    scale.setAttribute("aria-pressed", String(large));
    dispatchEvent(new Event("resize")); // what is placed in pixels is placed again
  };
  scale.addEventListener("click", () => {
    const large = scale.getAttribute("aria-pressed") !== "true";
    keep({ large });
    enlarge(large);
  });
  const parameter = new URLSearchParams(location.search).get("large");
  enlarge(parameter === null ? kept().large : parameter === "1");

  // JupyterLab: beside this page where a Jupyter server shows it (Binder), else by a command.
  const lab = document.querySelector(".cnnvis-lab");
  const how = document.querySelector(".cnnvis-lab-how");
  if (lab) lab.href = location.pathname.replace("/voila/render/", "/lab/tree/");
  how?.querySelector("button").addEventListener("click", async (event) => {
    try {
      await navigator.clipboard.writeText(page.command);
      event.target.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(how.querySelector("code"));
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !how?.open) return;
    how.open = false;
    how.querySelector("summary").focus();
  });
  addEventListener("click", (event) => {
    if (how && !how.contains(event.target)) how.open = false;
  });

  // What a word means: under the pointer, with the focus, and until Escape once it is clicked. The
  // lesson itself is never left; the glossary opens beside it.
  const means = document.createElement("div");
  means.className = "cnnvis-means";
  means.id = "cnnvis-means";
  means.setAttribute("role", "tooltip");
  means.hidden = true;
  const text = document.createElement("p");
  const more = document.createElement("a");
  Object.assign(more, { target: "_blank", rel: "noopener", textContent: "Open the glossary" });
  means.append(text, more);
  document.body.append(means);
  let pinned = false;
  const hide = () => {
    means.hidden = true;
    pinned = false;
  };
  const show = (word) => {
    means.hidden = false;
    text.textContent = word.dataset.means;
    more.href = word.href;
    word.setAttribute("aria-describedby", means.id);
    const [box, zoom] = [word.getBoundingClientRect(), means.currentCSSZoom ?? 1];
    means.style.left = `${Math.max(8, Math.min(box.left / zoom, innerWidth / zoom - 376))}px`;
    means.style.top = `${box.bottom / zoom}px`;
  };
  const wordAt = (event) => event.target.closest?.("a.cnnvis-term");
  const tell = (event) => {
    if (pinned || means.contains(event.target)) return;
    const word = wordAt(event);
    if (word) show(word);
    else hide();
  };
  addEventListener("mouseover", tell);
  addEventListener("focusin", tell);
  addEventListener("click", (event) => {
    const word = wordAt(event);
    if (word && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(word);
      pinned = true;
    } else if (!means.contains(event.target)) hide();
  });
  addEventListener("scroll", hide, { capture: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
})();
