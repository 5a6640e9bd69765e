// The board's clocks, its sound, and what stays open when it is fetched again.

import { chime } from "./chime.js";

const REPEAT_MS = 3000;
const board = document.getElementById("tickets");
const soundButton = document.getElementById("sound");
const SKEW_MS = 3000; // less is the network's, or the second that a moment is rounded to
const age = performance.now() - (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0); // of the page
// A tablet's own clock is not to be trusted: what it is wrong by is seen when the page comes, and as tickets do.
let skew = Number(board.dataset.now) * 1000 - (Date.now() - age);
const announce = document.getElementById("announce");
let audio = null;
let known = new Set(tickets().map((ticket) => ticket.dataset.ticket));
let unheard = new Set(); // tickets that ring until the board is touched

function tickets() {
  return [...document.querySelectorAll("[data-ticket]")];
}

function clocks() {
  const now = (Date.now() + (Math.abs(skew) > SKEW_MS ? skew : 0)) / 1000;
  for (const ticket of tickets()) {
    const seconds = Math.max(0, Math.floor(now - Number(ticket.dataset.since)));
    const age = now > Number(ticket.dataset.late) ? "late" : now > Number(ticket.dataset.soon) ? "soon" : "";
    ticket.querySelector(".timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    ticket.dataset.age = age;
    const word = ticket.querySelector(".age");
    const text = age ? word.dataset[age] : "";
    if (word.textContent !== text) word.textContent = text;
  }
}

function ring() {
  if (!unheard.size || audio?.state !== "running") return;
  chime(audio);
  document.documentElement.dataset.rings = String(Number(document.documentElement.dataset.rings ?? 0) + 1);
}

// Tells the server which tickets this screen shows: one that no screen shows rings at the counter.
const told = new Set();
async function tell() {
  const fresh = [...document.querySelectorAll("[data-unreceived]")].map((ticket) => ticket.dataset.unreceived)
    .filter((number) => !told.has(number));
  if (!fresh.length || document.hidden) return;
  const form = document.getElementById("received");
  const body = new URLSearchParams(new FormData(form));
  body.set("numbers", fresh.join(","));
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (date) skew = date - Date.now();
    if (answer.ok) for (const number of fresh) told.add(number);
  } catch {
    // the network is away: the next second tells it
  }
}

function noticed() {
  const here = tickets();
  const fresh = here.filter((ticket) => !known.has(ticket.dataset.ticket) && !ticket.classList.contains("preparing"));
  const arrived = here.some((ticket) => !known.has(ticket.dataset.ticket) && ticket.hasAttribute("data-arrives"));
  known = new Set(here.map((ticket) => ticket.dataset.ticket));
  unheard = new Set([...unheard].filter((key) => known.has(key)));
  if (arrived && audio?.state === "running") chime(audio); // once: it was rung for when it came to the kitchen
  if (fresh.length) {
    for (const ticket of fresh) unheard.add(ticket.dataset.ticket);
    announce.textContent = `${announce.dataset.one} ${fresh.map((ticket) => ticket.querySelector(".name").textContent).join(", ")}`;
    ring();
  }
  clocks();
}

// What the cook opened stays open through a refresh.
const opened = new Set();
board.addEventListener("toggle", (event) => {
  if (event.target.open) opened.add(event.target.id);
  else if (event.target.isConnected) opened.delete(event.target.id);
}, true);
function reopen() {
  for (const id of opened) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
}

function unlock() {
  audio ??= new AudioContext();
  audio.resume().then(() => { soundButton.hidden = audio.state === "running"; });
}

soundButton.hidden = false;
soundButton.addEventListener("click", unlock);
document.addEventListener("pointerdown", () => {
  unheard.clear();
  if (audio?.state !== "running") unlock();
});
board.addEventListener("live:updated", () => { reopen(); noticed(); });
document.addEventListener("htmx:afterSettle", (event) => { if (event.target === board) { reopen(); noticed(); } });
const stayAwake = () => document.hidden || navigator.wakeLock?.request("screen").catch(() => {});
stayAwake();
document.addEventListener("visibilitychange", stayAwake); // the lock is lost each time the screen is hidden
const wholeScreen = document.getElementById("whole-screen");
if (document.fullscreenEnabled) {
  wholeScreen.hidden = false;
  wholeScreen.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  });
}
clocks();
setInterval(clocks, 1000);
tell();
setInterval(tell, 1000);
setInterval(ring, REPEAT_MS);
