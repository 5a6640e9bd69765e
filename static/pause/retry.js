// The page of nginx while the site restarts: as soon as the site answers, the visitor is where they were.
const sent = "sent" in document.body.dataset;
const answers = async () => (await fetch("/sante/", { cache: "no-store" })).ok;

setInterval(async () => {
  if (!(await answers().catch(() => false))) return;
  if (sent) history.back();  // to the form, as the visitor filled it
  else location.reload();
}, 2000);
