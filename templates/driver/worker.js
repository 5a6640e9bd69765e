// Keeps the driver's page for when there is no network: the last page and list that came, and what they are made of.

const CACHE = "deliveries";
const PAGES = ["{% url 'driver:deliveries' %}", "{% url 'driver:deliveries_list' %}"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (PAGES.includes(pathname)) event.respondWith(page(event.request, pathname));
  else if (pathname.startsWith("{% static '' %}")) event.respondWith(part(event.request));
});

async function page(request, pathname) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.status === 200) await cache.put(pathname, answer.clone());
    if (answer.type === "opaqueredirect" || answer.status === 403) await caches.delete(CACHE); // signed out
    return answer;
  } catch {
    return (await cache.match(pathname)) ?? Response.error();
  }
}

async function part(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request)) ?? Response.error();
  }
}
