// Brings charts and tables to life. Both are complete without this script: a chart is a picture, a table has its rows.
// The libraries are large, so each is fetched once, when the first thing that needs it comes near the window.
(() => {
  const page = document.documentElement;
  const vendor = (page.dataset.content_root || "./") + "_static/vendor/";
  const fetched = {};
  const fetchOnce = (tag, attributes) =>
    (fetched[attributes.src || attributes.href] ||= new Promise((done, failed) => {
      const element = Object.assign(document.createElement(tag), attributes, { onload: done, onerror: failed });
      document.head.append(element);
    }));
  const dark = () => page.dataset.theme === "dark";

  async function drawChart(box) {
    await fetchOnce("script", { src: vendor + "vega.js" });
    const spec = JSON.parse(box.querySelector("script").textContent);
    const canvas = box.querySelector(".bk-canvas") || Object.assign(document.createElement("div"), { className: "bk-canvas" });
    canvas.setAttribute("role", "figure");
    canvas.setAttribute("aria-label", box.dataset.label);
    box.append(canvas);
    // As wide as the column, unless the chart is made of several whose widths it must keep.
    if (typeof spec.width !== "object" && (spec.mark || spec.layer)) spec.width = "container";
    const line = getComputedStyle(page).getPropertyValue("--pst-color-border").trim();
    const axis = { gridColor: line, domainColor: line, tickColor: line, ...spec.config?.axis };
    const config = { ...spec.config, axis, background: "transparent" };
    await vegaEmbed(canvas, { ...spec, background: "transparent", config }, {
      renderer: "svg", actions: false, tooltip: { theme: dark() ? "dark" : "light" }, theme: dark() ? "dark" : undefined,
    });
    box.classList.add("bk-live");
  }

  async function enhanceTable(box) {
    fetchOnce("link", { rel: "stylesheet", href: vendor + "datatables.css" });
    await fetchOnce("script", { src: vendor + "datatables.js" });
    const options = JSON.parse(box.nextElementSibling.textContent);
    const label = box.getAttribute("aria-label");
    new bookTable(box.querySelector("table"), {
      ...options,
      classes: ["display", "compact"],
      autoWidth: false,
      language: { search: "Search", searchPlaceholder: "", lengthMenu: "Show _MENU_ rows" },
    });
    // The rows scroll sideways, not the search field above them.
    const scroll = box.querySelector(".dt-layout-table");
    for (const name of ["role", "tabindex", "aria-label"]) {
      scroll.setAttribute(name, box.getAttribute(name));
      box.removeAttribute(name);
    }
    box.querySelector("input[type=search]")?.setAttribute("aria-label", `Search: ${label}`);
    box.classList.add("bk-live");
  }

  const start = (box) =>
    (box.matches(".bk-chart") ? drawChart : enhanceTable)(box).catch((error) => console.error(error));
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      start(target);
    }
  }, { rootMargin: "300px" });
  document.querySelectorAll(".bk-chart, .bk-table").forEach((box) => near.observe(box));

  const follow = () => {
    page.classList.toggle("dark", dark()); // the class that DataTables' style sheet looks at
    document.querySelectorAll(".bk-chart.bk-live").forEach(drawChart);
  };
  follow();
  new MutationObserver(follow).observe(page, { attributes: true, attributeFilter: ["data-theme"] });
})();
