// A verdict on a map, as the trust strip and the comparer show it.
import { h } from "./base.js";

/** @type {Record<string, [string, string]>} a verdict's mark and its word: never colour alone */
export const VERDICTS = {
  good: ["✓", "good"],
  doubtful: ["!", "doubtful"],
  bad: ["✕", "poor"],
  open: ["?", "open"],
};

/** A verdict's mark, for those who see it. @param {string} verdict */
export function trustMark(verdict) {
  const [mark] = VERDICTS[verdict] ?? VERDICTS.open;
  return h("span", { class: "cnnvis-trust-mark", "aria-hidden": "true" }, h("span", {}, mark));
}
