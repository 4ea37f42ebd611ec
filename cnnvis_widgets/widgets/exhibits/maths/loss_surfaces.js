// Losses of two parameters; as in course/models/loss_surfaces.py.

/** @param {number} x @param {number} y */
const hollow = (x, y) => Math.exp(-(x * x + y * y) / 0.72);
/**
 * → [J, slope]
 * @type {Record<string, [(x: number, y: number) => number, (x: number, y: number) => [number, number]]>} name
 */
export const SURFACES = {
  "narrow valley": [(x, y) => (x * x) / 8 + (5 * y * y) / 2, (x, y) => [x / 4, 5 * y]],
  "tilted valley": [
    (x, y) => (x + y) ** 2 / 16 + (5 * (y - x) ** 2) / 4,
    (x, y) => [(x + y) / 8 - (5 * (y - x)) / 2, (x + y) / 8 + (5 * (y - x)) / 2],
  ],
  banana: [
    (x, y) => (1 - x) ** 2 / 10 + (y - x * x) ** 2,
    (x, y) => [(x - 1) / 5 - 4 * x * (y - x * x), 2 * (y - x * x)],
  ],
  saddle: [(x, y) => (x * x) / 2 - (y * y) / 2 + y ** 4 / 8, (x, y) => [x, -y + y ** 3 / 2]],
  plateau: [(x, y) => 1 - hollow(x, y), (x, y) => [(x / 0.36) * hollow(x, y), (y / 0.36) * hollow(x, y)]],
  "two hollows": [
    (x, y) => (x * x - 2.25) ** 2 / 10 - x / 5 + (y * y) / 2,
    (x, y) => [0.4 * x * (x * x - 2.25) - 0.2, y],
  ],
};
