// The one script of the console. Every page works without it; with it, pages stay up to date, keys lead around,
// and values are copied. It asks only its own host, and only for blocks of the page that is open.
(() => {
  "use strict";
  const texts = document.body.dataset;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- A bar at the foot of the window: one sentence and one button.
  let bar = null;
  const tell = (text, button, act) => {
    if (bar) bar.remove();
    bar = document.createElement("div");
    bar.className = "bar";
    bar.setAttribute("role", "status");
    bar.append(text);
    if (button) {
      const press = document.createElement("button");
      press.textContent = button;
      press.addEventListener("click", () => { bar.remove(); bar = null; act(); });
      bar.append(press);
    }
    document.body.append(bar);
  };

  // --- Blocks that stay up to date: data-live is the time between looks in seconds, data-part the block's name.
  // data-from: another address that has the block. data-offer: what is new is not put in by itself, because rows would move under the hand; a bar offers it.
  const busy = (block) => {
    const inside = document.activeElement && block.contains(document.activeElement) && document.activeElement !== block;
    const marked = String(getSelection()) && block.contains(getSelection().anchorNode);
    return inside || marked || all("input:checked, details[open]", block).length > 0;
  };
  let failures = 0;
  const look = async (block) => {
    if (document.hidden || block.dataset.waiting) return;
    const headers = { "X-Console-Part": block.dataset.part };
    if (block.dataset.etag) headers["If-None-Match"] = block.dataset.etag;
    let answer;
    try {
      answer = await fetch(block.dataset.from || location.href, { headers, cache: "no-store", redirect: "error" });
    } catch {
      answer = null;
    }
    if (!answer || (answer.status !== 200 && answer.status !== 304)) {
      failures += 1;
      if (failures === 3 || (answer && answer.status === 401)) tell(texts.gone);
      return;
    }
    failures = 0;
    if (answer.status === 304) return;
    const html = await answer.text();
    const text = squeezed(new DOMParser().parseFromString(html, "text/html").body);
    const same = (block.dataset.text ?? squeezed(block)) === text;
    block.dataset.etag = answer.headers.get("ETag") || "";
    block.dataset.text = text;
    if (same) return;
    const put = () => { block.innerHTML = html; delete block.dataset.waiting; ready(block); };
    if ("offer" in block.dataset || busy(block)) {
      block.dataset.waiting = "1";
      tell(texts.stale, texts.show, put);
    } else {
      put();
    }
  };
  // data-typed: the block tells what the field of that id means, while it is typed; data-from is its address before it.
  all("[data-typed]").forEach((block) => {
    const before = block.dataset.from;
    let pause;
    document.getElementById(block.dataset.typed).addEventListener("input", (event) => {
      clearTimeout(pause);
      block.dataset.from = before + encodeURIComponent(event.target.value);
      pause = setTimeout(() => look(block), 400);
    });
  });
  const squeezed = (element) => element.textContent.replace(/\s+/g, " ").trim();

  // --- Keys: "/" to the box, "g" and a letter to a page of the menu, "j" and "k" through rows, Enter opens, "n" "p" pages.
  let before = "";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  const rows = () => all("main tbody tr").filter((row) => row.querySelector("a[href]"));
  const step = (by) => {
    const here = rows();
    const at = here.findIndex((row) => row.classList.contains("here"));
    const next = here[Math.max(0, Math.min(here.length - 1, at + by))];
    if (!next) return;
    here.forEach((row) => row.classList.remove("here"));
    next.classList.add("here");
    next.querySelector("a[href]").focus();
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target)) return;
    const keys = before ? `${before} ${event.key}` : event.key;
    before = event.key === "g" && !before ? "g" : "";
    if (keys === "/") { event.preventDefault(); document.getElementById("q")?.focus(); return; }
    if (keys === "j") { step(1); return; }
    if (keys === "k") { step(-1); return; }
    const link = all("[data-key]").find((one) => one.dataset.key === keys);
    if (link) { event.preventDefault(); link.click(); }
  });

  // --- The whole list: a checkbox with data-all marks every checkbox of the name; data-count shows how many are.
  const count = () => all("[data-count]").forEach((place) => {
    place.textContent = String(all(`input[name="${place.dataset.count}"]:checked`).length);
  });
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.all;
    if (name) all(`input[name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
    if ("submit" in (event.target.dataset || {})) event.target.form.requestSubmit();
    count();
  });

  // --- Copying, and a form that is sent only once.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const text = button.textContent;
    button.textContent = texts.copied;
    setTimeout(() => { button.textContent = text; }, 1500);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // --- The session's end, two minutes before; a click on the button is use enough.
  const watch = () => {
    if (!texts.left) return;
    const milliseconds = Math.max(1, Number(texts.left) - 120) * 1000;
    setTimeout(() => tell(texts.ending, texts.stay, () => location.reload()), milliseconds);
  };

  const ready = (from) => {
    if (navigator.clipboard) all("[data-copy]", from).forEach((button) => { button.hidden = false; });
    count();
  };
  ready(document);
  watch();
  if (matchMedia("(max-width: 800px)").matches) all(".fold").forEach((fold) => { fold.open = false; });
  all("[data-live]").forEach((block) => setInterval(() => look(block), Math.max(2, Number(block.dataset.live)) * 1000));
})();
