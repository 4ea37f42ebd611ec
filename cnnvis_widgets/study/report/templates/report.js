// Copies a table's text; where the browser allows no copying, selects it.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.nextElementSibling;
    if (!text) return;
    getSelection()?.selectAllChildren(text);
    try {
      await navigator.clipboard.writeText(text.textContent ?? "");
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: press Ctrl+C";
    }
  });
}
