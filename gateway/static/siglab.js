// What pages gain with JavaScript; everything works without it.
import { initAll } from "./vendor/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
document.querySelector("[data-focus]")?.focus();

// Live progress: the page's own address is asked again and its live part replaced, until the part says that it has ended.
const live = () => document.getElementById("live");
async function refresh() {
  if (live()?.dataset.refresh === undefined) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.getElementById("live");
      if (part) live().replaceWith(document.adoptNode(part));
    }
  } finally {
    setTimeout(refresh, 1500);
  }
}
if (live()) setTimeout(refresh, 1500);
