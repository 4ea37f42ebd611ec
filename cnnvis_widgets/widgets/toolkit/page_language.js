// The page's language, where a component itself has to know of it: to sort, to search, to draw on a
// canvas. All other text is translated in place (serving/…/translate.js).

/** @returns {{language: string, translate: (text: string) => string} | undefined} */
const ofPage = () => /** @type {any} */ (globalThis).cnnvisLanguage;

/** The language that the page is translated into; "en" where it is not. */
export const pageLanguage = () => ofPage()?.language ?? "en";

/** @param {string} text in English @returns {string} in the page's language */
export const inPageLanguage = (text) => ofPage()?.translate(text) ?? text;
