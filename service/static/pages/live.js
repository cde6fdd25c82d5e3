// A changed control asks again by itself: the same address a form would open, its answer put in place.
"use strict";
const read = async (address) => {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  return [new DOMParser().parseFromString(await response.text(), "text/html"), response.ok];
};
const fill = async (root) => {
  for (const empty of root.querySelectorAll("[data-fragment]")) {
    try {
      const [page, ok] = await read(empty.dataset.fragment);
      const part = ok && page.getElementById(empty.id);
      if (part && empty.isConnected) empty.replaceWith(document.adoptNode(part));
    } catch { /* the link that stands there leads to the same */ }
  }
};
const markChanges = (before, after) => {
  const old = before.querySelectorAll("h1, [data-mark]");
  after.querySelectorAll("h1, [data-mark]").forEach((one, i) => {
    if (old[i] && old[i].textContent !== one.textContent) one.classList.add("new");
  });
};
const keepFragments = (before, after) => {
  // What is drawn stays until the new one is there, so that nothing jumps while a slider moves.
  for (const empty of after.querySelectorAll("[data-fragment]")) {
    const drawn = before.querySelector(`#${empty.id}`);
    if (!drawn) continue;
    const stays = drawn.cloneNode(true);
    stays.dataset.fragment = empty.dataset.fragment;
    empty.replaceWith(stays);
  }
};
fill(document);
const form = document.querySelector("form[data-live]");
if (form) {
  const QUIET_MS = 500, DRAG_MS = 120;
  const field = (name) => form.elements[name];
  let waiting, filling, asked = 0, dragged = 0;
  document.body.classList.add("live");
  const follow = (page) => {
    for (const input of form.querySelectorAll("input, select")) {
      const other = page.getElementById(input.id);
      if (!other) continue;
      input.toggleAttribute("aria-invalid", other.hasAttribute("aria-invalid"));
      if (input.placeholder !== undefined && other.placeholder) input.placeholder = other.placeholder;
    }
    const here = document.getElementById("sliders"), there = page.getElementById("sliders");
    if (!there.children.length || here.contains(document.activeElement)) return;
    here.replaceWith(document.adoptNode(there));
  };
  const ask = async () => {
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) said.append(name, value);
    const address = `${form.getAttribute("action")}?${said}`, mine = ++asked;
    const place = document.getElementById("answer");
    place.setAttribute("aria-busy", "true");
    clearTimeout(filling);
    try {
      const [page] = await read(address);
      const fresh = page.getElementById("answer");
      if (mine !== asked || !fresh) return;
      const now = document.getElementById("answer");
      markChanges(now, fresh);
      keepFragments(now, fresh);
      now.replaceWith(document.adoptNode(fresh));
      filling = setTimeout(() => fill(fresh), QUIET_MS);
      follow(page);
      document.title = page.title;
      document.querySelector("header nav").replaceWith(document.adoptNode(page.querySelector("header nav")));
      history.replaceState(null, "", address);
    } catch {
      form.submit();
    } finally {
      document.getElementById("answer").removeAttribute("aria-busy");
    }
  };
  const say = (name, value) => { if (field(name)) field(name).value = value; };
  const sliderOf = (event) => event.target.closest("[data-slider]");
  form.addEventListener("change", () => { clearTimeout(waiting); waiting = setTimeout(ask, 0); });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  document.addEventListener("input", (event) => {
    const slider = sliderOf(event);
    if (!slider) return;
    const shown = slider.querySelector("output");
    const number = new Intl.NumberFormat(document.documentElement.lang).format(event.target.value);
    shown.textContent = `${number} ${shown.dataset.unit}`;
    say(slider.dataset.slider, event.target.value);
    clearTimeout(waiting);
    waiting = setTimeout(ask, Math.max(0, dragged + DRAG_MS - Date.now()));
    dragged = Date.now();
  });
  document.addEventListener("submit", (event) => {
    const slider = sliderOf(event);
    if (!slider) return;
    event.preventDefault();
    const name = slider.dataset.slider, chosen = event.submitter?.name ? event.submitter.value : slider.elements[name].value;
    say(name, chosen);
    document.activeElement.blur();
    ask();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-focus]");
    const control = link && document.querySelector(link.getAttribute("href"));
    if (!control) return;
    event.preventDefault();
    control.closest("details")?.setAttribute("open", "");
    control.focus();
    control.select?.();
  });
}
