// @ts-nocheck: runs in browsers, whose types this project doesn't load (script.ts)

/** Makers of elements. All text goes in as text: nothing of the data is ever read as markup. */
export function makeDom(document) {
  const isLeftOut = (value) => value === undefined || value === null || value === false;

  const set = (element, name, value) => {
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  };

  const maker =
    (create) =>
    (tag, attributes = {}, ...children) => {
      const element = create(tag);
      for (const [name, value] of Object.entries(attributes)) if (!isLeftOut(value)) set(element, name, value);
      element.append(...children.flat().filter((child) => !isLeftOut(child)));
      return element;
    };
  const html = maker((tag) => document.createElement(tag));
  const svg = maker((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));

  /** A pill with a severity's name. */
  const severity = (name, isQuiet = false) => html("span", { class: `severity ${isQuiet ? "calm" : name}` }, name);

  /** Links to AWS's guides and the like; ids of other tools' checks stay text. */
  const reference = (text) =>
    text.startsWith("https://")
      ? html("a", { href: text, target: "_blank", rel: "noopener noreferrer", class: "reference" }, text.slice(8))
      : html("span", { class: "reference" }, text);

  /** Says something to screen readers, once it has stood for a moment. */
  const announce = (text) => {
    document.getElementById("status").textContent = text;
  };

  const ruler = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  let lastFont = "";

  /** As much of a text as has room in a line of a drawing: its beginning and its end, which tell names apart. */
  const fitting = (text, room, size, weight) => {
    if (ruler === null) return text;
    const font = `${weight} ${size}px ${family}`;
    // Setting it anew costs more than measuring.
    if (font !== lastFont) ruler.font = font;
    lastFont = font;
    const measure = (part) => ruler.measureText(part).width;
    if (measure(text) <= room) return text;
    const cut = (length) => {
      const end = length >> 1;
      return `${text.slice(0, length - end)}…${end === 0 ? "" : text.slice(-end)}`;
    };
    let [short, long] = [0, text.length];
    while (long - short > 1) {
      const middle = (short + long) >> 1;
      if (measure(cut(middle)) <= room) short = middle;
      else long = middle;
    }
    return cut(short);
  };

  /** How wide a text is in a drawing. */
  const widthOf = (text, size, weight) => {
    if (ruler === null) return text.length * size * 0.6;
    lastFont = "";
    ruler.font = `${weight} ${size}px ${family}`;
    return ruler.measureText(text).width;
  };

  const count = (number, noun) => `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;

  return {
    html,
    svg,
    severity,
    reference,
    announce,
    fitting,
    widthOf,
    count,
    byId: (id) => document.getElementById(id),
  };
}
