import { megabytes, seconds, table, times } from "../support/table.mjs";
import { perDoubling } from "../synth/report.mjs";

/** How many times faster than Checkov, by the number of environments; and the share of its memory. */
export const wanted = { faster: { few: 20, many: 100 }, memory: 0.5, perDoubling: 2.2 };

/** Every wanted figure beside the measured one, and what it was measured on. */
export function judge({ few, many, scaling }) {
  const least = scaling[0];
  const most = scaling.at(-1);
  const growth = perDoubling(least.environments, most.environments, least.milliseconds, most.milliseconds);
  return [
    ...against(few, wanted.faster.few),
    ...against(many, wanted.faster.many),
    figure(
      `${least.environments} to ${most.environments} environments: time per doubling at most ${wanted.perDoubling}×`,
      times(growth),
      growth <= wanted.perDoubling,
    ),
  ];
}

function against({ environments, tap, checkov, isTrend }, faster) {
  const speed = checkov.milliseconds / tap.milliseconds;
  const memory = tap.tree / checkov.tree;
  const label = `${environments} environments${isTrend ? " (Checkov's by its trend)" : ""}`;
  return [
    figure(`${label}: ${faster}× faster than Checkov`, times(speed), speed >= faster),
    ...(tap.tree === 0
      ? []
      : [figure(`${label}: half of Checkov's memory at most`, times(memory), memory <= wanted.memory)]),
  ];
}

function figure(text, measured, reached) {
  return { wanted: text, measured, reached };
}

/**
 * What a judge would take for more environments than it was measured on: the growth from its last size but one to its
 * last goes on; after a single size, the same for each environment. An estimate, and to be called one.
 */
export function trend(sizes, environments) {
  const last = sizes.at(-1);
  const before = sizes.at(-2);
  const extended = (key) => {
    if (before === undefined) return last[key] * (environments / last.environments);
    const growth = Math.log(last[key] / before[key]) / Math.log(last.environments / before.environments);
    return last[key] * (environments / last.environments) ** growth;
  };
  return {
    environments,
    milliseconds: extended("milliseconds"),
    processor: extended("processor"),
    tree: extended("tree"),
    largest: extended("largest"),
  };
}

/** All results as text. */
export function format({ machine, app, rounds, few, checkov, many, scaling, figures }) {
  return [
    `${few.environments} environments: ${app.stacks} stacks, ${app.resources} resources; Checkov ${app.checkov} (terraform_json) on the same files`,
    `Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}; median of ${rounds === 1 ? "1 round" : `${rounds} rounds`}, interleaved, cold processes, warm disk cache`,
    ...(machine.busy > 0.1
      ? [
          `The machine was up to ${Math.round(machine.busy * 100)} % busy with other work: times are longer than they would be`,
        ]
      : []),
    "",
    table(
      ["", "time", "lowest", "highest", "processor", "of Checkov's", "memory, tree", "of Checkov's"],
      few.variants.map((variant) => row(variant, few.checkov)),
    ),
    "",
    `Growth of "tap audit", ${scaling[0].rounds === 1 ? "1 round" : `median of ${scaling[0].rounds} rounds`}; least privilege among what it judges`,
    table(headOfGrowth, scaling.map(growthRow)),
    "",
    "Growth of Checkov, 1 round beyond the smallest",
    table(headOfGrowth, [...checkov, ...(many.isTrend ? [{ ...many.checkov, isTrend: true }] : [])].map(growthRow)),
    ...(many.isTrend
      ? [
          `* not measured, but expected: its growth up to ${checkov.at(-1).environments} environments goes on. ${many.why}`,
        ]
      : []),
    "",
    table(
      ["wanted", "measured", ""],
      figures.map(({ wanted: text, measured, reached }) => [text, measured, reached ? "reached" : "missed"]),
    ),
  ].join("\n");
}

function row({ name, milliseconds, lowest, highest, processor, tree }, checkov) {
  return [
    name,
    seconds(milliseconds),
    seconds(lowest),
    seconds(highest),
    seconds(processor),
    `1/${(checkov.milliseconds / milliseconds).toFixed(1)}`,
    megabytes(tree),
    tree > 0 ? times(tree / checkov.tree) : "",
  ];
}

const headOfGrowth = ["environments", "stacks", "time", "per environment", "per doubling", "processor", "memory, tree"];

function growthRow({ environments, stacks, milliseconds, processor, tree, isTrend }, index, all) {
  const before = all[index - 1];
  return [
    `${environments}${isTrend ? " *" : ""}`,
    String(stacks ?? ""),
    seconds(milliseconds),
    seconds(milliseconds / environments),
    before === undefined
      ? ""
      : times(perDoubling(before.environments, environments, before.milliseconds, milliseconds)),
    seconds(processor),
    megabytes(tree),
  ];
}
