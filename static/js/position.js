// Where the phone is, while a round is on the road and the driver agreed; at most each ten seconds, never kept here.

const EVERY_MS = 10000;
const region = document.getElementById("deliveries");
const consent = document.getElementById("position");
let watch = null;
let here = null;
let sentAt = 0;

function follow() {
  const trip = region.querySelector('[data-phase="road"]:not([hidden])');
  const wanted = Boolean(trip) && consent?.dataset.shares === "yes" && "geolocation" in navigator;
  if (wanted && watch === null) {
    const moved = ({ coords }) => { here = coords; tell(); };
    watch = navigator.geolocation.watchPosition(moved, () => {}, { enableHighAccuracy: true, maximumAge: EVERY_MS });
  } else if (!wanted && watch !== null) {
    navigator.geolocation.clearWatch(watch);
    watch = here = null;
  }
}

// Also while standing still: what was said of long ago is shown to nobody.
async function tell() {
  if (!here || Date.now() - sentAt < EVERY_MS) return;
  sentAt = Date.now();
  const body = new URLSearchParams({
    latitude: here.latitude, longitude: here.longitude,
    csrfmiddlewaretoken: consent.querySelector('[name="csrfmiddlewaretoken"]').value,
  });
  try {
    await fetch(consent.dataset.url, { method: "POST", body, redirect: "manual" });
  } catch {
    // without network there is nothing to say: the next position will be truer than this one
  }
}

new MutationObserver(follow).observe(region, { attributes: true, childList: true, subtree: true, attributeFilter: ["data-phase", "hidden"] });
setInterval(tell, EVERY_MS);
follow();
