// Translates the page: all text that comes, before it is painted. A MutationObserver is told of what
// changed when the script that changed it is done, and always before the next frame.
/* global translator */

const {
  language,
  cells = {},
  ...catalogue
} = JSON.parse(document.getElementById("cnnvis-messages").textContent);
document.documentElement.lang = language;

const ATTRIBUTES = [
  "aria-label",
  "title",
  "placeholder",
  "alt",
  "aria-valuetext",
  "aria-description",
  "aria-roledescription",
];
// What is not the interface's: code, what a cell printed, formulas, and lessons' own texts.
const LEFT = [
  '[translate="no"]',
  "code",
  "pre",
  "script",
  "style",
  "metadata",
  ".spinner-container",
  "math",
  "mjx-container",
  ".MathJax",
  ".jp-RenderedMarkdown",
  ".jp-InputArea",
  "[contenteditable]",
].join(",");

const answer = translator(catalogue);
/** @type {Map<string, string>} text → where it is */
const misses = new Map();
/** @type {WeakMap<Node, Record<string, string>>} what was written here, so that it is not read again */
const written = new WeakMap();

const path = (element) => {
  const steps = [];
  for (let at = element; at && at !== document.body && steps.length < 6; at = at.parentElement) {
    steps.unshift(at.localName + (at.classList?.length ? `.${[...at.classList].join(".")}` : ""));
  }
  return steps.join(" > ");
};

const put = (node, name, text, element, write) => {
  if (!text || written.get(node)?.[name] === text) return;
  if (element?.closest(LEFT)) return;
  const { text: translation, known } = answer(text);
  if (!known) misses.set(text.trim(), `${path(element)}${name ? ` [${name}]` : ""}`);
  if (translation === text) return;
  written.set(node, { ...written.get(node), [name]: translation });
  write(translation);
};

/** What a cell printed is its notebook's own text; lines that the package prints are messages. */
const putPrinted = (node) => {
  if (node.parentElement.closest("code, .jp-InputArea, .cnnvis") || written.get(node)?.[""] === node.data)
    return;
  const text = node.data
    .split("\n")
    .map((line) => line.replace(/^(\s*(?:- )?)(.*)$/u, (_, start, words) => start + answer(words).text))
    .join("\n");
  if (text === node.data) return;
  written.set(node, { "": text });
  node.data = text;
};
const putText = (node) => {
  if (node.parentElement?.closest(".jp-OutputArea-output pre")) putPrinted(node);
  else putPlain(node);
};
const putPlain = (node) => put(node, "", node.data, node.parentElement, (text) => (node.data = text));
const putAttribute = (element, name) =>
  put(element, name, element.getAttribute(name), element, (text) => element.setAttribute(name, text));

/** A cell's text, made in English before the visitor came. */
const putCell = (element) => {
  const words = element.textContent.replace(/[¶\s]+/gu, "");
  if (Object.hasOwn(cells, words)) element.innerHTML = cells[words];
};
const putCells = (element) => {
  if (element.matches(".jp-RenderedMarkdown")) putCell(element);
  for (const cell of element.querySelectorAll(".jp-RenderedMarkdown")) putCell(cell);
};

const SELECTOR = ATTRIBUTES.map((name) => `[${name}]`).join(",");
const putAll = (root) => {
  if (root instanceof Text) return putText(root);
  if (!(root instanceof Element)) return undefined;
  if (root.closest("code, script, style")) return undefined;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) putText(walker.currentNode);
  for (const element of [root, ...root.querySelectorAll(SELECTOR)])
    for (const name of ATTRIBUTES) if (element.hasAttribute(name)) putAttribute(element, name);
  return undefined;
};

const observer = new MutationObserver((records) => {
  const come = new Set();
  for (const { type, target, attributeName, addedNodes } of records) {
    if (type === "attributes") putAttribute(target, attributeName);
    else if (type === "characterData") putText(target);
    else for (const node of addedNodes) if (node.isConnected) come.add(node);
  }
  if (Object.keys(cells).length) {
    for (const { target } of records) {
      const cell = target.nodeType === Node.ELEMENT_NODE && target.closest(".jp-RenderedMarkdown");
      if (cell) come.add(cell);
    }
    for (const node of come) if (node instanceof Element) putCells(node);
  }
  for (const node of come) if (node.isConnected) putAll(node); // a cell may have replaced it
  observer.takeRecords(); // what was just written
});
observer.observe(document, {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: ATTRIBUTES,
});
putAll(document.head);

globalThis.cnnvisLanguage = { language, misses, translate: (text) => answer(text).text };
