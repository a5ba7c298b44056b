// The board: cards are moved by mouse, by touch (held for a moment) and by Shift and an arrow; what others move, moves.
const board = () => document.querySelector("#board");
const told = document.querySelector("[data-told]");
const search = document.querySelector("[data-search]");
let held = null;
let stale = false;
let timer;
let dropped = -1;

function put(html, focused = document.activeElement?.closest("[data-card]")?.dataset.card) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.querySelector("#board");
  if (!fresh) return location.reload();
  const across = board().scrollLeft;
  board().replaceWith(fresh);
  fresh.scrollLeft = across;
  fresh.dispatchEvent(new Event("replaced", { bubbles: true }));
  if (focused) fresh.querySelector(`[data-card="${focused}"] a`)?.focus();
}

async function load(address, options = {}, focused = undefined) {
  try {
    const answer = await fetch(address, options);
    if (!answer.ok) return location.reload();
    put(await answer.text(), focused);
    lost(false);
  } catch {
    lost(true);
  }
}

function lost(is) {
  const note = document.querySelector(".lost");
  if (!is) return note?.remove();
  if (note) return;
  const fresh = document.createElement("p");
  fresh.className = "problem lost";
  fresh.setAttribute("role", "alert");
  fresh.textContent = "The server can't be reached. What you see may be old.";
  board().before(fresh);
}

function refresh() {
  stale = Boolean(held);
  if (!stale) load(location.href);
}

async function move(card, lane) {
  const { move: address, csrf } = board().dataset;
  if (!lane || card.closest("[data-lane]") === lane) return;
  lane.querySelector("ol").prepend(card);
  const id = card.dataset.card;
  const name = card.querySelector("a").textContent;
  const body = new URLSearchParams({ csrf, status: lane.dataset.lane });
  await load(`${address}/${id}${location.search}`, { method: "POST", body }, id);
  told.textContent = `${name}: ${lane.querySelector(".status").textContent}`;
}

function laneAt(event) {
  return document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-lane]");
}

function begin() {
  held.moving = true;
  held.card.classList.add("moving");
  held.card.setPointerCapture(held.pointer);
}

function release() {
  if (!held) return;
  clearTimeout(held.wait);
  held.card.classList.remove("moving");
  held.card.style.transform = "";
  for (const lane of document.querySelectorAll(".over")) lane.classList.remove("over");
  held = null;
  if (stale) refresh();
}

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card || event.button || !board().dataset.move) return;
  held = { card, pointer: event.pointerId, x: event.clientX, y: event.clientY, moving: false };
  if (event.pointerType !== "mouse") held.wait = setTimeout(begin, 250);
});
document.addEventListener("pointermove", (event) => {
  if (!held || event.pointerId !== held.pointer) return;
  const [x, y] = [event.clientX - held.x, event.clientY - held.y];
  if (!held.moving && Math.hypot(x, y) > 6) {
    if (event.pointerType !== "mouse") return release(); // it scrolls
    begin();
  }
  if (!held.moving) return;
  held.card.style.transform = `translate(${x}px, ${y}px)`;
  const over = laneAt(event);
  for (const lane of document.querySelectorAll("[data-lane]")) lane.classList.toggle("over", lane === over);
});
document.addEventListener("pointerup", (event) => {
  if (!held?.moving) return release();
  const { card } = held;
  const lane = laneAt(event);
  dropped = event.timeStamp;
  release();
  move(card, lane);
});
document.addEventListener("pointercancel", release);
document.addEventListener("click", (event) => event.timeStamp - dropped < 50 && event.preventDefault(), true);
document.addEventListener("touchmove", (event) => held?.moving && event.preventDefault(), { passive: false });
document.addEventListener("dragstart", (event) => event.target.closest?.("[data-card]") && event.preventDefault());
document.addEventListener("keydown", (event) => {
  const step = event.shiftKey && { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const card = event.target.closest?.("[data-card]");
  if (!step || !card || !board().dataset.move) return;
  event.preventDefault();
  const lanes = [...document.querySelectorAll("[data-lane]")];
  move(card, lanes[lanes.indexOf(card.closest("[data-lane]")) + step]);
});
search.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    history.replaceState({}, "", search.value ? `?${new URLSearchParams({ search: search.value })}` : location.pathname);
    load(location.href);
  }, 120);
});

const changes = new EventSource(board().dataset.live);
changes.addEventListener("message", refresh);
changes.addEventListener("error", () => lost(true));
changes.addEventListener("open", () => document.querySelector(".lost") && refresh());
