// Rings while a ticket waits for a kitchen screen; a touch of this page is heard once and lets it ring again for another.

import { chime } from "./chime.js";

const REPEAT_MS = 3000;
const region = document.getElementById("escalation");
let audio = null;
let heard = new Set();

function ring() {
  const waiting = [...region.querySelectorAll("[data-escalated]")].map((line) => line.dataset.escalated);
  heard = new Set([...heard].filter((number) => waiting.includes(number)));
  if (!waiting.some((number) => !heard.has(number))) return;
  document.documentElement.dataset.rings = String(Number(document.documentElement.dataset.rings ?? 0) + 1);
  if (audio?.state === "running") chime(audio);
}

document.addEventListener("pointerdown", () => {
  audio ??= new AudioContext();
  audio.resume();
  for (const line of region.querySelectorAll("[data-escalated]")) heard.add(line.dataset.escalated);
});
region.addEventListener("live:updated", ring);
ring();
setInterval(ring, REPEAT_MS);
