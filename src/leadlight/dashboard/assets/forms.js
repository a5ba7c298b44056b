// A form's page: what is typed is previewed as the server would show it; what is to be pasted elsewhere is copied.
const form = document.querySelector("[data-preview]");
let asked = 0;
let timer;

async function preview() {
  const mine = ++asked;
  const body = new URLSearchParams([...new FormData(form), ["preview", "1"]]);
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("iframe");
    if (mine === asked && fresh) document.querySelector("iframe").replaceWith(fresh);
  } catch {
    // The server can't be reached; what is typed next asks again.
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, 200);
});

const add = document.querySelector("[data-add]");
add.hidden = false;
add.addEventListener("click", () => {
  const rows = form.querySelectorAll(".map");
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  for (const field of row.children) {
    field.value = field.matches("select") ? "metadata" : "";
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, rows.length + 1));
  }
  last.after(row);
  row.firstElementChild.focus();
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const from = document.getElementById(button.dataset.copy);
    if (from.matches("input")) from.select();
    else getSelection().selectAllChildren(from);
    // Not the newer way, which pages that are not reached over HTTPS don't have.
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
  });
}
