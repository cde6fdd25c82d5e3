// A changed control asks again by itself: the same address a form would open, its answer put in place.
"use strict";
const fill = async (root) => {
  for (const empty of root.querySelectorAll("[data-fragment]")) {
    try {
      const response = await fetch(empty.dataset.fragment);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const part = response.ok && page.getElementById(empty.id);
      if (part && empty.isConnected) empty.replaceWith(document.adoptNode(part));
    } catch { /* the link that stands there leads to the same */ }
  }
};
fill(document);
const form = document.querySelector("form[data-live]");
if (form) {
  let waiting, asked = 0;
  form.classList.add("live");
  const ask = async () => {
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) said.append(name, value);
    const address = `${form.getAttribute("action")}?${said}`;
    const mine = ++asked, place = document.getElementById("answer");
    place.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("answer");
      if (mine !== asked || !fresh) return;
      const changed = fresh.querySelector("h1")?.textContent !== place.querySelector("h1")?.textContent;
      fresh.classList.toggle("new", changed);
      place.replaceWith(document.adoptNode(fresh));
      fill(fresh);
      for (const input of form.querySelectorAll("input, select")) {
        const other = page.getElementById(input.id);
        if (!other) continue;
        input.toggleAttribute("aria-invalid", other.hasAttribute("aria-invalid"));
        if (input.placeholder !== undefined && other.placeholder) input.placeholder = other.placeholder;
      }
      document.title = page.title;
      document.querySelector("header nav").replaceWith(document.adoptNode(page.querySelector("header nav")));
      history.replaceState(null, "", address);
    } catch {
      form.submit();
    } finally {
      place.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("change", () => { clearTimeout(waiting); waiting = setTimeout(ask, 60); });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
}
