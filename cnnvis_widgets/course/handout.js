// A page of a handout holds all of its text: its type is made smaller until it does.

const STEP = 0.25; // points
const LEAST = 6;
const POINTS_PER_PIXEL = 0.75;

/**
 * Whether nothing goes beyond a page's lower edge, or into its right margin.
 * @param {HTMLElement} page
 */
const fits = (page) =>
  page.scrollHeight <= page.clientHeight &&
  [page, ...page.children].every((part) => part.scrollWidth <= part.clientWidth + 1);

for (const page of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".page"))) {
  let size = parseFloat(getComputedStyle(page).fontSize) * POINTS_PER_PIXEL;
  while (!fits(page) && size - STEP >= LEAST) {
    size -= STEP;
    page.style.fontSize = `${size}pt`;
  }
  if (!fits(page)) document.title += " (too long)";
}
