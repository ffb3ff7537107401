const LINES = 2000; // in the page at most; the log itself stays on disk

function copies(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
  }
}

function refreshes(part) {
  setInterval(async () => {
    if (document.hidden || part.contains(document.activeElement) || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
      if (!fresh) return location.reload();
      const before = part.querySelector("[role=status]");
      const after = fresh.querySelector("[role=status]");
      if (before && after && before.innerHTML.trim() !== after.innerHTML.trim()) {
        before.className = after.className;
        before.replaceChildren(...after.childNodes);
      }
      part.querySelector(".cards")?.replaceWith(fresh.querySelector(".cards"));
      copies(part);
    } catch { /* the portal has ended; the page stays as it was */ }
  }, part.dataset.refresh * 1000);
}

function colour(source) {
  let sum = 0;
  for (const each of source) sum = (sum * 31 + each.codePointAt(0)) % 5;
  return `c${sum + 1}`;
}

function follows(log) {
  const filter = document.querySelector("input[name=text]");
  const pause = document.querySelector("#pause");
  const live = document.querySelector("#live");
  const held = [];
  let paused = false;
  const shows = (line) => { line.hidden = !line.textContent.toLowerCase().includes(filter.value.toLowerCase()); };
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;

  function add(entries) {
    const stays = !atEnd();
    for (const [source, component, text] of entries) {
      const line = document.createElement("li");
      const name = document.createElement("a");
      const said = document.createElement("span");
      name.className = `source ${colour(source)}`;
      name.href = `/components/${encodeURIComponent(component)}`;
      name.textContent = source;
      said.textContent = text;
      line.append(name, " ", said);
      shows(line);
      log.append(line);
    }
    while (log.childElementCount > LINES) log.firstElementChild.remove();
    document.querySelector("#empty")?.remove();
    if (!stays) log.scrollTop = log.scrollHeight;
  }

  for (const each of log.querySelectorAll(".source")) each.classList.add(colour(each.textContent));
  log.scrollTop = log.scrollHeight;
  filter.oninput = () => { for (const line of log.children) shows(line); };
  if (!log.dataset.stream) return;
  pause.hidden = false;
  pause.onclick = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) add(held.splice(0));
    live.textContent = paused ? "paused" : "live";
  };
  const stream = new EventSource(log.dataset.stream);
  stream.onopen = () => { if (!paused) live.textContent = "live"; };
  stream.onerror = () => { live.textContent = "not connected; trying again"; };
  stream.onmessage = (event) => {
    const entries = JSON.parse(event.data);
    if (!paused) return add(entries);
    held.push(...entries);
    held.splice(0, held.length - LINES);
    live.textContent = `paused, ${held.length} new`;
  };
}

function saysBusy(form) {
  form.onsubmit = () => {
    form.querySelector("button").disabled = true;
    form.querySelector("[role=status]").textContent = form.dataset.busy;
  };
}

copies(document);
document.querySelectorAll("[data-refresh]").forEach(refreshes);
document.querySelectorAll("ol#log").forEach(follows);
document.querySelectorAll("[data-busy]").forEach(saysBusy);
