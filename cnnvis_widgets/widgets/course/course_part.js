/** What the course's pages keep in this browser: which lessons are done, and the last one opened. */
export function keptOfCourse() {
  try {
    return { done: [], last: "", ...JSON.parse(localStorage.getItem("cnnvis-course") ?? "{}") };
  } catch {
    return { done: [], last: "" }; // a browser that keeps nothing
  }
}
