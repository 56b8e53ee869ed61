// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** Findings, rules and acknowledgements as lists. `show` goes to a place of the page. */
export function makeLists(data, dom, filter, show) {
  const { html, severity, reference, count } = dom;
  const most = 100;

  /** Rows, the first of them at once and the others when asked for: a page of thousands stays quick. */
  function rows(findings, toRow) {
    const items = repeated(findings);
    const list = html("ul", { class: "rows" }, items.slice(0, most).map(toRow));
    const left = items.slice(most);
    if (left.length > 0) {
      const more = html(
        "button",
        { type: "button", class: "quiet" },
        `Show ${count(left.flat().length, "more finding")}`,
      );
      more.addEventListener("click", () => {
        const first = toRow(left[0]);
        more.parentElement.replaceWith(first, ...left.slice(1).map(toRow));
        first.querySelector("button")?.focus();
      });
      list.append(html("li", { class: "more" }, more));
    }
    return list;
  }

  /** Where a finding is; a button, where the graph shows it. */
  function place(finding) {
    const stack = data.stacks[finding.stack];
    if (stack === undefined) return html("span", { class: "place" }, finding.place);
    const node = stack.nodes[finding.node]?.[1] ?? "";
    const parts = [html("span", { class: "in-stack" }, stack.id), finding.place.slice(stack.id.length)];
    return html(
      "button",
      {
        type: "button",
        class: "place link",
        title: "Show it in its stack",
        click: () => show({ view: "stacks", stack: stack.id, node, search: "" }),
      },
      parts,
    );
  }

  /** What says the same of the same resource in several stacks is one row: environments and regions share their code. */
  function repeated(findings) {
    const groups = new Map();
    for (const finding of findings) {
      const address = data.stacks[finding.stack]?.nodes[finding.node]?.[1] ?? finding.place;
      const { message, reason, owner, expires } = finding;
      const key = JSON.stringify([address, message, reason, owner, expires]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [finding]);
      else group.push(finding);
    }
    return [...groups.values()];
  }

  /** A stack where a finding is; it leads to the resource there. */
  function stackChip({ stack: at, node }) {
    const { id, nodes } = data.stacks[at];
    const click = () => show({ view: "stacks", stack: id, node: nodes[node]?.[1] ?? "", search: "" });
    return html("button", { type: "button", class: "chip", title: "Show it in this stack", click }, id);
  }

  function findingRow(findings) {
    const [first] = findings;
    const message = html("p", { class: "message" }, first.message);
    if (findings.length === 1) return html("li", {}, place(first), message);
    const address = data.stacks[first.stack].nodes[first.node][1];
    return html(
      "li",
      {},
      html("span", { class: "place" }, address, html("span", { class: "faint" }, ` in ${findings.length} stacks`)),
      message,
      html("p", { class: "stacks" }, findings.map(stackChip)),
    );
  }

  function aboutRule(rule) {
    return html(
      "div",
      { class: "about" },
      html("p", {}, rule.why),
      html("p", {}, html("strong", {}, "Fix: "), rule.fix),
      rule.references.length > 0 && html("p", { class: "references" }, rule.references.map(reference)),
    );
  }

  /** A rule with what is under it, which is made when it is first opened. */
  function card(rule, badge, isOpen, isQuiet, content) {
    const details = html(
      "details",
      { class: "card" },
      html(
        "summary",
        {},
        severity(rule.severity, isQuiet),
        html("span", { class: "title" }, html("strong", {}, rule.title), html("code", {}, rule.id)),
        badge,
      ),
    );
    const fill = () => {
      if (details.open && details.childElementCount === 1) details.append(content());
    };
    details.addEventListener("toggle", fill);
    details.open = isOpen;
    fill();
    return details;
  }

  function groups(findings, toRow) {
    const byRule = new Map();
    for (const finding of findings) {
      const group = byRule.get(finding.rule);
      if (group === undefined) byRule.set(finding.rule, [finding]);
      else group.push(finding);
    }
    const all = findings.length <= 60 || byRule.size <= 2;
    return [...byRule].map(([at, group], index) => {
      const rule = data.rules[at];
      const badge = html("span", { class: "number" }, group.length.toLocaleString("en-US"));
      return card(rule, badge, all || index === 0, false, () =>
        html("div", { class: "inside" }, aboutRule(rule), rows(group, toRow)),
      );
    });
  }

  function nothing(title, text, ...more) {
    return html("div", { class: "nothing" }, html("h2", {}, title), html("p", {}, text), ...more);
  }

  function findings(state) {
    if (data.findings.length === 0)
      return [
        html(
          "div",
          { class: "nothing good" },
          html("div", { class: "tick", "aria-hidden": "true" }, "✓"),
          html("h2", {}, "Nothing to mend"),
          html("p", {}, `${count(data.rules.length, "rule")} hold on ${count(data.stacks.length, "stack")}.`),
          data.acknowledged.length > 0 &&
            html("p", {}, `Somebody answers for ${count(data.acknowledged.length, "finding")}.`),
          html(
            "p",
            { class: "actions" },
            html("button", { type: "button", click: () => show({ view: "stacks" }) }, "Look at the stacks"),
            html("button", { type: "button", click: () => show({ view: "rules" }) }, "Read the rules"),
            data.acknowledged.length > 0 &&
              html(
                "button",
                { type: "button", click: () => show({ view: "acknowledged" }) },
                "See what is acknowledged",
              ),
          ),
        ),
      ];
    const shown = filter.findings(data.findings, state);
    dom.announce(`${count(shown.length, "finding")} shown`);
    return shown.length > 0
      ? groups(shown, findingRow)
      : [nothing("No finding fits", `There are ${count(data.findings.length, "finding")} without the filter.`)];
  }

  function rules(state) {
    const broken = new Map();
    for (const { rule } of data.findings) broken.set(rule, (broken.get(rule) ?? 0) + 1);
    const foundBy = (rule) => broken.get(data.rules.indexOf(rule)) ?? 0;
    const order = (rule) => data.severities.indexOf(rule.severity) + (foundBy(rule) === 0 ? 10 : 0);
    const shown = [...filter.rules(data.rules, state)].sort((a, b) => order(a) - order(b) || (a.id < b.id ? -1 : 1));
    dom.announce(`${count(shown.length, "rule")} shown`);
    if (shown.length === 0) return [nothing("No rule fits", `There are ${count(data.rules.length, "rule")}.`)];
    return shown.map((rule) => {
      const found = foundBy(rule);
      const badge =
        found === 0
          ? html("span", { class: "holds" }, "✓ holds")
          : html("span", { class: "number", title: count(found, "finding") }, found.toLocaleString("en-US"));
      return card(rule, badge, false, found === 0, () =>
        html(
          "div",
          { class: "inside" },
          aboutRule(rule),
          found > 0 &&
            html(
              "button",
              { type: "button", class: "quiet", click: () => show({ view: "findings", rule: rule.id, search: "" }) },
              `Show its ${count(found, "finding")}`,
            ),
        ),
      );
    });
  }

  function acknowledged(state) {
    if (data.acknowledged.length === 0)
      return [nothing("Nothing is acknowledged", "audit.json lists no finding that somebody answers for.")];
    const shown = filter.findings(data.acknowledged, state);
    dom.announce(`${count(shown.length, "acknowledged finding")} shown`);
    return groups(shown, (findings) => {
      const [finding] = findings;
      const row = findingRow(findings);
      row.append(
        html(
          "p",
          { class: "answer" },
          html("q", {}, finding.reason),
          html("span", {}, `${finding.owner}, until `, html("time", {}, finding.expires)),
        ),
      );
      return row;
    });
  }

  return { findings, rules, acknowledged, place };
}
