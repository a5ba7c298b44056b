// The table, without leaving it: what one types, filters and sorts is fetched as the page it would be.
const results = () => document.querySelector("#results");
const search = document.querySelector("[data-search]");
let asked = 0;
let timer;

async function show(address, { replace = false } = {}) {
  const mine = ++asked;
  results().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (answer.redirected || !answer.ok) return location.assign(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    for (const without of page.querySelectorAll("noscript")) without.remove();
    for (const kept of search.form.querySelectorAll("[type=hidden]")) kept.remove();
    search.form.prepend(...page.querySelectorAll(".search [type=hidden]"));
    results().replaceWith(page.querySelector("#results"));
    history[replace ? "replaceState" : "pushState"]({}, "", address);
    prepare();
  } catch {
    if (mine === asked) lost();
  }
}

function lost() {
  results().removeAttribute("aria-busy");
  if (results().querySelector(".lost")) return;
  const note = document.createElement("p");
  note.className = "problem lost";
  note.setAttribute("role", "alert");
  note.textContent = "The server can't be reached. What you see may be old.";
  results().prepend(note);
  addEventListener("online", () => show(location.href, { replace: true }), { once: true });
}

function address(form) {
  const wanted = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) wanted.set(name, value);
  for (const name of new Set([...form.querySelectorAll("[data-join]")].map((box) => box.dataset.join))) {
    const chosen = [...form.querySelectorAll(`[data-join=${name}]:checked`)].map((box) => box.value);
    const more = name === "columns" && form.querySelector("[data-column]").value.trim();
    if (more) chosen.push(`metadata.${more}`);
    if (chosen.length) wanted.set(name, chosen.join(","));
    else wanted.delete(name);
  }
  const key = form.querySelector("[data-key]")?.value.trim();
  if (key) wanted.set(`metadata.${key}`, form.querySelector("[data-value]").value);
  return `${form.getAttribute("action")}?${wanted}`;
}

function choose() {
  const boxes = [...results().querySelectorAll("[name=id]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const actions = results().querySelector("[data-actions]");
  if (!actions) return;
  actions.hidden = !chosen;
  actions.querySelector("[data-chosen]").textContent = `${chosen} chosen`;
  const all = results().querySelector("[data-all]");
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

function prepare() {
  const all = results().querySelector("[data-all]");
  if (all) all.hidden = false;
  choose();
  results().dispatchEvent(new Event("replaced", { bubbles: true }));
}

search.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => show(address(search.form), { replace: true }), 120);
});
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  show(address(search.form), { replace: true });
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filter], [data-columns]")) return;
  event.preventDefault();
  show(address(event.target));
});
document.addEventListener("click", (event) => {
  const link = event.target.closest(".chip, thead a, .paging a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href).then(() => link.matches(".paging a") && scrollTo(0, 0));
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of results().querySelectorAll("[name=id]")) box.checked = event.target.checked;
  }
  choose();
});
addEventListener("popstate", () => location.reload());
prepare();
