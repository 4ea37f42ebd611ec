// A picture from the camera: a live view with a button, or the phone's own camera dialogue.
import { h, listen } from "../toolkit/base.js";
import { pen } from "../toolkit/pixels.js";

/**
 * A button that takes a picture.
 * @param {(file: File) => void} take
 * @param {(message: string) => void} fail
 * @param {AbortSignal} signal
 * @returns {{ button: HTMLElement, view: HTMLElement }} the button, and what it opens
 */
export function camera(take, fail, signal) {
  const input = h("input", { type: "file", accept: "image/*", capture: "environment" });
  const video = h("video", { playsinline: true, muted: true, "aria-label": "What the camera sees" });
  const shoot = h("button", { type: "button" }, "Take the picture");
  const end = h("button", { type: "button" }, "Close the camera");
  const view = h(
    "div",
    { class: "cnnvis-camera", hidden: true },
    video,
    h("div", { class: "cnnvis-line" }, shoot, end),
  );
  const button = h("button", { type: "button", class: "cnnvis-upload" }, "Camera…");
  /** @type {MediaStream | null} */
  let stream = null;
  const close = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    view.hidden = true;
  };
  listen(signal, button, "click", async () => {
    if (stream) return close();
    // Browsers give a camera only to pages of this computer and over HTTPS.
    if (!navigator.mediaDevices?.getUserMedia) return input.click();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (signal.aborted) return close();
      video.srcObject = stream;
      view.hidden = false;
      await video.play();
      shoot.focus();
      view.scrollIntoView({ block: "nearest" });
    } catch (error) {
      close();
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      fail(
        denied
          ? "The browser does not let this page use the camera. Allow it beside the address, and try again."
          : "There is no camera that this browser can use. Upload a picture, drop one here, or paste it.",
      );
    }
  });
  listen(signal, shoot, "click", async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    if (!canvas.width) return fail("The camera has not shown a picture yet; wait a moment.");
    pen(canvas).drawImage(video, 0, 0);
    /** @type {Blob | null} */
    const blob = await new Promise((got) => canvas.toBlob(got, "image/png"));
    close();
    button.focus();
    if (blob) take(new File([blob], "camera.png", { type: "image/png" }));
  });
  listen(signal, end, "click", () => {
    close();
    button.focus();
  });
  listen(signal, input, "change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) take(file);
  });
  signal.addEventListener("abort", close);
  return { button, view };
}
