// A long file to Python in parts: each is sent when Python asks for it (see file_upload.py).
import { uniqueId } from "../toolkit/base.js";

/** @typedef {import("../toolkit/base.js").Model} Model */

const PATIENCE_MS = 60_000;

export class FileUpload {
  /**
   * @param {Model} model with `pace`: bytes at once and bytes a second to keep below; [] for any
   * @param {(message: string) => void} failed
   * @param {AbortSignal} signal
   */
  constructor(model, failed, signal) {
    this.model = model;
    this.failed = failed;
    this.id = "";
    this.timer = 0;
    this.left = Infinity; // bytes that may be sent at once
    this.then = 0;
    /** @type {File | null} */
    this.file = null;
    /** @param {any} content */
    const received = (content) => {
      if (!this.id || content.id !== this.id) return;
      if (content.kind === "next") this.sendPart(content.offset, content.bytes);
      else if (content.kind === "refused") this.stop();
    };
    model.on("msg:custom", received);
    signal.addEventListener("abort", () => {
      this.stop();
      model.off("msg:custom", received);
    });
  }

  /** @param {File} file */
  start(file) {
    this.stop();
    this.id = uniqueId();
    this.file = file;
    [this.left, this.then] = [this.model.get("pace")[0] ?? Infinity, performance.now()];
    this.model.send({ kind: "begin", id: this.id, filename: file.name, size: file.size });
    this.wait();
  }

  /** @param {number} offset @param {number} most bytes */
  async sendPart(offset, most) {
    const { id, file } = this;
    if (!file || offset >= file.size) return;
    try {
      const bytes = await file.slice(offset, offset + most).arrayBuffer();
      await this.keepPace(bytes.byteLength);
      if (this.id !== id) return;
      this.model.send({ kind: "part", id, offset }, undefined, [bytes]);
      if (offset + bytes.byteLength < file.size) this.wait();
      else this.stop();
    } catch {
      if (this.id !== id) return;
      this.stop();
      this.failed(`${file.name} cannot be read by this browser any more. Choose it again.`);
    }
  }

  /** Wait until so many bytes may be sent: a server closes the line of a page that sends too much. */
  async keepPace(/** @type {number} */ bytes) {
    const [most, rate] = this.model.get("pace");
    if (!rate) return;
    const now = performance.now();
    this.left = Math.min(most, this.left + ((now - this.then) * rate) / 1000);
    this.then = now;
    this.left -= bytes;
    if (this.left < 0) await new Promise((go) => window.setTimeout(go, (-this.left / rate) * 1000));
  }

  wait() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const name = this.file?.name;
      this.stop();
      this.failed(`No answer came for ${name} within a minute. Is the kernel still there?`);
    }, PATIENCE_MS);
  }

  /** Send no more of it. */
  stop() {
    window.clearTimeout(this.timer);
    this.id = "";
    this.file = null;
  }
}
