// Times in the reader's own time zone and words; the server writes UTC.
const format = (timeStyle) => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle });
const minutes = format("short");
const seconds = format("medium");

export function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    time.title = time.textContent;
    time.textContent = ("seconds" in time.dataset ? seconds : minutes).format(new Date(time.dateTime));
  }
}

localize(document);
document.addEventListener("replaced", (event) => localize(event.target));
