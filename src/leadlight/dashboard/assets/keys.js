// Keys for those who work here all day. Each does what a link or field of the page does, and nothing else.
const help = document.querySelector("#help");
const rows = () => [...document.querySelectorAll("[data-row]")];
const open = (name) => document.querySelector(`[data-${name}]`)?.click();

function move(step) {
  const all = rows();
  if (!all.length) return open(step > 0 ? "next" : "previous");
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const link = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))].querySelector("a");
  link.focus();
  link.scrollIntoView({ block: "nearest" });
}

const actions = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement.closest("[data-row]")?.querySelector("[name=id]")?.click(),
  n: () => open("new"),
  e: () => document.querySelector("[data-edit] input:not([type=hidden])")?.focus(),
  c: () => document.querySelector("[data-note] textarea")?.focus(),
  u: () => open("up"),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (event.key === "Escape" && typing && !help.open) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) return;
  event.preventDefault();
  actions[event.key]();
});

for (const button of document.querySelectorAll("[data-help]")) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
