// Sets light or dark before the first paint, so that a dark page does not flash white.
// A file of its own because the Content-Security-Policy forbids inline scripts.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("mantine-color-scheme-value");
  } catch (e) {
    /* storage may be forbidden; the system's preference then decides */
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
