"use strict";
(() => {
  const form = document.getElementById("filters");
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    if (target.hidden) { form.reset(); filter(); }
    target.scrollIntoView();
  };
  const articles = [...document.querySelectorAll("article")];
  const texts = new Map();
  const textOf = a => {
    if (!texts.has(a)) texts.set(a, a.textContent.toLowerCase());
    return texts.get(a);
  };
  function filter() {
    const data = new FormData(form);
    const severities = data.getAll("severity"), words = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const a of articles) {
      const d = a.dataset;
      const passes = severities.includes(d.severity) && (!data.get("rule") || data.get("rule") === d.rule) &&
        (!data.get("unit") || data.get("unit") === d.unit) && words.every(w => textOf(a).includes(w));
      a.hidden = !passes;
      if (passes) shown++;
    }
    const all = shown === articles.length;
    for (const u of document.querySelectorAll(".unit")) u.hidden = !u.querySelector("article:not([hidden])");
    for (const u of document.querySelectorAll(".sound")) u.hidden = !all;
    document.getElementById("none").hidden = shown > 0;
    document.getElementById("shown").textContent = all ? "" : `${shown} of ${articles.length} findings`;
  }
  const step = by => {
    const shown = articles.filter(a => !a.hidden);
    const at = shown.findIndex(a => a === document.activeElement || a.contains(document.activeElement));
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  addEventListener("hashchange", open);
  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", e => e.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    addEventListener("keydown", e => {
      if (e.key === "Escape") { form.reset(); document.activeElement.blur(); return; }
      if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "checkbox") return;
      if (e.key === "/") { e.preventDefault(); form.elements.text.focus(); }
      if (e.key === "j") step(1);
      if (e.key === "k") step(-1);
    });
    filter();
  }
  open();
})();
