// The outbox of a driver's phone. Each act is kept here with the moment of its tap, shown, and sent in order, once the
// network is there; the server keeps an act once, however often it is sent. What it refuses stays until it was read.

const OUTBOX = "outbox";
const REFUSED = "outbox-refused";
const RETRY_MS = 4000;
const region = document.getElementById("deliveries");
const box = document.getElementById("outbox");
const me = box.dataset.driver;
let trouble = "";
let sending = false;

const read = (key) => JSON.parse(localStorage.getItem(key) ?? "[]");
const write = (key, acts) => localStorage.setItem(key, JSON.stringify(acts));
const mine = () => read(OUTBOX).filter((act) => act.driver === me); // somebody else may have used this phone
const clock = (iso) => new Date(iso).toLocaleTimeString("fr-FR", { hour: "numeric", minute: "2-digit" }).replace(":", " h ");

region.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.act) return;
  event.preventDefault();
  const { csrfmiddlewaretoken: _masked, submission: id, ...fields } = Object.fromEntries(new FormData(form));
  if (read(OUTBOX).some((act) => act.id === id)) return; // a second tap
  const stop = form.closest("[data-stop]");
  const act = {
    id, driver: me, kind: form.dataset.act, label: form.dataset.label, number: stop?.dataset.number ?? "",
    stop: stop?.dataset.stop ?? "", round: form.closest("[data-round]").dataset.round,
    url: new URL(form.action).pathname, fields, madeAt: new Date().toISOString(),
  };
  write(OUTBOX, [...read(OUTBOX), act]);
  apply();
  show();
  region.querySelector('[data-phase="road"] .current')?.scrollIntoView({ block: "nearest" });
  nextButton()?.focus({ preventScroll: true });
  send();
});

// What is kept here is done already as far as this phone is concerned.
function apply() {
  for (const act of mine()) {
    const trip = region.querySelector(`[data-round="${act.round}"]`);
    const stop = act.stop && region.querySelector(`[data-stop="${act.stop}"]`);
    if (act.kind === "left" && trip) trip.dataset.phase = "road";
    else if (stop) stop.dataset.state = act.kind;
  }
  for (const trip of region.querySelectorAll("[data-round]")) {
    const open = [...trip.querySelectorAll("[data-stop]")].filter((stop) => ["waiting", "arrived"].includes(stop.dataset.state));
    for (const stop of trip.querySelectorAll("[data-stop]")) stop.classList.toggle("current", stop === open[0]);
    trip.hidden = !open.length;
    const left = trip.querySelector("[data-left]");
    if (mine().some((act) => act.round === trip.dataset.round)) left.textContent = `· ${left.dataset.left} ${open.length}`;
  }
}

const nextButton = () => [...region.querySelectorAll(".primary")].find((button) => button.offsetParent);

function show() {
  const waiting = trouble ? mine() : [];
  const refused = read(REFUSED).filter((act) => act.driver === me);
  box.hidden = !waiting.length && !refused.length;
  const lines = [
    ...waiting.map((act) => line(act, box.dataset.waiting)),
    ...refused.map((act) => line(act, `${box.dataset.refused} ${act.refusal}`, true)),
  ];
  box.querySelector("ul").replaceChildren(...lines);
  box.querySelector("[data-trouble]").textContent = waiting.length ? trouble : "";
}

function line(act, words, dismissed = false) {
  const item = document.createElement("li");
  item.className = dismissed ? "notice bad" : "";
  const number = act.number ? `n° ${act.number} · ` : "";
  item.textContent = `${number}${act.label} · ${clock(act.madeAt)} · ${words} `;
  if (dismissed) {
    const button = document.createElement("button");
    button.className = "button second";
    button.textContent = box.dataset.dismiss;
    button.addEventListener("click", () => {
      write(REFUSED, read(REFUSED).filter((kept) => kept.id !== act.id));
      show();
    });
    item.append(button);
  }
  return item;
}

async function send() {
  if (sending || !mine().length) return;
  sending = true;
  try {
    await (navigator.locks ? navigator.locks.request(OUTBOX, drain) : drain()); // another tab may be sending
  } finally {
    sending = false;
    show();
  }
}

async function drain() {
  let sent = 0;
  for (let act = mine()[0]; act; act = mine()[0]) {
    const refusal = await post(act);
    if (refusal === null) break;
    trouble = "";
    if (refusal) write(REFUSED, [...read(REFUSED), { ...act, refusal }]);
    write(OUTBOX, read(OUTBOX).filter((kept) => kept.id !== act.id));
    sent += 1;
  }
  if (sent) document.dispatchEvent(new Event("live:refresh"));
}

// The words of a refusal, nothing when it is done, null when it is to be sent later.
async function post(act, again = true) {
  const body = new URLSearchParams({
    ...act.fields, submission: act.id, made_at: act.madeAt, csrfmiddlewaretoken: box.querySelector("input").value,
  });
  let answer;
  try {
    answer = await fetch(act.url, { method: "POST", body, headers: { "X-Act": "1" }, redirect: "manual" });
  } catch {
    trouble = box.dataset.offline;
    return null;
  }
  if (answer.status === 403 && again && (await freshToken())) return post(act, false);
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    trouble = box.dataset.signedOut;
    return null;
  }
  if (answer.status !== 200 && answer.status !== 409) {
    trouble = box.dataset.offline;
    return null;
  }
  return (await answer.json()).refused;
}

// A page kept for long has a form token of before the last login.
async function freshToken() {
  const answer = await fetch(location.pathname, { redirect: "manual", cache: "no-store" }).catch(() => null);
  const found = answer?.ok && /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await answer.text());
  if (found) box.querySelector("input").value = found[1];
  return Boolean(found);
}

// The change of what was given, for sums that are not on the list.
region.addEventListener("input", (event) => {
  const given = event.target.form?.querySelector("[data-due]");
  if (!given) return;
  const [handed, tip] = [given.value, given.form.elements.tip.value || "0"].map((text) => Math.round(parseFloat(text.replace(",", ".")) * 100));
  const cents = handed - tip - Number(given.dataset.due);
  const euros = (Math.abs(cents) / 100).toLocaleString("fr-FR", { style: "currency", currency: "EUR" });
  const words = Number.isNaN(cents) ? "" : `${cents < 0 ? given.dataset.missing : given.dataset.back} ${euros}`;
  given.closest("form").querySelector("output").textContent = words;
});

region.addEventListener("live:updated", apply);
window.addEventListener("online", send);
window.addEventListener("offline", () => { trouble = box.dataset.offline; show(); });
document.addEventListener("visibilitychange", () => !document.hidden && send());
setInterval(send, RETRY_MS);
if (mine().length) trouble = box.dataset.offline;
apply();
show();
send();

// Without network the page comes from the last time it was there; nothing of it stays once somebody signs out.
const CACHE = "deliveries";
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(box.dataset.worker).then(() => navigator.serviceWorker.ready).then(async () => {
    const parts = [...document.querySelectorAll("script[src], link[href]")].map((part) => part.src || part.href);
    await (await caches.open(CACHE)).addAll([location.pathname, region.dataset.liveUrl, ...parts]);
    document.documentElement.dataset.kept = "yes";
  }).catch(() => {}); // a browser that keeps nothing still keeps the outbox
}
document.addEventListener("submit", (event) => {
  if (event.target.action?.endsWith(box.dataset.signOut)) caches.delete(CACHE);
});
if (!navigator.onLine) document.dispatchEvent(new Event("live:refresh"));
