// Small help for keyboards and paper; every page works without it.
(() => {
  // A long line of code scrolls inside its block: let the keyboard reach the block, and only where there is something to scroll.
  const reachable = () =>
    document.querySelectorAll(".highlight pre, .bk-scroll, .bk-table:not(.bk-live), mjx-container[display=true]").forEach((box) => {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) box.tabIndex = 0;
      else if (box.tabIndex === 0 && !box.matches(".bk-table")) box.removeAttribute("tabindex");
    });
  reachable();
  addEventListener("resize", reachable, { passive: true });
  // On paper nothing can be opened: print hints and solutions as they were left, but show collapsed code.
  const collapsed = "details.hide:not([open]), details.toggle-details:not([open])";
  addEventListener("beforeprint", () => document.querySelectorAll(collapsed).forEach((d) => { d.open = true; d.dataset.printed = ""; }));
  addEventListener("afterprint", () => document.querySelectorAll("[data-printed]").forEach((d) => { d.open = false; delete d.dataset.printed; }));
})();
