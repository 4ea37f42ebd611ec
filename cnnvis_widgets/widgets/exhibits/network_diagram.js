// The boundary's network as a drawing in which one chooses a unit.
import { arrowStep, itemAt, listen, mark, roving } from "../toolkit/base.js";
import { pictureOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";
import { likely, scaled, tinted } from "./class_colours.js";

const [WIDE, HIGH, TILE] = [420, 230, 20]; // the drawing; places of a unit's own picture, each way

/** @typedef {ReturnType<import("./maths/small_network.js").SmallNetwork["plane"]>} Plane */

/** The network's units as pictures of what they make of the plane, with the weights between them. */
export class NetworkDiagram {
  /**
   * @param {(unit: string) => void} pick told which unit was chosen: "output", or
   *   "layer.unit" with hidden layers from 1
   * @param {AbortSignal} signal
   */
  constructor(pick, signal) {
    this.element = drawn("svg", {
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      class: "cnnvis-chart cnnvis-decision-boundary-diagram",
      role: "listbox",
      "aria-label": "the network: choose a unit to see its output on the plane",
    });
    this.wires = drawn("g", { "aria-hidden": "true" });
    this.tiles = drawn("g");
    this.element.append(this.wires, this.tiles);
    this.pick = pick;
    /** @type {number[]} */
    this.sizes = [];
    // Up and down within a layer, left and right to the next one: the rows of two layers do not match.
    listen(signal, this.tiles, "keydown", (event) => this.move(event));
    roving(this.tiles, '[role="option"]', (item) => pick(String(item.dataset.key)), signal);
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = arrowStep(event);
    const tile = itemAt(event, '[role="option"]');
    if (!step || !tile) return;
    const [down, right] = step;
    event.preventDefault();
    event.stopImmediatePropagation();
    const last = this.sizes.length - 1;
    const key = String(tile.dataset.key);
    const [from, unit] = key === "output" ? [last, 0] : key.split(".").map(Number);
    const layer = Math.max(1, Math.min(last, from + right));
    const number = this.sizes[layer];
    const next =
      layer === from
        ? (unit + down + number) % number
        : Math.min(number - 1, Math.round(((unit + 0.5) / this.sizes[from]) * number - 0.5));
    const chosen = layer === last ? "output" : `${layer}.${next}`;
    /** @type {SVGElement | null} */ (this.tiles.querySelector(`[data-key="${chosen}"]`))?.focus();
    this.pick(chosen);
  }

  /** @param {string} unit */
  mark(unit) {
    mark(this.tiles, '[role="option"]', unit);
  }

  /**
   * Draw the weights and the units' pictures; the units themselves only where they have changed.
   * @param {import("./maths/small_network.js").SmallNetwork} network
   * @param {string} shown the chosen unit
   * @param {boolean} anew
   */
  draw(network, shown, anew) {
    this.sizes = network.sizes;
    const plane = network.plane(TILE);
    const spots = this.spots();
    this.drawWires(network, spots);
    if (!anew && this.tiles.childElementCount) {
      for (const tile of this.tiles.querySelectorAll("[data-key]")) fill(tile, plane);
      return;
    }
    const held = this.tiles.contains(document.activeElement);
    this.tiles.replaceChildren(
      ...spots.flatMap((layer, k) =>
        layer.map((spot, i) => (k ? this.tile(spot, k, i, plane) : input(spot, i))),
      ),
    );
    this.mark(shown);
    const stop = this.tiles.querySelector('[tabindex="0"]');
    if (held && stop instanceof SVGElement) stop.focus({ preventScroll: true });
  }

  /** Places of the units: [x, y, half a side]. */
  spots() {
    return this.sizes.map((number, k) => {
      const x = 26 + ((WIDE - 70) * k) / (this.sizes.length - 1);
      const pitch = Math.min(48, (HIGH - 20) / number);
      const half = Math.min(18, pitch / 2 - 1.5);
      return Array.from({ length: number }, (_, i) => [x, HIGH / 2 + (i - (number - 1) / 2) * pitch, half]);
    });
  }

  /** @param {import("./maths/small_network.js").SmallNetwork} network @param {number[][][]} spots */
  drawWires(network, spots) {
    const strongest = Math.max(...network.parameters.map(Math.abs), 1e-9);
    /** @param {number} weight @param {number[]} from @param {number[]} to */
    const wire = (weight, [x, y, half], [u, v, other]) =>
      drawn("line", {
        x1: x + half,
        y1: y,
        x2: u - other,
        y2: v,
        class: weight < 0 ? "cnnvis-decision-boundary-minus" : "cnnvis-decision-boundary-plus",
        "stroke-width": (0.3 + (5 * Math.abs(weight)) / strongest).toFixed(2),
      });
    this.wires.replaceChildren(
      ...spots
        .slice(0, -1)
        .flatMap((layer, k) =>
          layer.flatMap((from, i) => spots[k + 1].map((to, j) => wire(network.weight(k, i, j), from, to))),
        ),
    );
  }

  /** @param {number[]} spot @param {number} layer @param {number} unit @param {Plane} plane */
  tile([x, y, half], layer, unit, plane) {
    const last = layer === this.sizes.length - 1;
    const box = { x: x - half, y: y - half, width: 2 * half, height: 2 * half };
    const tile = drawn(
      "g",
      {
        role: "option",
        "data-key": last ? "output" : `${layer}.${unit}`,
        tabindex: -1,
        "aria-label": last ? "output" : `unit ${unit + 1} of hidden layer ${layer}`,
      },
      drawn("image", { ...box, preserveAspectRatio: "none" }),
      drawn("rect", { ...box, class: "cnnvis-decision-boundary-tile" }),
    );
    fill(tile, plane);
    return tile;
  }
}

/** @param {number[]} spot @param {number} i */
function input([x, y, half], i) {
  return drawn(
    "g",
    {},
    drawn("circle", { cx: x, cy: y, r: half, class: "cnnvis-decision-boundary-input" }),
    drawn("text", { x, y: y + 4.5, "text-anchor": "middle" }, `x${i + 1}`),
  );
}

/** @param {Element} tile @param {Plane} plane */
function fill(tile, { hidden, output }) {
  const key = String(tile.getAttribute("data-key"));
  const [layer, unit] = key.split(".").map(Number);
  const values = key === "output" ? likely(output) : scaled(hidden[layer][unit]);
  tile.firstElementChild?.setAttribute("href", pictureOf(values, [TILE, TILE], tinted(0.9)));
}
