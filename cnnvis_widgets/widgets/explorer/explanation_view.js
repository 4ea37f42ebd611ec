// One explanation, drawn here from raw numbers: every change of look is instant (see explanation_view.py).

const MODES = {
  overlay: "Overlay", split: "Split", side_by_side: "Side by side", heatmap: "Heatmap", contour: "Contours",
  picture: "Picture",
};
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const LEVELS = [0.25, 0.5, 0.75]; // of the scale's end, where contours run; as in rendering.contours
const HINT = "Point at the picture to read its values.";
const KEYS = "Arrow keys read values, M finds the strongest; + − 0 zoom.";

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** What Python sent, decoded; words and pixels of one result change together. */
class Result {
  static traits = ["picture", "heatmap", "shape", "lookup", "low", "high", "kind", "ticks", "clipped", "unit",
    "image", "title", "alt", "notes", "warnings", "code", "filename"];

  /** @param {any} model @returns {Promise<Result>} */
  static async of(model) {
    const result = new Result();
    for (const name of Result.traits) result[name] = model.get(name); // all before the first wait
    const [rows, columns] = result.shape;
    const whole = rows * columns > 0 && result.heatmap.byteLength === 4 * rows * columns;
    result.values = whole && result.lookup.byteLength === 768 ? floatsOf(result.heatmap) : null;
    [result.below, result.made] = await Promise.all([pixelsOf(result.picture), pixelsOf(result.image)]);
    result.prepare();
    return result;
  }

  prepare() {
    const size = this.below ?? this.made;
    /** @type {Shape} of the grid on which all is drawn */
    this.grid = size ? [size.height, size.width] : this.shape;
    this.scale = { low: this.low, high: this.high, kind: this.kind };
    if (this.values) {
      this.table = bytesOf(this.lookup);
      this.fine = enlarged(this.values, this.shape, this.grid);
      this.places = placesOf(this.fine, this.scale);
      this.map = colourized(this.places, this.table, this.grid);
      this.zeros = this.values.every((value) => value === 0);
    } else this.map = this.made;
    this.grey = this.below && greyed(this.below);
    this.modes = !this.map ? this.below ? ["picture"] : []
      : !this.below ? ["heatmap"]
        : Object.keys(MODES).filter((mode) => this.values || !["overlay", "contour"].includes(mode));
  }

  /** How many of a hundred pixels have a smaller absolute value. */
  percentile(value) {
    this.sorted ??= this.values.map(Math.abs).sort();
    let [first, last] = [0, this.sorted.length];
    while (first < last) {
      const middle = (first + last) >> 1;
      if (this.sorted[middle] < Math.abs(value)) first = middle + 1;
      else last = middle;
    }
    return (100 * first) / this.sorted.length;
  }

  /** Rows and columns of what can be read: the map's own cells, or pixels. @returns {Shape} */
  get cells() {
    return this.values ? this.shape : this.made ? [this.made.height, this.made.width] : this.grid;
  }

  /** What is to be read at a cell, in words. */
  read(row, column) {
    const place = `Row ${row}, column ${column}: `;
    const at = row * this.cells[1] + column;
    if (!this.values) {
      const [r, g, b] = (this.made ?? this.below).data.subarray(4 * at, 4 * at + 3);
      return `${place}red ${r}, green ${g}, blue ${b}`;
    }
    const value = this.values[at];
    const share = this.percentile(value);
    const shown = share > 99.9 && share < 100 ? "more than 99.9" : share.toFixed(1);
    const size = this.kind === "diverging" ? "stronger" : "larger";
    return `${place}${formatted(value)}${this.zeros ? "" : `, ${size} than ${shown} % of the pixels`}`;
  }

  /** The contours, as paths with their colours. */
  get lines() {
    if (this.cachedLines || !this.values || !(this.high > 0)) return this.cachedLines ?? [];
    const signs = this.kind === "diverging" ? [1, -1] : [1];
    this.cachedLines = LEVELS.flatMap((level) => signs.map((sign) => {
      const at = entry(placesOf(Float32Array.of(sign * level * this.high), this.scale)[0]);
      const colour = this.table.subarray(at, at + 3);
      return { d: isoPath(this.fine, this.grid, sign * level * this.high), colour: `rgb(${colour})`, halo: haloOf(colour) };
    }));
    return this.cachedLines;
  }
}

/** @type {{render: (context: {model: any, el: HTMLElement}) => () => void}} */
export default {
  render({ model, el }) {
    const ending = new AbortController();
    const { signal } = ending;
    const get = (name) => model.get(name);
    // Not throttled: Jupyter keeps one message under way and merges what comes meanwhile. What is held
    // back here would be overwritten by the echo of what was sent before.
    const set = (name, value) => send(model, name, value);
    const listen = (target, type, action, options = {}) => target.addEventListener(type, action, { signal, ...options });
    const button = (text, action, attributes = {}) => h("button", { type: "button", onclick: action, ...attributes }, text);

    /** @type {Result | null} */
    let result = null;
    /** The upper left corner of what is seen, as shares of the picture. */
    const corner = { x: 0, y: 0 };
    /** @type {{cell: [number, number], full: boolean, pane: Pane} | null} */
    let reading = null;
    const mode = () => (result?.modes.includes(get("mode")) ? get("mode") : result?.modes[0]);

    // The parts
    const panes = [new Pane(""), new Pane("")];
    const read = h("p", { class: "cnnvis-view-read", id: uniqueId() }, HINT);
    panes[0].element.tabIndex = 0;
    panes[0].element.setAttribute("aria-describedby", read.id);
    const divider = h("div", {
      class: "cnnvis-view-divider", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-label": "Divider between the picture, left, and the map, right", hidden: true,
    });
    const said = h("p", { class: "cnnvis-view-said", hidden: true });
    panes[0].element.append(said);
    const frame = h("div", { class: "cnnvis-view-frame" }, panes[0].element, divider);
    const empty = h("p", { class: "cnnvis-view-empty" }, "Nothing to show yet.");
    const workText = h("span", { role: "status" });
    const workBar = h("progress", { max: 1, "aria-label": "Progress" });
    const work = h("div", { class: "cnnvis-view-work", hidden: true }, workText, workBar);
    const stage = h("div", { class: "cnnvis-view-stage" }, frame, panes[1].element, empty, work);
    const title = h("p", { class: "cnnvis-view-title" });
    const modes = h("div", { class: "cnnvis-view-modes", role: "radiogroup", "aria-label": "How to show it" });
    const zoomText = button("×1", () => zoomTo(1), { title: "Show all of it (0)" });
    const zooms = h("div", { class: "cnnvis-view-zoom", role: "group", "aria-label": "Zoom" },
      button("−", () => step(-1), { "aria-label": "Smaller", title: "Smaller (−)" }), zoomText,
      button("+", () => step(1), { "aria-label": "Larger", title: "Larger (+)" }));
    const present = button("Present", () => togglePresent(), { "aria-pressed": "false", title: "Fill the screen; Escape ends it" });
    const strip = h("canvas", { class: "cnnvis-view-strip", width: 256, height: 1, "aria-hidden": "true" });
    const pointer = h("span", { class: "cnnvis-view-pointer", hidden: true });
    const ticks = h("div", { class: "cnnvis-view-ticks" });
    const barText = h("p", { class: "cnnvis-hint" });
    const bar = h("div", { class: "cnnvis-view-bar" }, h("div", { class: "cnnvis-view-scale" }, strip, pointer), ticks, barText);
    const opacity = h("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Opacity of the map" });
    const percent = h("output", { class: "cnnvis-view-percent" });
    const fade = h("input", { type: "checkbox" });
    const colours = h("input", { type: "checkbox" });
    const looks = {
      opacity: h("label", {}, "Opacity ", opacity, percent), fade: h("label", {}, fade, " fade small values"),
      colours: h("label", {}, colours, " picture in colour"),
    };
    const look = h("div", { class: "cnnvis-view-look" }, ...Object.values(looks));
    const notes = h("ul", { class: "cnnvis-view-notes" });
    const savePng = button("Save picture", () => downloadPng());
    const saveValues = button("Save values", () => saveFile(npyFile(result.values, result.shape), `${result.filename}.npy`),
      { title: "The raw values, float32, for numpy.load" });
    const codeText = h("pre", { tabindex: 0, "aria-label": "Code" });
    const copied = h("span", { role: "status" });
    const codePanel = h("section", { class: "cnnvis-view-code", "aria-label": "The code that computes this", hidden: true },
      h("div", {}, button("Copy", () => copyCode()), " ", copied), codeText);
    const showCode = button("Show the code", () => {
      codePanel.hidden = !codePanel.hidden;
      showCode.setAttribute("aria-expanded", String(!codePanel.hidden));
    }, { "aria-expanded": "false" });
    const lost = h("p", { class: "cnnvis-view-lost", role: "alert", hidden: true });
    const error = h("p", { class: "cnnvis-error", role: "alert", hidden: true });
    const body = h("div", { class: "cnnvis-view-body" },
      h("div", { class: "cnnvis-view-main" }, h("div", { class: "cnnvis-view-tools" }, modes, zooms, present), stage, read),
      h("div", { class: "cnnvis-view-side" }, bar, look, notes,
        h("div", { class: "cnnvis-view-actions" }, savePng, saveValues, showCode)), codePanel);
    const root = h("section", { class: "cnnvis cnnvis-view", "aria-label": "Explanation" }, lost, title, error, body);
    el.append(root);
    keepKeys(root, signal);

    // Drawing: `fill` for a new result, `draw` for another look, `place` for another region
    const region = () => ({ ...corner, zoom: get("zoom") });
    const place = () => {
      const zoom = get("zoom");
      for (const axis of ["x", "y"]) corner[axis] = clamp(corner[axis], 0, 1 - 1 / zoom);
      for (const pane of panes) pane.place(region(), get("split"));
      divider.style.left = `${100 * get("split")}%`;
      divider.setAttribute("aria-valuenow", String(Math.round(100 * get("split"))));
      zoomText.textContent = `×${Number(zoom.toFixed(zoom < 10 ? 1 : 0))}`;
    };
    const draw = () => {
      const now = mode();
      opacity.value = String(get("opacity"));
      percent.textContent = `${Math.round(100 * get("opacity"))} %`;
      fade.checked = get("blend") === "value";
      colours.checked = !get("gray_picture");
      mark(modes, "[role=radio]", now);
      if (!result) return;
      const { below, grey, map, places, table, grid, scale } = result;
      const laid = () => blended(get("gray_picture") ? grey : below, places, table,
        { kind: scale.kind, opacity: get("opacity"), blend: get("blend") });
      panes[0].draw({
        overlay: () => ({ under: laid() }), heatmap: () => ({ under: map }), picture: () => ({ under: below }),
        split: () => ({ under: below, over: map }), side_by_side: () => ({ under: below }),
        contour: () => ({ under: get("gray_picture") ? grey : below, lines: result.lines }),
      }[now]?.() ?? { under: null }, grid);
      panes[1].draw({ under: now === "side_by_side" ? map : null }, grid);
      stage.style.setProperty("--ratio", String(grid[0] ? grid[1] / grid[0] : 1));
      divider.hidden = now !== "split";
      looks.opacity.hidden = looks.fade.hidden = now !== "overlay";
      looks.colours.hidden = !["overlay", "contour"].includes(now);
      if (result.values) paint(strip, seenBar());
      place();
      showReading();
    };
    const seenBar = () => barOf(result.scale, result.table,
      mode() === "overlay" ? { opacity: get("opacity"), blend: get("blend") } : null);
    const tickPlaces = () => result.ticks.map(([value, label]) => ({ at: placesOf(Float32Array.of(value), result.scale)[0], label }));
    const fitTicks = () => {
      const labels = /** @type {HTMLElement[]} */ ([...ticks.children]);
      const spans = labels.map((label) => ({ at: Number(label.style.getPropertyValue("--at")), width: label.offsetWidth }));
      fitting(spans, ticks.offsetWidth).forEach((fits, i) => { labels[i].style.visibility = fits ? "" : "hidden"; });
    };
    const observer = new ResizeObserver(fitTicks);
    observer.observe(ticks);
    signal.addEventListener("abort", () => observer.disconnect());
    const fill = () => {
      const { values, map, below, alt } = result;
      title.textContent = result.title;
      title.hidden = !result.title;
      panes[0].element.setAttribute("aria-label", alt || result.title || "Explanation");
      panes[1].element.setAttribute("aria-label", "The map alone");
      said.hidden = !result.zeros;
      said.textContent = "All zeros: this map marks no pixel.";
      empty.hidden = Boolean(map || below);
      for (const part of [read, zooms, present, savePng]) part.hidden = !empty.hidden;
      bar.hidden = saveValues.hidden = !values;
      modes.hidden = result.modes.length < 2;
      const offered = result.modes.map((name) => h("button", { type: "button", role: "radio", "data-key": name },
        name === "heatmap" && !values ? "Result" : MODES[name]));
      // The same buttons stay: one of them may have the focus.
      if (offered.map((one) => one.outerHTML).join() !== modes.dataset.offered) modes.replaceChildren(...offered);
      modes.dataset.offered = offered.map((one) => one.outerHTML).join();
      ticks.replaceChildren(...(values ? tickPlaces() : []).map(({ at, label }) => h("span", { style: `--at: ${at}` }, label)));
      fitTicks();
      barText.textContent = [result.unit, result.clipped].filter(Boolean).join(" · ");
      const warned = new Set(result.warnings);
      const plain = result.notes.filter((note) => !warned.has(note));
      notes.replaceChildren(...[...warned].map((note) => h("li", { class: "cnnvis-view-warning" }, note)),
        ...plain.map((note) => h("li", {}, note)));
      codeText.textContent = result.code;
      copied.textContent = "";
      showCode.hidden = !result.code;
      codePanel.hidden ||= !result.code;
      showCode.setAttribute("aria-expanded", String(!codePanel.hidden));
      const [rows, columns] = result.cells; // who reads a value sees the new one at the same place
      if (reading && (reading.cell[0] >= rows || reading.cell[1] >= columns)) reading = null;
      draw();
    };
    let newest = 0;
    const load = () => {
      const mine = ++newest;
      queueMicrotask(async () => { // the traits of one message change one after the other
        if (mine !== newest) return;
        let found;
        try {
          found = await Result.of(model);
        } catch {
          error.hidden = false;
          error.textContent = "The picture that was sent cannot be decoded; the last result is kept.";
          return;
        }
        if (mine !== newest || signal.aborted) return;
        result = found;
        fill();
      });
    };

    // Reading values
    const showReading = () => {
      const { cell, full, pane } = reading ?? {};
      for (const each of panes) each.mark(cell, result.cells, full || each !== pane);
      read.textContent = cell ? result.read(...cell) : panes[0].element.matches(":focus-visible") ? KEYS : HINT;
      pointer.hidden = !cell || !result.values;
      if (!pointer.hidden) {
        const value = result.values[cell[0] * result.shape[1] + cell[1]];
        pointer.style.setProperty("--at", String(placesOf(Float32Array.of(value), result.scale)[0]));
      }
    };
    const readAt = (next, full, pane) => {
      // By mouse the text follows the hand; a screen reader is told only what keys and touches ask.
      read.setAttribute("aria-live", full ? "polite" : "off");
      reading = next && { cell: next, full, pane };
      showReading();
    };
    const cellAt = (event, pane) => {
      const box = pane.under.getBoundingClientRect();
      const [rows, columns] = result.cells;
      const [row, column] = [((event.clientY - box.top) / box.height) * rows, ((event.clientX - box.left) / box.width) * columns];
      return row >= 0 && column >= 0 && row < rows && column < columns ? [Math.floor(row), Math.floor(column)] : null;
    };
    const moveCell = (down, right) => {
      const [rows, columns] = result.cells;
      const { zoom, x, y } = region();
      const from = reading?.cell ?? [Math.floor((y + 0.5 / zoom) * rows), Math.floor((x + 0.5 / zoom) * columns)];
      goTo([clamp(from[0] + (reading ? down : 0), 0, rows - 1), clamp(from[1] + (reading ? right : 0), 0, columns - 1)]);
    };
    const goTo = (cell) => {
      [["y", 0], ["x", 1]].forEach(([axis, k]) => { // keep it in sight
        const [start, size] = [cell[k] / result.cells[k], 1 / result.cells[k]];
        corner[axis] = clamp(corner[axis], start + size - 1 / get("zoom"), start);
      });
      place();
      readAt(cell, true, panes[0]);
    };

    // Zoom and pan
    const zoomTo = (zoom, at = { x: 0.5, y: 0.5 }) => { // `at` stays where it is, as shares of the pane
      const [before, after] = [get("zoom"), clamp(zoom, 1, ZOOMS.at(-1))];
      corner.x += at.x * (1 / before - 1 / after);
      corner.y += at.y * (1 / before - 1 / after);
      set("zoom", after);
    };
    const focusPoint = () => { // what keys and buttons enlarge: the cell that is read, else the middle
      if (!reading?.full) return { x: 0.5, y: 0.5 };
      const { x, y, zoom } = region();
      const share = (k) => (reading.cell[k] + 0.5) / result.cells[k];
      return { x: clamp((share(1) - x) * zoom, 0, 1), y: clamp((share(0) - y) * zoom, 0, 1) };
    };
    const step = (direction) => {
      const zoom = get("zoom");
      const next = direction > 0 ? ZOOMS.find((z) => z > zoom + 1e-6) : ZOOMS.findLast((z) => z < zoom - 1e-6);
      if (next) zoomTo(next, focusPoint());
    };
    const shareOf = (event, element) => {
      const box = element.getBoundingClientRect();
      return { x: clamp((event.clientX - box.left) / box.width, 0, 1), y: clamp((event.clientY - box.top) / box.height, 0, 1) };
    };
    for (const pane of panes) {
      /** @type {{x: number, y: number} | null} */
      let held = null;
      listen(pane.element, "wheel", (event) => {
        if (!event.ctrlKey || !result) return;
        event.preventDefault();
        zoomTo(get("zoom") * Math.exp(-clamp(event.deltaY, -100, 100) / 200), shareOf(event, pane.element));
      }, { passive: false });
      listen(pane.element, "pointerdown", (event) => {
        if (event.button !== 0 || !result) return;
        if (event.pointerType !== "mouse") readAt(cellAt(event, pane), true, pane);
        if (get("zoom") === 1) return;
        held = { x: event.clientX, y: event.clientY };
        pane.element.setPointerCapture(event.pointerId);
      });
      listen(pane.element, "pointermove", (event) => {
        if (!result) return;
        if (held) {
          const box = pane.under.getBoundingClientRect();
          corner.x -= (event.clientX - held.x) / box.width;
          corner.y -= (event.clientY - held.y) / box.height;
          held = { x: event.clientX, y: event.clientY };
          place();
        } else if (event.pointerType === "mouse") readAt(cellAt(event, pane), false, pane);
      });
      for (const end of ["pointerup", "pointercancel"]) listen(pane.element, end, () => { held = null; });
      listen(pane.element, "pointerleave", (event) => {
        if (event.pointerType === "mouse" && !held && result) readAt(null, false, pane);
      });
    }
    const keys = {
      ArrowUp: (far) => moveCell(-far, 0), ArrowDown: (far) => moveCell(far, 0),
      ArrowLeft: (far) => moveCell(0, -far), ArrowRight: (far) => moveCell(0, far),
      "+": () => step(1), "=": () => step(1), "-": () => step(-1), 0: () => zoomTo(1),
      m: () => { // the strongest value
        if (!result.values) return;
        let best = 0;
        result.values.forEach((value, i) => { if (Math.abs(value) > Math.abs(result.values[best])) best = i; });
        goTo([Math.floor(best / result.shape[1]), best % result.shape[1]]);
      },
      Escape: () => readAt(null, false, panes[0]),
    };
    listen(panes[0].element, "keydown", (event) => {
      if (!result || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape" && (presenting() || !reading)) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key](event.shiftKey ? 10 : 1);
    });

    for (const type of ["focus", "blur"]) listen(panes[0].element, type, () => { if (result) showReading(); });

    // The divider
    listen(divider, "pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      divider.focus();
    });
    listen(divider, "pointermove", (event) => {
      if (divider.hasPointerCapture(event.pointerId)) set("split", shareOf(event, panes[0].element).x);
    });
    listen(divider, "keydown", (event) => {
      const far = event.shiftKey ? 0.1 : 0.02;
      const next = { ArrowLeft: get("split") - far, ArrowRight: get("split") + far, Home: 0, End: 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      set("split", clamp(next, 0, 1));
    });

    // Look, presentation, files
    roving(modes, "[role=radio]", (item) => set("mode", item.dataset.key), signal);
    listen(opacity, "input", () => set("opacity", Number(opacity.value)));
    listen(fade, "change", () => set("blend", fade.checked ? "value" : "uniform"));
    listen(colours, "change", () => set("gray_picture", !colours.checked));
    const presenting = () => root.classList.contains("cnnvis-view-present");
    const showPresent = (on) => {
      root.classList.toggle("cnnvis-view-present", on);
      present.setAttribute("aria-pressed", String(on));
    };
    const togglePresent = async () => {
      if (document.fullscreenElement === root) return document.exitFullscreen();
      showPresent(!presenting()); // where the browser refuses, it fills at least the window
      if (presenting()) await root.requestFullscreen?.().catch(() => {});
      return undefined;
    };
    listen(document, "fullscreenchange", () => showPresent(document.fullscreenElement === root));
    listen(root, "keydown", (event) => { if (event.key === "Escape" && presenting()) showPresent(false); });
    const downloadPng = async () => {
      const now = mode();
      const box = panes[0].element.getBoundingClientRect();
      const shown = panes.filter((pane) => !pane.element.hidden).map((pane) => ({
        layers: [{ canvas: pane.under, from: 0 }, ...(pane.cut.hidden ? [] : [{ canvas: pane.over, from: get("split") }])],
        lines: pane.lines, size: pane.grid,
      }));
      saveFile(await pngOf({
        panes: shown, width: box.width, height: box.height, region: region(), smooth: get("zoom") === 1, title: result.title,
        over: result.zeros ? said.textContent : "", bar: result.values && now !== "picture" ? seenBar() : null,
        ticks: result.values ? tickPlaces() : [], captions: [barText.textContent, ...result.warnings].filter(Boolean),
      }), `${result.filename}.png`);
    };
    const copyCode = async () => {
      try {
        await navigator.clipboard.writeText(result.code);
      } catch { // not over plain http from another machine; select it and copy as by hand
        getSelection()?.selectAllChildren(codeText);
        document.execCommand("copy");
      }
      copied.textContent = "Copied.";
    };

    watch(model, Result.traits, load, signal);
    watch(model, ["mode", "opacity", "blend", "gray_picture"], draw, signal);
    watch(model, ["zoom", "split"], place, signal);
    watch(model, ["progress", "progress_text", "busy", "error"], () => {
      const [share, text] = [get("progress"), get("progress_text")];
      work.hidden = !get("busy") && !text && share < 0;
      workText.textContent = text;
      if (share < 0) workBar.removeAttribute("value");
      else workBar.value = share;
      root.setAttribute("aria-busy", String(!work.hidden));
      error.textContent = get("error");
      error.hidden = !get("error");
      stage.classList.toggle("cnnvis-view-old", Boolean(get("error")));
    }, signal);
    connection(model, (live) => {
      lost.hidden = live;
      lost.textContent = live ? "" : "Connection lost — last result kept.";
    }, signal);
    return () => {
      ending.abort();
      root.remove();
    };
  },
};
