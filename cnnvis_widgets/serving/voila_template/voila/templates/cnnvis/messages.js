// Messages in another language: exact ones, then messages with fields. Nothing here knows of a page.

/**
 * @typedef {{exact: Record<string, string>, patterns: [string, string, string[]][]}} Catalogue each
 *   pattern is an expression, its translation, and the fields that the groups hold
 * @typedef {{text: string, known: boolean}} Answer
 */

const WORD = /\p{L}{2}/u;
const MOST_KEPT = 20_000;
// Names of layers, networks and files, versions, sizes: they are the same in all languages.
const NAME = /^(?=.*[_\d])[\w./:×@+-]+$/u;
// Sentences that were put together: each is a message of its own.
const BETWEEN = /(?<=[.!?…]) (?=[\p{L}(])|(?<=\S) · (?=\S)/u;

/**
 * @param {Catalogue} catalogue
 * @returns {(text: string) => Answer} the text as it was, and not known, where there is no message
 */
export function translator({ exact, patterns }) {
  const messages = new Map(Object.entries(exact));
  const forms = patterns.map(([expression, translation, fields]) => ({
    expression: new RegExp(`^${expression}$`, "su"),
    translation,
    fields,
  }));
  /** @type {Map<string, Answer>} */
  const kept = new Map();

  /** @param {string} text @returns {Answer} */
  const look = (text) => {
    const message = messages.get(text);
    if (message !== undefined) return { text: message, known: true };
    for (const { expression, translation, fields } of forms) {
      const groups = expression.exec(text)?.slice(1);
      if (!groups) continue;
      /** @type {Record<string, string>} */
      const values = {};
      let known = true;
      fields.forEach((field, i) => {
        const mayBeOne = /^(?:text|any)/.test(field);
        const value = mayBeOne ? answer(groups[i]) : { text: groups[i], known: true };
        values[field] = value.text;
        known &&= value.known || field.startsWith("any");
      });
      if (known)
        return { text: translation.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole), known };
    }
    return inParts(text);
  };

  /** @param {string} text @returns {Answer} */
  const inParts = (text) => {
    const between = BETWEEN.exec(text);
    if (!between) {
      const words = text.endsWith(".") ? answer(text.slice(0, -1)) : { text, known: false };
      return words.known ? { text: `${words.text}.`, known: true } : { text, known: false };
    }
    const first = answer(text.slice(0, between.index));
    const rest = first.known && answer(text.slice(between.index + between[0].length));
    if (!rest || !rest.known) return { text, known: false };
    return { text: first.text + between[0] + rest.text, known: true };
  };

  /** @param {string} text with or without white space around it @returns {Answer} */
  const answer = (text) => {
    if (!WORD.test(text) || NAME.test(text)) return { text, known: true };
    const before = kept.get(text);
    if (before) return before;
    const [, start, middle, end] = /** @type {RegExpExecArray} */ (/^(\s*)(.*?)(\s*)$/su.exec(text));
    const { text: translation, known } = look(middle.replace(/\s+/gu, " "));
    const whole = { text: known ? start + translation + end : text, known };
    if (kept.size > MOST_KEPT) kept.clear();
    kept.set(text, whole);
    // What was translated may come back, in an element that is put elsewhere.
    if (known && !kept.has(whole.text)) kept.set(whole.text, { text: whole.text, known: true });
    return whole;
  };
  return answer;
}
