// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** Puts the page together, and keeps it and the address bar in step. */
export function startPage(window, tools) {
  const { document, location, history } = window;
  const data = JSON.parse(document.getElementById("data").textContent);
  const dom = tools.makeDom(document);
  const { html, byId } = dom;
  const views = ["findings", "stacks", "rules", "acknowledged"];
  const filter = tools.makeFilter(data);
  const states = tools.makeState(views, data.severities);
  const names = tools.makeNames();
  const index = tools.makeIndex(data);
  let state = states.parse(location.hash);

  const lists = tools.makeLists(data, dom, filter, show);
  const panel = tools.makePanel(data, dom, index, names, show);
  const canvas = tools.makeCanvas(dom, byId("frame"), () => state.node !== "" && show({ node: "" }));
  const graph = tools.makeGraph({ data, dom, filter, index, names, panel, canvas, view: byId("view-stacks"), show });

  const search = byId("search");
  const ruleChoice = byId("rule");
  const stackChoice = byId("stack");

  /** Goes somewhere. What is typed and filtered takes the place of what was; another view or resource can be gone back from. */
  function show(change) {
    const before = state;
    state = { ...state, ...change };
    if (change.stack !== undefined && change.stack !== before.stack && change.node === undefined) state.node = "";
    const address = states.format(state) || location.pathname + location.search;
    const isStep = state.view !== before.view || state.stack !== before.stack || state.node !== before.node;
    if (isStep) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    render();
  }

  function renderTabs() {
    for (const view of views) {
      const tab = byId(`tab-${view}`);
      tab.setAttribute("aria-selected", String(view === state.view));
      tab.setAttribute("tabindex", view === state.view ? "0" : "-1");
      byId(`view-${view}`).hidden = view !== state.view;
    }
    document.body.dataset.view = state.view;
  }

  /** How many of each severity a view has without a filter. */
  function countsIn(view) {
    const findings = view === "acknowledged" ? data.acknowledged : data.findings;
    const rules = view === "rules" ? data.rules : findings.map(({ rule }) => data.rules[rule]);
    const counts = new Map();
    for (const { severity } of rules) counts.set(severity, (counts.get(severity) ?? 0) + 1);
    return counts;
  }

  function renderFilter() {
    const isStacks = state.view === "stacks";
    if (search.value !== state.search) search.value = state.search;
    search.placeholder = isStacks ? "Find a resource" : "Search";
    ruleChoice.value = state.rule;
    // In the graph there is always a stack.
    stackChoice.options[0].hidden = isStacks;
    stackChoice.value = isStacks && state.stack === "" ? data.stacks[0]?.id : state.stack;
    const counts = countsIn(state.view);
    byId("filter").hidden = isStacks || counts.size === 0;
    for (const chip of document.querySelectorAll(".chips button")) {
      chip.setAttribute("aria-pressed", String(state.severities.includes(chip.value)));
      chip.querySelector("b").textContent = (counts.get(chip.value) ?? 0).toLocaleString("en-US");
    }
    byId("clear").hidden = [state.search, state.rule, state.stack, ...state.severities].every((each) => each === "");
  }

  function render() {
    renderTabs();
    renderFilter();
    if (state.view === "stacks") graph.render(state);
    else byId(`list-${state.view}`).replaceChildren(...lists[state.view](state));
  }

  function option(value, text) {
    return html("option", { value }, text);
  }

  function fillChoices() {
    const broken = [...new Set([...data.findings, ...data.acknowledged].map(({ rule }) => data.rules[rule].id))].sort();
    ruleChoice.append(...broken.map((id) => option(id, id)));
    stackChoice.append(
      ...data.stacks.map(({ id }, at) => {
        const found = index.findingsIn(at).length;
        return option(id, found === 0 ? id : `${id} (${found})`);
      }),
    );
  }

  function toggleSeverity({ currentTarget }) {
    const { value } = currentTarget;
    const { severities } = state;
    show({
      severities: severities.includes(value) ? severities.filter((each) => each !== value) : [...severities, value],
    });
  }

  function walkTabs(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const view = views[(views.indexOf(state.view) + step + views.length) % views.length];
    show({ view });
    byId(`tab-${view}`).focus();
    event.preventDefault();
  }

  function shortcuts(event) {
    const isTyping = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      search.select();
      search.focus();
    } else if (event.key === "Escape") {
      if (state.view === "stacks" && state.node !== "") show({ node: "" });
      else if (event.target === search && state.search !== "") show({ search: "" });
    }
  }

  const themes = ["auto", "light", "dark"];
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[theme];
  }

  /** On paper nothing can be opened: all of what is shown is, dark on white. */
  function readyForPaper() {
    const { dataset } = document.documentElement;
    const before = dataset.theme;
    dataset.theme = "light";
    window.addEventListener("afterprint", () => setTheme(before), { once: true });
    for (const more of document.querySelectorAll(".rows .more button")) more.click();
    for (const card of document.querySelectorAll("main details:not([open])")) card.open = true;
  }

  document.body.classList.remove("plain");
  fillChoices();
  setTheme("auto");
  byId("theme").addEventListener("click", () =>
    setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]),
  );
  for (const view of views) byId(`tab-${view}`).addEventListener("click", () => show({ view }));
  byId("tabs").addEventListener("keydown", walkTabs);
  for (const chip of document.querySelectorAll(".chips button")) chip.addEventListener("click", toggleSeverity);
  search.addEventListener("input", () => show({ search: search.value }));
  search.addEventListener("keydown", (event) => event.key === "Enter" && state.view === "stacks" && graph.next());
  ruleChoice.addEventListener("change", () => show({ rule: ruleChoice.value }));
  stackChoice.addEventListener("change", () => show({ stack: stackChoice.value }));
  byId("clear").addEventListener("click", () => show({ search: "", rule: "", stack: "", severities: [] }));
  document.addEventListener("keydown", shortcuts);
  window.addEventListener("beforeprint", readyForPaper);
  window.addEventListener("resize", () => state.view === "stacks" && graph.resize());
  window.addEventListener("popstate", () => {
    state = states.parse(location.hash);
    render();
  });
  render();
}
