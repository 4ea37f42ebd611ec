// Lines of equal value on a grid (marching squares, W. Lorensen and H. Cline, 1987, in two dimensions).

/** @typedef {[number, number]} Place row and column; the centre of a cell has whole numbers */

/**
 * The pieces of the line on which a grid has a level, interpolated between the centres of its cells. Where
 * two opposite corners of a square are above it, each of the two gets a line of its own, as in scikit-image.
 * @param {ArrayLike<number>} values row after row
 * @param {readonly [number, number]} shape rows, columns
 * @param {number} level
 * @returns {[Place, Place][]}
 */
export function contour(values, [rows, columns], level) {
  /** @type {[Place, Place][]} */
  const pieces = [];
  for (let r = 0; r + 1 < rows; r += 1) {
    for (let c = 0; c + 1 < columns; c += 1) {
      const i = r * columns + c;
      // The corners clockwise from the upper left; where an edge's ends differ, the line crosses it.
      const corners = [values[i], values[i + 1], values[i + columns + 1], values[i + columns]];
      const inside = corners.map((value) => value > level);
      if (inside.every((is) => is === inside[0])) continue;
      /** @param {number} k @returns {Place} */
      const crossing = (k) => {
        const share = (level - corners[k]) / (corners[(k + 1) % 4] - corners[k]);
        const [down, right] = [
          [0, share],
          [share, 1],
          [1, 1 - share],
          [1 - share, 0],
        ][k];
        return [r + down, c + right];
      };
      const edges = [0, 1, 2, 3].filter((k) => inside[k] !== inside[(k + 1) % 4]);
      if (edges.length === 4 && inside[0]) edges.push(...edges.splice(0, 1));
      for (let k = 0; k < edges.length; k += 2) pieces.push([crossing(edges[k]), crossing(edges[k + 1])]);
    }
  }
  return pieces;
}

/**
 * The same as the `d` of an SVG path.
 * @param {ArrayLike<number>} values
 * @param {readonly [number, number]} shape
 * @param {number} level
 * @param {(place: Place) => string} [write] a place as "x y"; without it, the
 *   cells' centres lie at half-integers
 */
export function contourPath(values, shape, level, write = inCells) {
  return contour(values, shape, level)
    .map(([from, to]) => `M${write(from)}L${write(to)}`)
    .join("");
}

/** @param {Place} place */
const inCells = ([row, column]) => `${(column + 0.5).toFixed(2)} ${(row + 0.5).toFixed(2)}`;
