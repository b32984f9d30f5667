"use strict";
// The list draws only the rows in sight, so that thousands of contacts scroll as well as ten.
// Whatever comes from contacts or messages goes in by textContent, never as markup.
(function () {
  const [NUMBER, EMAIL, STATUS, SUBJECT, DETAIL, FILE, EXPIRES, LINE, CELLS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const TONES = { ready: "good", sent: "good", delivered: "good", accepted: "good", rejected: "bad", refused: "bad",
    failed: "bad", invalid: "bad", in_doubt: "warn", dropped: "warn", deferred: "warn" };
  const HEIGHT = 66;
  const el = (id) => document.getElementById(id);
  const rows = JSON.parse(el("rows").textContent);
  const haystack = rows.map((r) => (r[EMAIL] + "\n" + r[SUBJECT] + "\n" + r[DETAIL] + "\n#" + r[NUMBER]).toLowerCase());
  const list = el("list"), sizer = el("sizer"), frame = el("frame"), stage = el("stage");
  let shown = [], chosen = -1, status = "", view = "html";

  function make(tag, text, className) {
    const node = document.createElement(tag);
    node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  const numbered = (row) => document.body.dataset.numbered + " " + row[NUMBER] + (row[LINE] ? " (line " + row[LINE] + ")" : "");
  const words = (text) => text.replace(/_/g, " ");
  const badge = (text) => make("em", words(text), "status " + (Object.hasOwn(TONES, text) ? TONES[text] : ""));

  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 5);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + 5);
    sizer.style.height = shown.length * HEIGHT + "px";
    const nodes = [];
    for (let i = first; i < last; i++) {
      const row = rows[shown[i]];
      const node = make("div", "", "row");
      node.id = "row-" + shown[i];
      node.dataset.place = i;
      node.style.top = i * HEIGHT + "px";
      node.setAttribute("role", "option");
      node.setAttribute("aria-selected", String(shown[i] === chosen));
      node.setAttribute("aria-setsize", shown.length);
      node.setAttribute("aria-posinset", i + 1);
      const above = make("div", ""), below = make("div", "");
      above.append(make("b", row[EMAIL] || "(no address)"), badge(row[STATUS]));
      below.append(make("span", row[SUBJECT] || row[DETAIL]), make("small", row[NUMBER]));
      node.append(above, below);
      nodes.push(node);
    }
    sizer.replaceChildren(...nodes);
    const active = el("row-" + chosen);
    if (active) list.setAttribute("aria-activedescendant", active.id);
    else list.removeAttribute("aria-activedescendant");
  }

  function filter() {
    const wanted = el("search").value.trim().toLowerCase().split(/\s+/);
    shown = [];
    rows.forEach((row, i) => {
      if ((!status || row[STATUS] === status) && wanted.every((word) => haystack[i].includes(word))) shown.push(i);
    });
    list.scrollTop = 0;
    const total = rows.length.toLocaleString("en");
    el("found").textContent = shown.length === rows.length ? total + (rows.length === 1 ? " contact" : " contacts")
      : shown.length.toLocaleString("en") + " of " + total + " contacts";
    el("nobody").hidden = shown.length > 0 || !rows.length;
    const typed = el("search").value.trim();
    el("unmatched").textContent = "No contact" + (status ? " that is " + words(status) : "") + (typed ? " matches “" + typed + "”" : "") + ".";
    draw();
  }

  function load() {
    const row = rows[chosen];
    document.querySelectorAll("[data-view]").forEach((tab) => {
      tab.setAttribute("aria-selected", String(tab.dataset.view === view));
      tab.tabIndex = tab.dataset.view === view ? 0 : -1;
    });
    if (row && row[FILE]) frame.src = row[FILE] + ".html#in-" + view;
  }

  // Of a row that can't be mailed, its cells as they stand in the file; what can't be seen comes escaped.
  function cells(row) {
    if (!row[CELLS]) return [];
    const table = make("table", "");
    row[CELLS].split("\n").forEach((line) => {
      const [mark, column, cell] = line.split("\t");
      const tr = make("tr", "", mark ? "odd" : "");
      const head = make("th", column);
      head.scope = "row";
      tr.append(head, make("td", cell));
      table.append(tr);
    });
    return [table];
  }

  function choose(index) {
    chosen = index;
    const row = rows[index], mailed = Boolean(row[FILE]);
    el("subject").textContent = row[SUBJECT] || (mailed ? "(no subject)" : row[EMAIL] || "(no address)");
    const facts = [make("span", "To " + (row[EMAIL] || "nobody")), make("span", numbered(row)), badge(row[STATUS])];
    if (row[EXPIRES]) facts.push(make("span", "Link expires " + row[EXPIRES]));
    if (mailed && row[DETAIL]) facts.push(make("span", row[DETAIL]));
    el("facts").replaceChildren(...facts);
    el("bar").hidden = frame.hidden = !mailed;
    el("reason").hidden = mailed;
    if (mailed) el("eml").href = row[FILE] + ".eml";
    else el("reason").replaceChildren(make("h3", "No message: " + words(row[STATUS])), make("p", row[DETAIL] || "No reason was given."), ...cells(row));
    load();
    const place = shown.indexOf(index);
    if (place >= 0) {
      const top = place * HEIGHT;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (top + HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + HEIGHT - list.clientHeight;
    }
    draw();
    try { history.replaceState(null, "", "#" + row[NUMBER]); } catch { /* a browser that keeps file:// fixed */ }
  }

  function step(to) {
    if (shown.length) choose(shown[Math.min(shown.length - 1, Math.max(0, to))]);
  }
  function press(group, value) {
    document.querySelectorAll("[data-" + group + "]").forEach((button) => {
      if (button.localName === "button") button.setAttribute("aria-pressed", String(button.dataset[group] === value));
    });
  }
  function setWidth(value) { stage.dataset.width = value; press("width", value); }
  function setScheme(value) { frame.style.colorScheme = value; press("scheme", value); }

  const counts = new Map();
  rows.forEach((row) => counts.set(row[STATUS], (counts.get(row[STATUS]) || 0) + 1));
  if (counts.size > 1) {
    [["", rows.length], ...counts].forEach(([name, count]) => {
      const button = make("button", (name ? words(name) : "all") + " " + count.toLocaleString("en"));
      button.type = "button";
      button.setAttribute("aria-pressed", String(name === ""));
      button.addEventListener("click", () => {
        status = name;
        el("filters").querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
        filter();
      });
      el("filters").append(button);
    });
  }

  list.addEventListener("scroll", draw);
  window.addEventListener("resize", draw);
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    document.body.dataset.pane = "message";
    step(Number(row.dataset.place));
  });
  el("search").addEventListener("input", filter);
  el("everybody").addEventListener("click", () => {
    el("search").value = status = "";
    el("filters").querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-pressed", String(i === 0)));
    filter();
    el("search").focus();
  });
  el("back").addEventListener("click", () => { document.body.dataset.pane = "list"; draw(); list.focus(); });
  document.querySelectorAll("[data-view]").forEach((tab) => tab.addEventListener("click", () => { view = tab.dataset.view; load(); }));
  document.querySelectorAll("button[data-width]").forEach((b) => b.addEventListener("click", () => setWidth(b.dataset.width)));
  document.querySelectorAll("button[data-scheme]").forEach((b) => b.addEventListener("click", () => setScheme(b.dataset.scheme)));
  document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const way = { ArrowLeft: 2, ArrowRight: 1 }[event.key];
    if (!way) return;
    const views = ["html", "text", "headers"];
    view = views[(views.indexOf(view) + way) % 3];
    load();
    document.querySelector("[role=tab][data-view=" + view + "]").focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target === el("search");
    if (event.key === "/" && !typing) { el("search").focus(); event.preventDefault(); return; }
    if (event.key === "Escape" && typing) { el("search").value = ""; filter(); list.focus(); return; }
    if (event.key === "Enter" && (typing || event.target === list) && shown.length) {
      if (!shown.includes(chosen)) step(0);
      document.body.dataset.pane = "message";
      return;
    }
    const page = Math.max(1, Math.floor(list.clientHeight / HEIGHT) - 1), at = shown.indexOf(chosen);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page };
    if (!typing) Object.assign(moves, { j: at + 1, k: at - 1, Home: 0, End: shown.length - 1 });
    if (Object.hasOwn(moves, event.key)) { step(moves[event.key]); event.preventDefault(); }
  });

  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  setWidth("wide");
  setScheme(dark ? "dark" : "light");
  filter();
  const linked = rows.findIndex((row) => "#" + row[NUMBER] === location.hash);
  if (linked >= 0) { document.body.dataset.pane = "message"; choose(linked); }
  else if (rows.length) choose(0);
  else el("subject").textContent = "No contacts";
})();
