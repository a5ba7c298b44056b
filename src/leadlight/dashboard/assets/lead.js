// A lead's fields grow with what is in them, and warn before what was typed is lost.
const form = document.querySelector("[data-edit]");
const state = () => new URLSearchParams(new FormData(form)).toString();
const before = state();

function grow(area) {
  area.rows = Math.min(12, area.value.split("\n").length + Math.floor(area.value.length / 60));
}

for (const area of form.querySelectorAll("textarea")) grow(area);
form.addEventListener("input", (event) => event.target.matches("textarea") && grow(event.target));
form.addEventListener("submit", () => removeEventListener("beforeunload", warn));

function warn(event) {
  if (state() !== before) event.preventDefault();
}

addEventListener("beforeunload", warn);
