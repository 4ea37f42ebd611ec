// On a telephone, what is not a way to another lesson is in a menu. It opens before the page is whole.
(() => {
  const menu = document.querySelector(".cnnvis-menu");
  const open = () => menu.getAttribute("aria-expanded") === "true";
  const show = (opened) => menu.setAttribute("aria-expanded", String(opened));
  menu.addEventListener("click", () => show(!open()));
  addEventListener("keydown", (event) => {
    // The first Escape closes what is open within it.
    if (event.key !== "Escape" || !open() || document.querySelector(".cnnvis-lab-how")?.open) return;
    show(false);
    menu.focus();
  });
  addEventListener("click", (event) => {
    if (!event.target.closest?.(".cnnvis-menu, .cnnvis-menu-parts")) show(false);
  });
})();
