// Links between the notebooks of the course.

/**
 * The address of a notebook of the course, seen from this page. In JupyterLab the page's own address
 * says where the notebook that it shows is.
 * @param {string} file perhaps with #anchor
 */
export function notebookUrl(file) {
  const [, start, path] = location.pathname.match(/^(.*?\/lab)\/(?:.*?\/)?tree\/(.*)$/) ?? [];
  return start ? `${start}/tree/${path.replace(/[^/]*$/, "")}${file}` : file;
}
