// Scan lists with JavaScript: the field is free again at once, scans wait in a queue, and only the list is replaced. Without JavaScript
// the form does the same with a page for each scan.
const form = document.querySelector("[data-scan-form]");
const input = form?.querySelector("#scan");
const waiting = [];
let busy = false;

function put(text, kind) {
  const line = document.createElement("p");
  line.className = `sg-scanned-${kind}`;
  line.textContent = text;
  document.getElementById("scanned").prepend(line);
}

async function send(fill) {
  const data = new FormData(form);
  data.delete("scan");
  fill(data);
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.getElementById("scanned");
  if (!answer.ok || !part) throw new Error(String(answer.status));
  document.getElementById("scanned").replaceWith(document.adoptNode(part));
  if (part.querySelector("input[name=place]")) form.querySelector("[data-scan-place]")?.remove();
}

async function work() {
  if (busy) return;
  busy = true;
  while (waiting.length) {
    const next = waiting[0];
    try {
      await send((data) => Object.entries(next).forEach(([name, value]) => data.set(name, value)));
      waiting.shift();
    } catch {
      waiting.length = 0;
      put(`${next.scan ?? "This"} was not added: the server did not answer. Scan it again.`, "wrong");
    }
  }
  busy = false;
}

form?.addEventListener("submit", (event) => {
  const name = event.submitter?.name;
  const value = event.submitter?.value;
  const scan = input.value.trim();
  if (name === "take_off") {
    event.preventDefault();
    waiting.push({ take_off: value });
    input.focus();
  } else if (value === "add" || scan) {
    event.preventDefault();
    if (scan) waiting.push({ scan, do: "add" });
    input.value = "";
    input.focus();
  } else if (busy || waiting.length) {
    event.preventDefault();
    put("Wait until the last scan is on the list.", "wrong");
  }
  work();
});
