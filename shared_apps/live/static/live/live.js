// Live regions: a hint says that something changed, the page fetches the region again through its ordinary view.
//
//   <main data-live-stream="…?token=…">                       opens the one stream of the page
//   <section id="board" data-live-topic="orders" data-live-url="/cuisine/tableau/">   a region
//   <p data-live-status data-on="en direct" data-off="…">      says whether the page is live
//
//   <section data-live-every="15" …>                          a region that is also fetched each 15 s: no hint says it
//
// When the stream is cut, regions are polled and the page says so. After a region changed it gets `live:updated`.

const POLL_MS = 12000;
const SILENCE_MS = 4000; // the stream beats every 2 s; with the watch below, a cut is said within 5 s
const WATCH_MS = 500;
const etags = new WeakMap();
const busy = new WeakMap(); // region → "fetching" or "again"
const shown = new WeakMap(); // region → its HTML as it was served, before any script touched it

let source = null;
let lastId = "";
let lastWord = 0;
let up = null;

const regions = () => document.querySelectorAll("[data-live-url]");

// The form tokens are masked anew in every answer: they say nothing of the content.
const content = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
for (const region of regions()) shown.set(region, content(region.innerHTML));

// While a finger is down nothing moves: what it touches is what it gets.
const HELD_MS = 1500;
let press = null;
document.addEventListener("pointerdown", () => {
  let lift;
  press = { over: new Promise((resolve) => { lift = () => setTimeout(resolve, 50); }), lift };
  setTimeout(lift, HELD_MS);
}, true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => press?.lift(), true);
const lifted = () => press?.over;

async function refresh(region) {
  if (busy.has(region)) {
    busy.set(region, "again");
    return;
  }
  busy.set(region, "fetching");
  try {
    await fetchInto(region);
  } catch {
    // the network is away: the next hint or poll comes back here
  } finally {
    const again = busy.get(region) === "again";
    busy.delete(region);
    if (again) refresh(region);
  }
}

async function fetchInto(region) {
  const headers = { "X-Live-Region": "1" };
  if (etags.has(region)) headers["If-None-Match"] = etags.get(region);
  const answer = await fetch(region.dataset.liveUrl, { headers, redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) {
    say(document.querySelector("[data-live-status]")?.dataset.gone ?? "");
    document.dispatchEvent(new CustomEvent("live:gone"));
    return;
  }
  if (answer.status !== 200) return;
  const html = await answer.text();
  await lifted();
  etags.set(region, answer.headers.get("ETag") ?? "");
  swap(region, html);
}

function swap(region, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const fresh = content(parsed.innerHTML);
  if (shown.get(region) === fresh) return; // nothing moves under a finger for nothing
  shown.set(region, fresh);
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...region.querySelectorAll("details[id][open]")].map((details) => details.id);
  region.innerHTML = html;
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  window.htmx?.process(region);
  region.dispatchEvent(new CustomEvent("live:updated", { bubbles: true }));
}

function say(text) {
  for (const status of document.querySelectorAll("[data-live-status]")) {
    if (status.textContent !== text) status.textContent = text;
  }
}

function show(isUp) {
  if (up === isUp) return;
  up = isUp;
  document.documentElement.dataset.live = isUp ? "on" : "off";
  for (const status of document.querySelectorAll("[data-live-status]")) {
    const text = isUp ? status.dataset.on : status.dataset.off;
    if (status.textContent !== text) status.textContent = text;
  }
}

function heard(event) {
  lastWord = Date.now();
  if (event?.lastEventId) lastId = event.lastEventId;
  show(true);
}

function open(url) {
  source?.close();
  lastWord = Date.now();
  source = new EventSource(lastId ? `${url}&last=${encodeURIComponent(lastId)}` : url);
  source.addEventListener("beat", heard);
  source.addEventListener("hello", (event) => {
    heard(event);
    regions().forEach(refresh);
  });
  source.addEventListener("resync", (event) => {
    heard(event);
    regions().forEach(refresh);
  });
  source.addEventListener("hint", (event) => {
    heard(event);
    const topics = event.data.split(" ");
    for (const region of regions()) {
      if (region.dataset.liveTopic.split(" ").some((topic) => topics.includes(topic))) refresh(region);
    }
  });
  source.onerror = () => show(false); // EventSource gives up after 403 and 502: the watch below opens it again
}

const root = document.querySelector("[data-live-stream]");
if (root) {
  for (const status of document.querySelectorAll("[data-live-status]")) status.hidden = false;
  open(root.dataset.liveStream);
  setInterval(() => {
    if (Date.now() - lastWord < SILENCE_MS) return;
    show(false);
    open(root.dataset.liveStream);
  }, WATCH_MS);
  setInterval(() => {
    if (!up) regions().forEach(refresh);
  }, POLL_MS);
  for (const region of regions()) {
    if (region.dataset.liveEvery) setInterval(() => !document.hidden && refresh(region), region.dataset.liveEvery * 1000);
  }
  document.addEventListener("live:refresh", () => regions().forEach(refresh)); // a script of the page changed something
  window.addEventListener("pageshow", (event) => event.persisted && open(root.dataset.liveStream));
  document.addEventListener("visibilitychange", () => !document.hidden && regions().forEach(refresh));
  window.addEventListener("pagehide", () => source?.close());
}
