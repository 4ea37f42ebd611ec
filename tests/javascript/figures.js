// What Python found (scripts/pages/javascript_figures.py), and how numbers are compared with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const figures = JSON.parse(readFileSync(new URL("figures.json", import.meta.url), "utf8"));

/**
 * Numbers agree to `tolerance`, relative to those above 1; rows of numbers one by one.
 * @param {any} got
 * @param {any} wanted
 * @param {number} [tolerance]
 */
export function close(got, wanted, tolerance = 1e-9) {
  if (typeof wanted === "number") {
    const far = Math.abs(got - wanted) / Math.max(1, Math.abs(wanted));
    assert.ok(far <= tolerance, `${got} is not ${wanted}`);
    return;
  }
  const [ours, theirs] = [Array.from(got), Array.from(wanted)];
  assert.equal(ours.length, theirs.length);
  ours.forEach((value, i) => close(value, theirs[i], tolerance));
}
