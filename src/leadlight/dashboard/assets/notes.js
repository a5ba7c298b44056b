// Notes: Ctrl and Enter stores one, and what was typed is not lost by going elsewhere.
const forms = [...document.querySelectorAll("[data-note]")];
const typed = (form) => form.elements.text.value !== form.elements.text.defaultValue;
let sent = null;

for (const form of forms) {
  form.addEventListener("submit", () => (sent = form));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

addEventListener("beforeunload", (event) => {
  if (forms.some((form) => form !== sent && typed(form))) event.preventDefault();
});
