// Files that Python sent, as addresses for pictures.

/** Addresses that hold memory until they are given back. */
export class ObjectUrls {
  /** @param {AbortSignal} signal gives all of them back */
  constructor(signal) {
    /** @type {string[]} */
    this.all = [];
    signal.addEventListener("abort", () => this.clear());
  }

  /**
   * @param {DataView<ArrayBuffer>} file
   * @param {string} type as "image/png"
   */
  of(file, type) {
    const url = URL.createObjectURL(new Blob([file], { type }));
    this.all.push(url);
    return url;
  }

  /** What was shown before is not shown any more. */
  clear() {
    for (const url of this.all) URL.revokeObjectURL(url);
    this.all = [];
  }
}
