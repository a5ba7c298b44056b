// Two leads side by side: what they would become follows what is chosen.
const form = document.querySelector("[data-merge]");
const preview = form.querySelector("[data-preview]");
let asked = 0;

preview.hidden = true;
form.addEventListener("change", async () => {
  const mine = ++asked;
  const body = new URLSearchParams(new FormData(form));
  body.set("preview", "1");
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  if (mine !== asked) return;
  preview.hidden = answer?.ok;
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const cell of form.querySelectorAll("[data-result]")) {
    cell.replaceWith(page.querySelector(`[data-result="${cell.dataset.result}"]`));
  }
  form.dispatchEvent(new Event("replaced", { bubbles: true }));
});
