// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** The drawing of a stack: choosing, highlighting and walking through it. */
export function makeGraph({ data, dom, filter, index, names, panel, canvas, view, show }) {
  const { svg, count, announce } = dom;
  const { width, height } = data.nodeSize;
  const side = dom.byId("side");
  const legend = dom.byId("legend");
  const over = svg("g", { class: "over" });
  let shown = -1;
  let chosen = -1;
  let elements = [];
  let found = [];
  let near = [];
  let reachable = null;
  /** More lines than this lead to what nearly all refer to. */
  const hub = 16;

  /** From the right side of one box to the left side of the other; the other way round, where the line leads back. */
  function curve([, , , x1, y1], [, , , x2, y2]) {
    const leadsOn = x2 > x1;
    const leadsBack = x2 + width < x1;
    const startX = leadsBack ? x1 : x1 + width;
    const endX = leadsOn ? x2 - 2 : x2 + width + 2;
    const bend = Math.max(30, Math.abs(endX - startX) / 2);
    const [startY, endY] = [y1 + height / 2, y2 + height / 2];
    const startBend = startX + (leadsBack ? -bend : bend);
    const endBend = endX + (leadsOn ? -bend : bend);
    return `M${startX} ${startY}C${startBend} ${startY} ${endBend} ${endY} ${endX} ${endY}`;
  }

  function nodeElement(at, node, nodeAt) {
    const [type, address, isData, x, y] = node;
    const { name, category } = data.types[type];
    const findings = index.findingsOn(at, nodeAt);
    const worst = findings.length === 0 ? undefined : data.rules[findings[0].rule].severity;
    const label = `${names.typeOf(name)} ${names.nameOf(address, name)}`;
    const has = findings.length === 0 ? "" : `, ${count(findings.length, "finding")}`;
    const group = svg(
      "g",
      {
        class: `node c${category}${isData ? " data" : ""}${worst ? ` found ${worst}` : ""}`,
        transform: `translate(${x} ${y})`,
        role: "button",
        tabindex: "-1",
        "aria-label": `${label}${has}`,
        "aria-pressed": "false",
        click: () => canvas.wasDragged() || show({ node: address }),
      },
      svg("title", {}, address),
      svg("rect", { class: "box", width, height, rx: 7 }),
      svg("rect", { class: "mark", x: 7, y: 9, width: 4, height: height - 18, rx: 2 }),
      svg("text", { class: "type", x: 19, y: 16 }, dom.fitting(names.typeOf(name), width - 40, 10.5, 400)),
      svg("text", { class: "name", x: 19, y: 31 }, dom.fitting(names.nameOf(address, name), width - 30, 12, 600)),
    );
    if (worst !== undefined)
      group.append(
        svg(
          "g",
          { class: `badge ${worst}`, transform: `translate(${width - 4} 3)` },
          svg("circle", { r: 9 }),
          svg("text", { y: 3.5 }, findings.length > 9 ? "9+" : String(findings.length)),
        ),
      );
    return group;
  }

  function draw(at) {
    const stack = data.stacks[at];
    const pairs = new Map(
      stack.references.filter(([from, to]) => from !== to).map(([from, to]) => [`${from} ${to}`, [from, to]]),
    );
    const degree = new Map();
    for (const pair of pairs.values()) for (const each of pair) degree.set(each, (degree.get(each) ?? 0) + 1);
    // What nearly all refer to, as a key or the API, says least: its lines step back.
    const isToHub = ([from, to]) => Math.max(degree.get(from), degree.get(to)) > hub;
    const linesOf = (isWanted) =>
      [...pairs.values()].filter(isWanted).map(([from, to]) => curve(stack.nodes[from], stack.nodes[to]));
    const groups = groupLabels(stack);
    elements = stack.nodes.map((node, nodeAt) => nodeElement(at, node, nodeAt));
    chosen = -1;
    near = [];
    letTabReach(elements[0]);
    canvas.draw(
      { width: Math.max(stack.width, 1), height: Math.max(stack.height, 1) },
      (scale) => {
        for (const { label, room, length } of groups) label.classList.toggle("fits", length + 10 < room * scale);
      },
      svg("path", { class: "lines hub", d: linesOf(isToHub).join("") }),
      svg("path", { class: "lines", d: linesOf((pair) => !isToHub(pair)).join("") }),
      svg("g", {}, elements),
      over,
      svg(
        "g",
        { class: "groups", "aria-hidden": "true" },
        groups.map(({ label }) => label),
      ),
    );
  }

  /** For the overview: what stands above each other and is of one type is named once, along its column. */
  function groupLabels({ nodes }) {
    const runs = [];
    const inColumns = nodes.map(([type, , , x, y]) => ({ type, x, y })).sort((a, b) => a.x - b.x || a.y - b.y);
    for (const { type, x, y } of inColumns) {
      const last = runs.at(-1);
      if (last?.type === type && last.x === x && y - last.bottom < height) last.bottom = y + height;
      else runs.push({ type, x, top: y, bottom: y + height });
    }
    return runs.map(({ type, x, top, bottom }) => {
      const name = names.typeOf(data.types[type].name);
      const turn = `translate(${x + width / 2} ${(top + bottom) / 2}) rotate(-90)`;
      return {
        label: svg("text", { transform: turn }, name),
        room: bottom - top,
        length: dom.widthOf(name, 11, 600),
      };
    });
  }

  /** Shows some nodes and lets the others step back; all are alike without any. */
  function spotlight(nodes) {
    canvas.drawing.classList.toggle("focused", nodes !== undefined);
    for (const at of near) elements[at]?.classList.remove("near");
    near = nodes ?? [];
    for (const at of near) elements[at]?.classList.add("near");
  }

  function mark(element, isChosen) {
    element?.classList.toggle("chosen", isChosen);
    element?.setAttribute("aria-pressed", String(isChosen));
    if (isChosen) letTabReach(element);
  }

  /** Of all resources the tab key reaches one; arrow keys lead from it to the others. */
  function letTabReach(element) {
    reachable?.setAttribute("tabindex", "-1");
    reachable = element;
    reachable?.setAttribute("tabindex", "0");
  }

  function choose(nodeAt) {
    const isOther = nodeAt !== chosen;
    mark(elements[chosen], false);
    mark(elements[nodeAt], true);
    over.replaceChildren();
    chosen = nodeAt;
    if (nodeAt < 0) return;
    const { nodes } = data.stacks[shown];
    const here = (links) => links.filter(({ stack, node }) => stack === shown && node !== nodeAt);
    const out = here(index.refersTo(shown, nodeAt));
    const back = here(index.referredBy(shown, nodeAt));
    const line = (name, from, to) =>
      svg("path", { class: name, d: curve(nodes[from], nodes[to]), "marker-end": `url(#arrow-${name})` });
    over.append(
      ...back.map(({ node }) => line("in", node, nodeAt)),
      ...out.map(({ node }) => line("out", nodeAt, node)),
    );
    spotlight([nodeAt, ...[...out, ...back].map(({ node }) => node)]);
    const [, , , x, y] = nodes[nodeAt];
    if (isOther) canvas.reveal({ x, y, width, height });
  }

  /** Shows the resources of a type or of a category, until it is asked for again. */
  function highlight(button, isShown) {
    const off = button.getAttribute("aria-pressed") === "true";
    for (const each of view.querySelectorAll("button[aria-pressed]")) each.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(!off));
    const { nodes } = data.stacks[shown];
    spotlight(off ? undefined : nodes.flatMap(([type], at) => (isShown(type) ? [at] : [])));
  }

  /** Draws another stack; false, where it is the one that is drawn. */
  function turnTo(at) {
    if (shown === at) return false;
    shown = at;
    draw(at);
    canvas.fit();
    return true;
  }

  function searchIn(stack, search) {
    found = search === "" ? [] : filter.nodes(stack, search);
    if (search === "") return;
    if (chosen < 0) spotlight(found);
    announce(`${count(found.length, "resource")} found`);
  }

  function fillSide(at, nodeAt) {
    legend.replaceChildren(...panel.legend(at, highlight));
    side.replaceChildren(...(nodeAt < 0 ? panel.ofStack(at, highlight) : panel.ofNode(at, nodeAt)));
    side.scrollTop = 0;
  }

  function render(state) {
    const known = data.stacks.findIndex(({ id }) => id === state.stack);
    const at = Math.max(0, known);
    const stack = data.stacks[at];
    if (stack === undefined) return;
    const isNew = turnTo(at);
    const nodeAt = state.node === "" ? -1 : stack.nodes.findIndex(([, address]) => address === state.node);
    if (isNew || nodeAt !== chosen) fillSide(at, nodeAt);
    spotlight(undefined);
    choose(nodeAt);
    searchIn(stack, state.search);
  }

  /** The nearest node in a direction: across, what lies far off the line counts for more. */
  function neighbour(from, [directionX, directionY]) {
    const { nodes } = data.stacks[shown];
    const [, , , x, y] = nodes[from];
    let best = { distance: Number.POSITIVE_INFINITY, node: from };
    nodes.forEach(([, , , otherX, otherY], node) => {
      const along = (otherX - x) * directionX + (otherY - y) * directionY;
      const across = Math.abs((otherX - x) * directionY) + Math.abs((otherY - y) * directionX);
      const distance = along + across * 2.5;
      if (along > 1 && distance < best.distance) best = { distance, node };
    });
    return best.node;
  }

  function focusOn(nodeAt) {
    const [, , , x, y] = data.stacks[shown].nodes[nodeAt];
    letTabReach(elements[nodeAt]);
    canvas.reveal({ x, y, width, height });
    elements[nodeAt].focus({ preventScroll: true });
  }

  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function key(event) {
    const at = elements.indexOf(event.target.closest?.(".node"));
    const direction = directions[event.key];
    if (at >= 0 && direction !== undefined) focusOn(neighbour(at, direction));
    else if (at >= 0 && (event.key === "Enter" || event.key === " ")) show({ node: data.stacks[shown].nodes[at][1] });
    else if (event.key === "+") canvas.zoom(1.3);
    else if (event.key === "-") canvas.zoom(1 / 1.3);
    else if (event.key === "0") canvas.fit();
    else return;
    event.preventDefault();
  }

  /** From afar a node is no more than a colour: its name stands beside it while the pointer is on it. */
  const tip = dom.html("div", { class: "tip", "aria-hidden": "true", hidden: true });
  const frame = dom.byId("frame");
  frame.append(tip);

  function showTip(event) {
    const node = event.target.closest?.(".node");
    const at = canvas.drawing.classList.contains("far") ? elements.indexOf(node) : -1;
    tip.hidden = at < 0;
    if (at < 0) return;
    const [type, address] = data.stacks[shown].nodes[at];
    const { name } = data.types[type];
    const box = node.getBoundingClientRect();
    const room = frame.getBoundingClientRect();
    tip.replaceChildren(names.nameOf(address, name), dom.html("span", { class: "faint" }, ` ${names.typeOf(name)}`));
    const left = box.left + box.width / 2 - room.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(6, Math.min(room.width - tip.offsetWidth - 6, left))}px`;
    tip.style.top = `${box.top - room.top - tip.offsetHeight - 4}px`;
  }

  canvas.drawing.addEventListener("pointerover", showTip);
  canvas.drawing.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  canvas.drawing.addEventListener("keydown", key);
  return {
    render,
    resize: () => shown >= 0 && chosen < 0 && canvas.fit(),

    /** Of what the search found, the one after the chosen one. */
    next() {
      if (found.length === 0) return;
      const [nodeAt] = [found.find((each) => each > chosen) ?? found[0]];
      show({ node: data.stacks[shown].nodes[nodeAt][1] });
    },
  };
}
