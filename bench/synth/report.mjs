import { megabytes, seconds, table, times } from "../support/table.mjs";

/**
 * Every wanted figure beside the measured one.
 * @returns {{ wanted: string, measured: string, reached: boolean }[]}
 */
export function judge({ variants, scaling }) {
  const { stock, plain, floor, cold, warm } = variants;
  const longest = scaling.at(-1);
  return [
    atLeast(`${cold.name}: 15× faster than (a)`, stock.milliseconds / cold.milliseconds, 15),
    atLeast(`${warm.name}: 15× faster than (a)`, stock.milliseconds / warm.milliseconds, 15),
    atLeast(`${cold.name}: never slower than (b)`, plain.milliseconds / cold.milliseconds, 1),
    atLeast(`${warm.name}: never slower than (b)`, plain.milliseconds / warm.milliseconds, 1),
    atMost(`${warm.name}: at most 6× (c)`, warm.milliseconds / floor.milliseconds, 6),
    ...memoryFigures(variants, scaling),
    ...scaling
      .slice(1)
      .map((size, index) =>
        atMost(
          `${scaling[index].environments} to ${size.environments} environments: time per doubling at most 2.2×`,
          size.perDoubling.time,
          2.2,
        ),
      ),
    atMost(
      `${scaling[0].environments} to ${longest.environments} environments: time per doubling at most 2.2×`,
      perDoubling(scaling[0].stacks, longest.stacks, scaling[0].milliseconds, longest.milliseconds),
      2.2,
    ),
  ];
}

/** Growth from one size to another, as if the second were twice the first. */
export function perDoubling(size, largerSize, value, largerValue) {
  return 2 ** (Math.log2(largerValue / value) / Math.log2(largerSize / size));
}

function memoryFigures({ stock, cold, warm }, scaling) {
  if (stock.tree === 0) return [];
  const [half, full] = scaling.slice(-2);
  return [
    atLeast(`${cold.name}: a tenth of (a)'s memory`, stock.tree / cold.tree, 10),
    atLeast(`${warm.name}: a tenth of (a)'s memory`, stock.tree / warm.tree, 10),
    // As many children as cores work at once: the sum of the tree is flat from there on, each process always.
    atMost(
      `${half.environments} to ${full.environments} environments: flat memory (1.1× at most)`,
      full.tree / half.tree,
      1.1,
    ),
  ];
}

function atLeast(wanted, measured, limit) {
  return { wanted, measured: times(measured), reached: measured >= limit };
}

function atMost(wanted, measured, limit) {
  return { wanted, measured: times(measured), reached: measured <= limit };
}

/** All results as text. */
export function format(results) {
  const { app, machine, rounds, variants, breakdown, scaling, figures } = results;
  const { stock, floor, warm } = variants;
  return [
    `${app.stacks} stacks of ${app.environments} environments: ${app.resources} resources, ${megabytesExactly(app.bytes)} of JSON`,
    `Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}; median of ${rounds === 1 ? "1 round" : `${rounds} rounds`}, interleaved, cold processes, warm disk cache`,
    ...(machine.busy > 0.1
      ? [`The machine was up to ${percent(machine.busy)} busy with other work: times are longer than they would be`]
      : []),
    `Same JSON from (a), (b) and both of ours: ${app.same}`,
    "",
    table(
      ["", "time", "lowest", "highest", "of (a)", "of (c)", "memory, tree", "largest process"],
      Object.values(variants).map((variant) => variantRow(variant, stock, floor)),
    ),
    "",
    `Where the time of "${warm.name}" goes (shares of a profiled run, of ${seconds(warm.milliseconds)}):`,
    table(
      ["", "time", "share"],
      breakdown.map(({ purpose, milliseconds, share }) => [purpose, ms(milliseconds), percent(share)]),
    ),
    "",
    `Scaling: "${warm.name}", median of ${scaling[0].rounds} rounds`,
    table(
      [
        "environments",
        "stacks",
        "time",
        "per stack",
        "per doubling",
        "memory, tree",
        "per doubling",
        "largest process",
      ],
      scaling.map(scalingRow),
    ),
    "",
    table(
      ["wanted", "measured", ""],
      figures.map(({ wanted, measured, reached }) => [wanted, measured, reached ? "reached" : "missed"]),
    ),
  ].join("\n");
}

function variantRow({ name, milliseconds, lowest, highest, tree, largest }, stock, floor) {
  return [
    name,
    seconds(milliseconds),
    seconds(lowest),
    seconds(highest),
    `1/${(stock.milliseconds / milliseconds).toFixed(1)}`,
    times(milliseconds / floor.milliseconds),
    megabytes(tree),
    megabytes(largest),
  ];
}

function scalingRow({ environments, stacks, milliseconds, tree, largest, perDoubling: growth }) {
  return [
    String(environments),
    String(stacks),
    seconds(milliseconds),
    ms(milliseconds / stacks),
    growth ? times(growth.time) : "",
    megabytes(tree),
    growth && tree > 0 ? times(growth.memory) : "",
    megabytes(largest),
  ];
}

const ms = (milliseconds) => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const megabytesExactly = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
