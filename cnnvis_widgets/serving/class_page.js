// The lecturer's page (see class_page.py): asks for the figures every two seconds.
const EVERY = 2000;

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number} megabytes */
const memory = (megabytes) =>
  megabytes < 1000 ? `${megabytes.toFixed(0)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;

/** @param {string} tag @param {...(string | Node)} content */
function element(tag, ...content) {
  const result = document.createElement(tag);
  result.append(...content);
  return result;
}

/** @param {Record<string, any>} facts @returns {[string, string, string][]} name, value, remark */
function figures(facts) {
  const of = facts.most ? `of at most ${facts.most}` : "";
  /** @type {[string, string, string][]} */
  const rows = [
    ["Pages open", `${facts.pages}`, of],
    ["Memory", memory(facts.megabytes), `the machine: ${(100 * facts.memory_share).toFixed(0)} % used`],
  ];
  if (facts.load !== null) rows.push(["Load", facts.load.toFixed(1), `on ${facts.cores} cores`]);
  const engine = facts.engine;
  if (!engine?.workers) return rows;
  const saved = engine.cache_hits + engine.coalesced;
  rows.push(
    ["Requests waiting", `${engine.waiting}`, `${engine.running} running`],
    [
      "Answered at once",
      engine.requests ? `${((100 * saved) / engine.requests).toFixed(0)} %` : "–",
      `${saved} of ${engine.requests}: the answer was kept, or under way for another visitor`,
    ],
    ["Answers kept", memory(engine.answer_cache_bytes / 1e6), ""],
  );
  return rows;
}

/** @param {Record<string, any>} worker */
function workerRow(worker) {
  const networks = worker.networks.join(", ") || "none yet";
  const counts = [`${worker.completed}`, `${worker.running}`];
  const cells = [worker.name, networks, memory(worker.memory / 1e6), ...counts];
  return element("tr", ...cells.map((text) => element("td", text)));
}

/** @param {Record<string, any>} facts */
function show(facts) {
  const rows = figures(facts).map(([name, value, remark]) =>
    element("div", element("dt", name), element("dd", value, " ", element("small", remark))),
  );
  part("figures").replaceChildren(...rows);
  const engine = facts.engine;
  part("engine").hidden = !engine?.workers;
  if (engine?.workers) {
    part("workers").replaceChildren(...engine.workers.map(workerRow));
    part("dashboard").hidden = !engine.dashboard;
    part("dashboard").querySelector("a")?.setAttribute("href", engine.dashboard);
  }
  const lost = engine && !engine.workers;
  part("status").textContent = lost ? "The service that computes does not answer." : "";
}

async function ask() {
  try {
    const answer = await fetch(`class/figures${location.search}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    show(await answer.json());
  } catch {
    part("status").textContent = "The server does not answer. The figures are the last ones.";
  }
  window.setTimeout(ask, EVERY);
}

ask();
