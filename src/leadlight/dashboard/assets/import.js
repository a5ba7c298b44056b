// An import: the file is sent while one sees how far it is, and what goes on is shown as it goes on.
const live = () => document.querySelector("[data-live]");
let sending;

function put(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const part = live() && page.querySelector("[data-live]") ? "#import" : "#main";
  for (const without of page.querySelectorAll("noscript")) without.remove();
  const fresh = page.querySelector(part);
  if (!fresh) return location.reload();
  document.title = page.title;
  document.querySelector(part).replaceWith(fresh);
  if (part === "#main") fresh.focus();
  else tell(fresh.querySelector("h2"));
  fresh.dispatchEvent(new Event("replaced", { bubbles: true }));
  prepare();
}

function tell(heading) {
  const told = document.querySelector("[data-told]");
  if (told && told.textContent !== heading.textContent) told.textContent = heading.textContent;
}

async function watch() {
  try {
    const answer = await fetch(location.href);
    if (answer.status >= 500) throw answer;
    if (answer.redirected || !answer.ok) return location.reload();
    put(await answer.text());
  } catch {
    live().querySelector("h2, [role=status]").textContent = "The server can't be reached. What you see may be old.";
  }
  if (live()) setTimeout(watch, 400);
}

function send(form) {
  if (sending) return;
  const [bar, told] = [form.querySelector("progress"), form.querySelector("[data-told]")];
  sending = new XMLHttpRequest();
  sending.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = loaded / total;
    told.textContent = `${Math.floor((100 * loaded) / total)} % of ${(total / 1e6).toFixed(1)} MB sent`;
  });
  const end = (then) => () => {
    const done = sending;
    sending = undefined;
    then(done);
  };
  sending.addEventListener("load", end((done) => (done.status < 400 ? location.assign(done.responseURL) : put(done.responseText))));
  sending.addEventListener("error", end(() => {
    bar.hidden = true;
    told.textContent = "The server can't be reached, or has broken it off: send the file again.";
  }));
  sending.open("POST", form.action);
  sending.send(new FormData(form));
  bar.hidden = false;
}

function over(event) {
  const form = event.target.closest?.("[data-upload]");
  document.querySelector("[data-upload]")?.classList.toggle("over", Boolean(form) && event.type === "dragover");
  if (!form) return;
  event.preventDefault();
  if (event.type !== "drop" || sending || !event.dataTransfer.files.length) return;
  form.querySelector("[type=file]").files = event.dataTransfer.files;
  send(form);
}

function prepare() {
  for (const hint of document.querySelectorAll("[data-drop]")) hint.hidden = false;
  for (const button of document.querySelectorAll("[data-preset] button")) button.hidden = true;
}

for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, over);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-upload]")) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("change", (event) => event.target.closest("[data-preset]")?.requestSubmit());
prepare();
if (live()) setTimeout(watch, 300);
