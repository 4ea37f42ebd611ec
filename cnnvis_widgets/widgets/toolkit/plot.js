// Curves on axes, as SVG: shared by the components that draw them (see plot.py).

/**
 * Make an SVG element: `drawn("line", {x1: 0, class: "cnnvis-x"})`.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {string} [text]
 */
const drawn = (tag, attributes = {}, text = "") => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
};

/** Round numbers that cut `low` … `high` into three to six parts. */
function roundTicks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(k * step);
  return found;
}
