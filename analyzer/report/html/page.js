"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.getElementById("filters");
  const articles = all("article");
  const texts = new Map(); // of articles that were searched
  const textOf = a => {
    if (!texts.has(a)) texts.set(a, a.textContent.toLowerCase());
    return texts.get(a);
  };

  function filter() {
    const data = new FormData(form);
    const severities = data.getAll("severity"), rule = data.get("rule"), unit = data.get("unit");
    const words = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const a of articles) {
      const d = a.dataset;
      a.hidden = !severities.includes(d.severity) || rule && rule !== d.rule || unit && unit !== d.unit ||
        !words.every(w => textOf(a).includes(w));
      if (!a.hidden) shown++;
    }
    const whole = shown === articles.length;
    for (const u of all(".unit")) u.hidden = !u.querySelector("article:not([hidden])");
    for (const u of all(".sound")) u.hidden = !whole;
    document.getElementById("none").hidden = shown > 0;
    document.getElementById("shown").textContent = whole ? "" : `${shown} of ${articles.length}`;
  }

  // What a link leads to is shown, whatever the filters and however it is folded.
  function open() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    if (target.hidden) { form.reset(); filter(); }
    target.scrollIntoView();
  }

  function step(by) {
    const shown = articles.filter(a => !a.hidden);
    const at = shown.findIndex(a => a.contains(document.activeElement));
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  function key(e) {
    if (e.key === "Escape") { form.reset(); document.activeElement.blur(); return; }
    const typing = e.target.matches("select, input:not([type=checkbox])");
    if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "/") { e.preventDefault(); form.elements.text.focus(); }
    if (e.key === "j") step(1);
    if (e.key === "k") step(-1);
  }

  // A picture that is larger than its frame begins at its gravest mark.
  const pictures = new IntersectionObserver(seen => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      pictures.unobserve(target);
      const mark = all(".badge", target).pop() || target.querySelector(".dot");
      if (!mark) continue;
      target.scrollLeft = mark.cx.baseVal.value - target.clientWidth / 2;
      target.scrollTop = mark.cy.baseVal.value - target.clientHeight / 2;
    }
  });
  for (const p of all(".unit .scroll")) pictures.observe(p);
  addEventListener("hashchange", open);
  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", e => e.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    addEventListener("keydown", key);
    filter(); // browsers keep what was chosen before a reload
  }
  open();
})();
