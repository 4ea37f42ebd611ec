/** A window that slides over numbers; see convolution.py. */
const MOST_CELLS = 256; // beyond, an input is shown as a picture
const PACE_MS = 450; // between two places of the play button; a picture's rows go faster
const FEW_PRODUCTS = 30; // beyond, the products are not written out
const MARK = "#e8590c"; // the window's frame, seen on light, dark, red and blue

/** The numbers of a step of the window: what lies under it, channel by channel. */
function windowAt(numbers, [row, column], [rows, columns], stride, padding) {
  return numbers[0][0].map((_, channel) => Array.from({ length: rows }, (__, i) => Array.from({ length: columns }, (___, j) => (
    numbers[row * stride - padding + i]?.[column * stride - padding + j]?.[channel] ?? 0))));
}

/** What one window gives: [one number] of a convolution, one for each channel of pooling. */
function outcome(window, kernel, bias, operation) {
  const flat = window.map((slice) => slice.flat());
  if (operation === "maximum") return flat.map((slice) => Math.max(...slice));
  if (operation === "average") return flat.map((slice) => slice.reduce((a, b) => a + b, 0) / slice.length);
  return [partials(window, kernel).reduce((a, b) => a + b, bias)];
}

/** Each channel's sum of products. */
function partials(window, kernel) {
  return window.map((slice, c) => slice.reduce((sum, line, i) => (
    line.reduce((part, value, j) => part + value * kernel[i][j][c], sum)), 0));
}

/** Colours of numbers: red above zero, blue below; white to black where none is negative and it is a picture. */
function tint(value, end) {
  const share = end > 0 ? Math.min(1, Math.abs(value) / end) : 0;
  return `color-mix(in srgb, ${value < 0 ? "#2f6fb5" : "#c0392f"} ${Math.round(58 * share)}%, var(--cnnvis-paper))`;
}

const largest = (numbers) => numbers.flat(2).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A number short enough for a cell. */
function cellText(value) {
  const rounded = Math.round(value * 100) / 100;
  return String(Object.is(rounded, -0) ? 0 : rounded).replace("-", "−");
}

/**
 * A table of numbers of which one is chosen by mouse or arrow keys; the tab key reaches it once.
 * @param {string} label
 * @param {(row: number, column: number) => void} choose
 * @param {AbortSignal} signal
 */
function numberGrid(label, choose, signal) {
  const table = h("div", { class: "cnnvis-conv-grid", role: "grid", "aria-label": label });
  let [rows, columns] = [0, 0];
  const cell = (row, column) => table.children[row]?.children[column];
  const place = (item) => [[...table.children].indexOf(item.parentElement), [...item.parentElement.children].indexOf(item)];
  const go = (row, column) => {
    const item = cell(row, column);
    if (!item) return;
    for (const other of table.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
    choose(row, column);
  };
  table.addEventListener("click", (event) => {
    const item = event.target.closest("[role=gridcell]");
    if (item && !item.closest("fieldset[disabled]")) go(...place(item));
  }, { signal });
  table.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=gridcell]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const [row, column] = place(item);
    const to = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], Home: [row, 0], End: [row, columns - 1] }[event.key];
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    go(...to);
  }, { signal });
  return {
    table,
    cell,
    /** @param {number[][]} numbers @param {(row: number, column: number, value: number) => {colour: string, outside?: boolean, marked?: boolean, chosen?: boolean, name: string}} look */
    fill(numbers, look) {
      if (rows !== numbers.length || columns !== numbers[0].length) {
        [rows, columns] = [numbers.length, numbers[0].length];
        table.replaceChildren(...numbers.map((line) => h("div", { role: "row" }, ...line.map(() => h("button", { type: "button", role: "gridcell", tabindex: -1 })))));
      }
      table.classList.toggle("cnnvis-conv-long", numbers.some((line) => line.some((value) => cellText(value).length > 4)));
      let stop = table.querySelector('[tabindex="0"]');
      numbers.forEach((line, i) => line.forEach((value, j) => {
        const item = cell(i, j);
        const { colour, outside = false, marked = false, chosen = false, name } = look(i, j, value);
        item.textContent = cellText(value);
        item.style.background = colour;
        item.classList.toggle("cnnvis-conv-outside", outside);
        item.classList.toggle("cnnvis-conv-marked", marked);
        item.setAttribute("aria-selected", String(chosen));
        item.setAttribute("aria-label", `${name}: ${cellText(value)}`);
        if (chosen && document.activeElement?.parentElement?.parentElement !== table) {
          if (stop) stop.tabIndex = -1;
          item.tabIndex = 0;
          stop = item;
        }
      }));
      if (!stop) cell(0, 0).tabIndex = 0;
    },
  };
}

/** One map as a picture, with a frame around a window of it. Grey from 0 to 255, or both signs in colours. */
function paintMap(canvas, numbers, { signed, frameAt }) {
  const [rows, columns] = [numbers.length, numbers[0].length];
  const zoom = Math.max(1, Math.floor(300 / Math.max(rows, columns)));
  Object.assign(canvas, { width: columns * zoom, height: rows * zoom });
  const context = canvas.getContext("2d");
  const flat = numbers.flat();
  const end = flat.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const low = signed ? 0 : flat.reduce((a, b) => Math.min(a, b), Infinity);
  const high = signed ? end : flat.reduce((a, b) => Math.max(a, b), -Infinity);
  const image = context.createImageData(columns, rows);
  flat.forEach((value, i) => {
    const share = signed ? value / end : (value - low) / (high - low || 1);
    const fade = Math.round(255 * (1 - Math.abs(share)));
    const colour = signed ? (share < 0 ? [fade, fade, 255] : [255, fade, fade]) : [255 * share, 255 * share, 255 * share];
    image.data.set([...colour.map(Math.round), 255], 4 * i);
  });
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, columns * zoom, rows * zoom);
  const [top, left, height, width] = frameAt.map((n) => n * zoom);
  Object.assign(context, { strokeStyle: MARK, lineWidth: 3 });
  context.strokeRect(left, top, Math.max(width, 4), Math.max(height, 4));
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "convolution", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const pooling = () => get("operation") !== "convolution";
  const padding = () => (pooling() ? 0 : get("padding"));
  const sizes = () => {
    const [values, kernel] = [get("values"), get("kernel")];
    return { rows: values.length, columns: values[0].length, channels: values[0][0].length, high: kernel.length, wide: kernel[0].length };
  };
  const isPicture = () => sizes().rows * sizes().columns > MOST_CELLS;
  const outSize = () => {
    const { rows, columns, high, wide } = sizes();
    return [[rows, high], [columns, wide]].map(([n, k]) => Math.floor((n + 2 * padding() - k) / get("stride")) + 1);
  };
  const place = () => get("at").map((i, axis) => Math.min(i, outSize()[axis] - 1));
  const everything = () => {
    const [rows, columns] = outSize();
    const { high, wide } = sizes();
    return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => outcome(
      windowAt(get("values"), [i, j], [high, wide], get("stride"), padding()), get("kernel"), get("bias"), get("operation"))));
  };

  const entry = (trait, label, low, high, whole = true) => {
    const made = numberField({ label, whole, signal, onvalue: (n) => choose(trait, n) });
    made.limits(low, high);
    watch(model, [trait], () => made.show(get(trait)), signal);
    return made;
  };
  const stride = entry("stride", "stride", 1, 8);
  const border = entry("padding", "padding", 0, 8);
  const bias = entry("bias", "bias", undefined, undefined, false);
  const presets = h("select", { "aria-label": "a kernel that is known" });
  const play = h("button", { type: "button" });
  const rows = h("div", { class: "cnnvis-conv-rows" });
  const results = h("div", { class: "cnnvis-conv-results" });
  const sum = h("p", { class: "cnnvis-conv-sum" });
  const size = h("p", { class: "cnnvis-hint" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  // One field changes whichever number of the input or the kernel is chosen.
  let edited = { trait: "kernel", row: 0, column: 0, channel: 0 };
  const editor = numberField({
    label: "", whole: false, signal,
    onvalue: (value) => {
      const numbers = structuredClone(get(edited.trait));
      numbers[edited.row][edited.column][edited.channel] = value;
      choose(edited.trait, numbers);
    },
  });
  const kernelChoice = h("label", { class: "cnnvis-entry" }, h("span", {}, "kernel"), presets);
  field.append(
    h("div", { class: "cnnvis-line" }, play, stride.element, border.element, bias.element, kernelChoice),
    stride.complaint, border.complaint, bias.complaint,
    h("div", { class: "cnnvis-conv" }, rows, results),
    h("div", { class: "cnnvis-line cnnvis-conv-editor" }, editor.element), editor.complaint, sum, size, spoken,
  );

  /** @type {any[]} */
  let parts = [];
  let outs = [];
  const nameOf = (channel) => get("channel_names")[channel] ?? `channel ${channel + 1}`;
  const edit = (trait, channel) => (row, column) => {
    const shift = trait === "values" ? padding() : 0;
    const { rows: most, columns: wide } = sizes();
    const [r, c] = [row - shift, column - shift];
    if (trait === "values" && (r < 0 || c < 0 || r >= most || c >= wide)) return; // a zero of the padding
    edited = { trait, row: r, column: c, channel };
    showEditor();
  };
  const showEditor = () => {
    const there = get(edited.trait)[edited.row]?.[edited.column]?.[edited.channel] !== undefined;
    if (!there || (pooling() && edited.trait === "kernel")) {
      edited = { trait: pooling() ? "values" : "kernel", row: 0, column: 0, channel: 0 };
    }
    const { trait, row, column, channel } = edited;
    const value = get(trait)[row][column][channel];
    const of = sizes().channels > 1 ? `, ${nameOf(channel)}` : "";
    editor.element.firstElementChild.textContent = `${trait === "kernel" ? "kernel" : "input"}, row ${row}, column ${column}${of}:`;
    editor.show(value);
    for (const part of parts) {
      for (const [grid, name, shift] of [[part.input, "values", padding()], [part.kernel, "kernel", 0]]) {
        for (const item of grid?.table.querySelectorAll(".cnnvis-conv-edited") ?? []) item.classList.remove("cnnvis-conv-edited");
        if (name === trait && part.channel === channel) grid?.cell(row + shift, column + shift)?.classList.add("cnnvis-conv-edited");
      }
    }
  };
  const canvasOf = (label) => h("canvas", { class: "cnnvis-conv-map", role: "img", "aria-label": label });
  const titled = (title, node) => h("figure", { class: "cnnvis-conv-part" }, h("figcaption", {}, title), node);

  const build = () => {
    const { channels } = sizes();
    const of = (channel) => (channels > 1 ? `, ${nameOf(channel)}` : "");
    parts = Array.from({ length: channels }, (_, channel) => {
      const input = isPicture() ? null : numberGrid(`input${of(channel)}`, edit("values", channel), signal);
      const kernel = pooling() ? null : numberGrid(`kernel${of(channel)}`, edit("kernel", channel), signal);
      const map = input ? null : canvasOf(`input${of(channel)}`);
      const part = h("p", { class: "cnnvis-conv-partial" });
      return { channel, input, kernel, map, part };
    });
    rows.classList.toggle("cnnvis-conv-several", channels > 1);
    rows.replaceChildren(...parts.map(({ channel, input, kernel, map, part }) => h("div", { class: "cnnvis-conv-row" },
      titled(`input${of(channel)}`, input?.table ?? map),
      ...(kernel ? [h("span", { class: "cnnvis-conv-sign", "aria-hidden": "true" }, "∗"), titled(`kernel${of(channel)}`, kernel.table)] : []),
      ...(kernel && channels > 1 ? [part] : []))));
    const count = pooling() ? channels : 1;
    const go = (row, column) => choose("at", [row, column]);
    outs = Array.from({ length: count }, (_, channel) => {
      const label = `result${count > 1 ? of(channel) : ""}`;
      if (!isPicture()) return { channel, grid: numberGrid(label, go, signal), map: null };
      const map = canvasOf(label);
      Object.assign(map, { tabIndex: 0 });
      map.setAttribute("role", "application");
      map.addEventListener("keydown", (event) => {
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const limits = outSize();
        choose("at", place().map((i, axis) => Math.max(0, Math.min(limits[axis] - 1, i + step[axis]))));
      }, { signal });
      map.addEventListener("click", (event) => {
        const box = map.getBoundingClientRect();
        const limits = outSize();
        const shares = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
        if (!map.closest("fieldset[disabled]")) choose("at", shares.map((share, axis) => Math.max(0, Math.min(limits[axis] - 1, Math.floor(share * limits[axis])))));
      }, { signal });
      return { channel, grid: null, map };
    });
    results.replaceChildren(h("span", { class: "cnnvis-conv-sign", "aria-hidden": "true" }, "="),
      h("div", {}, ...outs.map(({ channel, grid, map }) => titled(`result${count > 1 ? of(channel) : ""}`, grid?.table ?? map))));
    border.element.hidden = pooling();
    bias.element.hidden = pooling();
    kernelChoice.hidden = pooling() || !Object.keys(get("_presets")).length;
    editor.element.hidden = pooling() && isPicture();
    draw();
  };

  let speaking = 0;
  const draw = () => {
    const { rows: most, columns: many, channels, high, wide } = sizes();
    const [values, kernel] = [get("values"), get("kernel")];
    const [row, column] = place();
    const step = get("stride");
    const pad = padding();
    const all = everything();
    const inside = (i, j) => i >= row * step && i < row * step + high && j >= column * step && j < column * step + wide;
    const [inEnd, kernelEnd, outEnd] = [largest(values), largest(kernel), largest(all)];
    const window = windowAt(values, [row, column], [high, wide], step, pad);
    const sums = partials(window, kernel);
    for (const { channel, input, kernel: grid, map, part } of parts) {
      if (input) {
        const padded = Array.from({ length: most + 2 * pad }, (_, i) => Array.from({ length: many + 2 * pad }, (__, j) => values[i - pad]?.[j - pad]?.[channel] ?? 0));
        input.fill(padded, (i, j, value) => {
          const outside = i < pad || j < pad || i >= most + pad || j >= many + pad;
          const name = outside ? "a zero of the padding" : `input, row ${i - pad}, column ${j - pad}`;
          return { colour: tint(value, inEnd), outside, marked: inside(i, j), name };
        });
      } else paintMap(map, values.map((line) => line.map((cell) => cell[channel])), { signed: false, frameAt: [row * step - pad, column * step - pad, high, wide] });
      grid?.fill(kernel.map((line) => line.map((cell) => cell[channel])), (i, j, value) => ({ colour: tint(value, kernelEnd), name: `kernel, row ${i}, column ${j}` }));
      part.textContent = `adds ${cellText(sums[channel])}`;
    }
    for (const { channel, grid, map } of outs) {
      const plane = all.map((line) => line.map((cell) => cell[channel]));
      if (grid) grid.fill(plane, (i, j, value) => ({ colour: tint(value, outEnd), marked: i === row && j === column, chosen: i === row && j === column, name: `result, row ${i}, column ${j}` }));
      else {
        paintMap(map, plane, { signed: plane.flat().some((value) => value < 0), frameAt: [row, column, 1, 1] });
        map.setAttribute("aria-label", `result, ${plane.length} × ${plane[0].length}, chosen row ${row}, column ${column}: ${cellText(plane[row][column])}; arrow keys move`);
      }
    }
    const what = all[row][column];
    const brackets = (value) => (value < 0 ? `(${cellText(value)})` : cellText(value));
    const products = () => window.flatMap((slice, c) => slice.flatMap((line, i) => line.map((value, j) => `${cellText(value)}·${brackets(kernel[i][j][c])}`)));
    const few = high * wide * channels <= FEW_PRODUCTS;
    const long = few ? products().join(" + ") : `${high * wide * channels} products`;
    const split = channels > 1 ? `${sums.map(brackets).join(" + ")}` : long;
    sum.textContent = pooling()
      ? window.map((slice, c) => `${get("operation")} of ${slice.flat().map(cellText).join(", ")} = ${cellText(what[c])}`).join(";  ")
      : `${split}${get("bias") ? ` + bias ${brackets(get("bias"))}` : ""} = ${cellText(what[0])}`;
    const rule = (n, k, out) => `⌊(${n}${pooling() ? "" : ` + 2·${pad}`} − ${k}) / ${step}⌋ + 1 = ${out}`;
    const [outRows, outColumns] = outSize();
    size.textContent = `rows: ${rule(most, high, outRows)};  columns: ${rule(many, wide, outColumns)}`;
    showEditor();
    clearTimeout(speaking);
    speaking = globalThis.setTimeout(() => { spoken.textContent = `row ${row}, column ${column}: ${what.map(cellText).join(", ")}`; }, 700);
  };

  presets.addEventListener("change", () => {
    const kernel = get("_presets")[presets.value];
    if (kernel) choose("kernel", kernel);
  }, { signal });
  const OWN = "your own";
  watch(model, ["_presets"], () => {
    presets.replaceChildren(...[OWN, ...Object.keys(get("_presets"))].map((name) => h("option", { value: name }, name)));
  }, signal);
  watch(model, ["kernel", "_presets"], () => {
    const now = JSON.stringify(get("kernel"));
    presets.value = Object.entries(get("_presets")).find(([, kernel]) => JSON.stringify(kernel) === now)?.[0] ?? OWN;
  }, signal);

  // The traits of one message change one after the other: what they make together is drawn once.
  let shape = "";
  let asked = 0;
  const refresh = () => {
    const mine = ++asked;
    queueMicrotask(() => {
      if (mine !== asked || signal.aborted) return;
      const now = JSON.stringify([sizes(), pooling(), get("channel_names")]);
      if (now === shape) draw();
      else { shape = now; build(); }
    });
  };
  watch(model, ["values", "kernel", "stride", "padding", "bias", "operation", "at", "channel_names", "_presets"], refresh, signal);

  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Slide";
  };
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    const [last, width] = outSize();
    if (place()[0] === last - 1 && place()[1] === width - 1) choose("at", [0, 0]);
    play.textContent = "❚❚ Pause";
    const stepBy = Math.max(1, Math.round((last * width) / 60));
    timer = setInterval(() => {
      const [many, across] = outSize();
      const next = place()[0] * across + place()[1] + stepBy;
      if (next >= many * across || get("disabled")) stop();
      else choose("at", [Math.floor(next / across), next % across]);
    }, isPicture() ? PACE_MS / 4 : PACE_MS);
  }, { signal });
  stop();
  signal.addEventListener("abort", () => { stop(); clearTimeout(speaking); });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
