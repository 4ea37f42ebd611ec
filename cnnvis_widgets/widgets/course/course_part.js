/**
 * The address of a notebook of the course, seen from this page. In JupyterLab the page's own address
 * says where the notebook lies that it shows.
 * @param {string} file perhaps with #anchor
 */
export function notebookUrl(file) {
  const [, start, path] = location.pathname.match(/^(.*?\/lab)\/(?:.*?\/)?tree\/(.*)$/) ?? [];
  return start ? `${start}/tree/${path.replace(/[^/]*$/, "")}${file}` : file;
}

/** What the course's pages keep in this browser: which lessons are done, and the last one opened. */
export function keptOfCourse() {
  try {
    return { done: [], last: "", ...JSON.parse(localStorage.getItem("cnnvis-course") ?? "{}") };
  } catch {
    return { done: [], last: "" }; // a browser that keeps nothing
  }
}
