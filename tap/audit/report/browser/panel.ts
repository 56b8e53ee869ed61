// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** What stands beside the drawing: a stack's legend and findings, or all about one resource. */
export function makePanel(data, dom, index, names, show) {
  const { html, severity, count } = dom;
  const most = 4;

  const findingItem = (finding, withPlace) => {
    const rule = data.rules[finding.rule];
    const stack = data.stacks[finding.stack];
    const node = stack?.nodes[finding.node]?.[1];
    return html(
      "li",
      { class: "finding" },
      html("p", {}, severity(rule.severity), " ", html("strong", {}, rule.title)),
      withPlace &&
        node !== undefined &&
        html("button", { type: "button", class: "link", click: () => show({ node }) }, node),
      html("p", { class: "message" }, finding.message),
      !withPlace && html("p", { class: "fix" }, html("strong", {}, "Fix: "), rule.fix),
    );
  };

  function findingList(findings) {
    if (findings.length === 0) return [];
    return [
      html("h3", {}, count(findings.length, "finding")),
      html(
        "ul",
        {},
        findings.map((finding) => findingItem(finding, false)),
      ),
    ];
  }

  /** The worst few of a stack, and the way to all. */
  function worstList(at) {
    const findings = index.findingsIn(at);
    if (findings.length === 0) return [html("p", { class: "holds" }, "✓ No finding")];
    const all = { view: "findings", stack: data.stacks[at].id, search: "", rule: "", severities: [] };
    return [
      html("h3", {}, count(findings.length, "finding")),
      html(
        "ul",
        {},
        findings.slice(0, most).map((finding) => findingItem(finding, true)),
      ),
      findings.length > most &&
        html("button", { type: "button", class: "quiet", click: () => show(all) }, `All ${findings.length} findings`),
    ].filter(Boolean);
  }

  /** Categories by colour. */
  function legend(at, highlight) {
    const counts = new Map();
    for (const [type] of data.stacks[at].nodes) {
      const { category } = data.types[type];
      counts.set(category, (counts.get(category) ?? 0) + 1);
    }
    return [...counts]
      .sort(([a], [b]) => a - b)
      .map(([category, number]) =>
        html(
          "button",
          {
            type: "button",
            class: `c${category}`,
            "aria-pressed": "false",
            click: (event) => highlight(event.currentTarget, (type) => data.types[type].category === category),
          },
          html("span", { class: "dot" }),
          data.categories[category],
          html("span", { class: "faint" }, String(number)),
        ),
      );
  }

  /** A button for a node, with its colour and what leads there. */
  function linkItem(own, link) {
    const stack = data.stacks[link.stack];
    const [type, address] = stack.nodes[link.node];
    const found = index.findingsOn(link.stack, link.node);
    const ways = [...new Set(link.ways)];
    return html(
      "li",
      {},
      html(
        "button",
        {
          type: "button",
          class: `link c${data.types[type].category}`,
          title: address,
          click: () => show({ stack: stack.id, node: address }),
        },
        html("span", { class: "dot" }),
        html("span", { class: "name" }, names.nameOf(address, data.types[type].name)),
        html("span", { class: "type" }, names.typeOf(data.types[type].name)),
        found.length > 0 &&
          html("span", { class: `count ${data.rules[found[0].rule].severity}` }, String(found.length)),
      ),
      link.stack !== own && html("p", { class: "faint" }, "in ", stack.id),
      html("p", { class: "faint ways" }, ways.slice(0, 3).join(" · "), ways.length > 3 && ` · ${ways.length - 3} more`),
    );
  }

  const linkList = (title, own, links) =>
    links.length === 0
      ? []
      : [
          html("h3", {}, `${title} `, html("span", { class: "faint" }, String(links.length))),
          html(
            "ul",
            { class: "links" },
            links.map((link) => linkItem(own, link)),
          ),
        ];

  function ofNode(at, nodeAt) {
    const stack = data.stacks[at];
    const [type, address, isData] = stack.nodes[nodeAt];
    const { name, category } = data.types[type];
    const patterns = stack.patterns.filter(([from]) => from === nodeAt);
    return [
      html(
        "header",
        { class: `c${category}` },
        html("p", { class: "type" }, html("span", { class: "dot" }), isData ? `data source ${name}` : name),
        html("h2", { tabindex: "-1" }, names.nameOf(address, name)),
        html("button", { type: "button", class: "close", "aria-label": "Close", click: () => show({ node: "" }) }, "×"),
        html("code", {}, address),
      ),
      ...findingList(index.findingsOn(at, nodeAt)),
      ...linkList("Refers to", at, index.refersTo(at, nodeAt)),
      ...linkList("Referred to by", at, index.referredBy(at, nodeAt)),
      ...(patterns.length === 0
        ? []
        : [
            html("h3", {}, "By pattern ", html("span", { class: "faint" }, String(patterns.length))),
            html(
              "ul",
              { class: "patterns" },
              patterns.map(([, pattern, path]) =>
                html("li", {}, html("code", {}, pattern), html("p", { class: "faint" }, data.paths[path])),
              ),
            ),
          ]),
    ];
  }

  function ofStack(at, highlight) {
    const stack = data.stacks[at];
    const byCategory = new Map();
    for (const [type] of stack.nodes) {
      const types = byCategory.get(data.types[type].category) ?? new Map();
      byCategory.set(data.types[type].category, types.set(type, (types.get(type) ?? 0) + 1));
    }
    return [
      html(
        "header",
        {},
        html("p", { class: "type" }, count(stack.resources, "resource")),
        html("h2", { tabindex: "-1" }, stack.id),
        stack.file !== null && html("code", {}, stack.file),
      ),
      ...worstList(at),
      ...[...byCategory]
        .sort(([a], [b]) => a - b)
        .map(([category, types]) =>
          html(
            "section",
            { class: `legend c${category}` },
            html("h3", {}, html("span", { class: "dot" }), data.categories[category]),
            html(
              "ul",
              {},
              [...types]
                .sort(([, a], [, b]) => b - a)
                .map(([type, number]) =>
                  html(
                    "li",
                    {},
                    html(
                      "button",
                      {
                        type: "button",
                        class: "link",
                        "aria-pressed": "false",
                        click: (event) => highlight(event.currentTarget, (each) => each === type),
                      },
                      html("span", { class: "name" }, names.typeOf(data.types[type].name)),
                      html("span", { class: "faint" }, String(number)),
                    ),
                  ),
                ),
            ),
          ),
        ),
    ];
  }

  return { ofNode, ofStack, legend };
}
