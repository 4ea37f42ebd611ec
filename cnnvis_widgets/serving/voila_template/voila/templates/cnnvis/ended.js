// Says why a page's kernel was ended. The server closes the line with a code of ours, and the reason
// in words (see kernel_watch.py); JupyterLab itself would only try to connect again.
(() => {
  const OURS = [4001, 1008];
  const Plain = window.WebSocket;

  /** @param {string} text */
  const say = (text) => {
    if (document.getElementById("cnnvis-ended")) return;
    const line = document.createElement("div");
    line.id = "cnnvis-ended";
    line.setAttribute("role", "alert");
    line.style.cssText =
      "position: fixed; inset: 0 0 auto 0; z-index: 10000; padding: 0.7em 1em; font: 1em/1.4 system-ui;" +
      "background: #fff3cd; color: #4d3800; border-bottom: 1px solid #b08900;";
    line.textContent = `${text} Load the page again to go on.`;
    document.body.prepend(line);
  };

  if (!navigator.cookieEnabled) {
    addEventListener("DOMContentLoaded", () =>
      say("This page needs cookies: by one of them the server knows whose page it is. Allow them."),
    );
  }

  window.WebSocket = class extends Plain {
    /** @param {string | URL} url @param {string | string[]} [protocols] */
    constructor(url, protocols) {
      super(url, protocols ?? []);
      this.addEventListener("close", (event) => {
        if (OURS.includes(event.code) && event.reason) say(event.reason);
      });
    }
  };
})();
