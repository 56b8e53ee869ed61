// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** A drawing that is moved by dragging, and made larger and smaller by the wheel, by pinching or by buttons. */
export function makeCanvas(dom, frame, onBackground) {
  const { html, svg } = dom;
  const scene = svg("g");
  const drawing = svg(
    "svg",
    { role: "group", "aria-label": "Resources and what they refer to" },
    svg(
      "defs",
      {},
      ["out", "in"].map((name) =>
        svg(
          "marker",
          {
            id: `arrow-${name}`,
            viewBox: "0 0 8 8",
            refX: 7,
            refY: 4,
            markerWidth: 7,
            markerHeight: 7,
            orient: "auto",
          },
          svg("path", { d: "M0 0 8 4 0 8z", class: `head ${name}` }),
        ),
      ),
    ),
    scene,
  );
  const largest = 2.5;
  const view = { x: 0, y: 0, scale: 1 };
  let onFar = () => {};
  let size = { width: 1, height: 1 };

  const apply = () => {
    scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
    const isFar = view.scale < 0.45;
    drawing.classList.toggle("far", isFar);
    // Labels of the overview are as large on the screen whatever the scale.
    if (isFar) scene.style.setProperty("--screen", String(1 / view.scale));
    if (isFar) onFar(view.scale);
  };

  /** The whole of it; a small drawing is not blown up. */
  function fit() {
    const { width, height } = frame.getBoundingClientRect();
    const margin = 28;
    // Above are the colours.
    const top = 60;
    const scale = Math.min(1, (width - 2 * margin) / size.width, (height - top - margin) / size.height);
    view.scale = Math.max(scale, 0.02);
    view.x = (width - size.width * view.scale) / 2;
    view.y = top + (height - top - margin - size.height * view.scale) / 2;
    apply();
  }

  /** Makes it larger or smaller around a point of the frame, by default its middle. */
  function zoom(factor, point) {
    const { width, height } = frame.getBoundingClientRect();
    const { x, y } = point ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(largest, Math.max(0.02, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    apply();
  }

  /** Brings a box into the frame, large enough to be read. */
  function reveal(box) {
    const { width, height } = frame.getBoundingClientRect();
    if (view.scale < 0.6) {
      view.scale = 0.9;
      view.x = width / 2 - (box.x + box.width / 2) * view.scale;
      view.y = height / 2 - (box.y + box.height / 2) * view.scale;
      return apply();
    }
    const margin = 70;
    const into = (start, length, room) => Math.max(margin - start, Math.min(0, room - margin - start - length));
    view.x += into(view.x + box.x * view.scale, box.width * view.scale, width);
    view.y += into(view.y + box.y * view.scale, box.height * view.scale, height);
    apply();
  }

  const pointers = new Map();
  let moved = 0;
  const pointOf = (event) => {
    const { left, top } = frame.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  function press(event) {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, pointOf(event));
    moved = 0;
  }

  function move(event) {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = pointOf(event);
    const pinched = pointers.size === 2 ? spread() : undefined;
    pointers.set(event.pointerId, now);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    // Only what is dragged is captured: a click has to reach the node under it.
    if (moved > 4 && !drawing.hasPointerCapture(event.pointerId)) drawing.setPointerCapture(event.pointerId);
    if (pinched !== undefined) {
      const { distance, x, y } = spread();
      zoom(distance / Math.max(1, pinched.distance), { x, y });
      return;
    }
    view.x += now.x - before.x;
    view.y += now.y - before.y;
    drawing.classList.add("dragging");
    apply();
  }

  function release(event) {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) drawing.classList.remove("dragging");
  }

  drawing.addEventListener("pointerdown", press);
  drawing.addEventListener("pointermove", move);
  drawing.addEventListener("pointerup", release);
  drawing.addEventListener("pointercancel", release);
  drawing.addEventListener("click", (event) => {
    if (moved <= 4 && event.target.closest(".node") === null) onBackground();
  });
  drawing.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 250), pointOf(event));
    },
    { passive: false },
  );
  const button = (label, text, click) =>
    html("button", { type: "button", "aria-label": label, title: label, click }, text);
  frame.prepend(drawing);
  frame.append(
    html(
      "div",
      { class: "zoom" },
      button("Larger", "+", () => zoom(1.3)),
      button("Smaller", "−", () => zoom(1 / 1.3)),
      button("Show all", "⤢", fit),
    ),
  );

  return {
    drawing,
    zoom,
    fit,
    reveal,
    wasDragged: () => moved > 4,
    /** `seenFromFar` is told the scale where single nodes can't be read. */
    draw(newSize, seenFromFar, ...children) {
      size = newSize;
      onFar = seenFromFar;
      scene.replaceChildren(...children);
    },
  };
}
