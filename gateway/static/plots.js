// A run's picture is drawn by the server; with JavaScript a part of it is taken by dragging, and only the picture is fetched anew.
const section = () => document.querySelector("[data-run]");

async function show(address) {
  const here = section();
  here.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("[data-run]");
    if (!answer.ok || !next) throw new Error("no picture");
    here.replaceWith(document.adoptNode(next));
    return true;
  } catch {
    location.assign(address);
    return false;
  }
}

async function go(address) {
  if (await show(address)) history.pushState(null, "", address);
}

function within(picture, event) {
  const box = picture.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * picture.viewBox.baseVal.width;
  return Math.min(Math.max(x, Number(picture.dataset.left)), Number(picture.dataset.right));
}

function moment(picture, x) {
  const { left, right, from, to } = picture.dataset;
  return Number(from) + ((x - left) / (right - left)) * (to - from);
}

let drag = null;

document.addEventListener("pointerdown", (event) => {
  const picture = event.target.closest?.("[data-run] svg[data-from]");
  if (!picture || event.button !== 0 || event.pointerType === "touch") return;
  event.preventDefault();
  const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  box.setAttribute("class", "sg-take");
  box.setAttribute("y", "0");
  box.setAttribute("height", String(picture.viewBox.baseVal.height));
  picture.append(box);
  drag = { picture, box, start: within(picture, event) };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const x = within(drag.picture, event);
  drag.box.setAttribute("x", String(Math.min(x, drag.start)));
  drag.box.setAttribute("width", String(Math.abs(x - drag.start)));
});

document.addEventListener("pointerup", (event) => {
  if (!drag) return;
  const { picture, box, start } = drag;
  drag = null;
  box.remove();
  const end = within(picture, event);
  if (Math.abs(end - start) < 6) return;
  const address = new URL(location.href);
  address.searchParams.set("from", moment(picture, Math.min(start, end)).toPrecision(6));
  address.searchParams.set("to", moment(picture, Math.max(start, end)).toPrecision(6));
  address.hash = "run";
  go(address.href);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-run] nav a");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const words = link.textContent;
  go(link.href).then(() => {
    [...(section()?.querySelectorAll("nav a") ?? [])].find((each) => each.textContent === words)?.focus();
  });
});

addEventListener("popstate", () => show(location.href));
