import { applyKnown, parseKnownDrift } from "../../../tap/drift/known";
import type { DriftedResource } from "../../../tap/drift/report";

const today = "2026-11-22";
const entry = {
  stack: "tap-jobs-*",
  address: "aws_sqs_queue.Queue",
  attribute: "tags",
  reason: "The cost tool writes its own tag on every queue.",
  owner: "platform-team",
  until: "2027-01-31",
};
const resource = (rest: Partial<DriftedResource> = {}): DriftedResource => ({
  stackId: "tap-jobs-dev-us-east-1",
  address: "aws_sqs_queue.Queue",
  type: "aws_sqs_queue",
  attributes: [
    { path: "tags.Cost", state: null, actual: "1" },
    { path: "delay_seconds", state: 0, actual: 5 },
  ],
  vanished: false,
  ...rest,
});
const compared = ["tap-jobs-dev-us-east-1"];

describe("known drift", () => {
  test("PLAT-09 what is known is taken out attribute by attribute; the rest stays drift", () => {
    const { drifted, known, remarks } = applyKnown([resource()], [entry], compared, today);
    expect(drifted.map(({ attributes }) => attributes.map(({ path }) => path))).toEqual([["delay_seconds"]]);
    expect(known).toMatchObject([{ reason: entry.reason, until: entry.until, attributes: [{ path: "tags.Cost" }] }]);
    expect(remarks).toEqual([]);
  });

  test("PLAT-09 from the day after its last, an entry takes nothing out, and is told of", () => {
    const apply = (until: string) => applyKnown([resource()], [{ ...entry, until }], compared, today);
    expect(apply(today).known).toHaveLength(1);
    const { drifted, known, remarks } = apply("2026-11-21");
    expect(known).toEqual([]);
    expect(drifted[0]?.attributes).toHaveLength(2);
    expect(remarks).toEqual([expect.stringContaining("ended on 2026-11-21")]);
  });

  test("an entry of nothing is told of, where its stack was compared", () => {
    const other = { ...entry, attribute: "kms_master_key_id" };
    expect(applyKnown([resource()], [other], compared, today).remarks).toEqual([
      expect.stringContaining("is of no drift"),
    ]);
    expect(applyKnown([], [entry], ["tap-api-dev-us-east-1"], today).remarks).toEqual([]);
  });

  test("an attribute is itself and what is in it, not what only begins like it", () => {
    const attributes = ["tags_all.X", "tags.X", "tags", "tags[0]"].map((path) => ({ path, state: 1, actual: 2 }));
    const { drifted } = applyKnown([resource({ attributes })], [entry], compared, today);
    expect(drifted[0]?.attributes.map(({ path }) => path)).toEqual(["tags_all.X"]);
  });

  test("what has vanished is known only by an entry of all attributes", () => {
    const gone = resource({ attributes: [], vanished: true });
    expect(applyKnown([gone], [entry], compared, today).drifted).toHaveLength(1);
    expect(applyKnown([gone], [{ ...entry, attribute: "*" }], compared, today).known).toHaveLength(1);
  });

  test("* is any letters, and everything else is itself", () => {
    const about = (address: string) => applyKnown([resource()], [{ ...entry, address }], compared, today).known.length;
    expect(about("aws_sqs_queue.*")).toBe(1);
    expect(about("aws_sqs_queueXQueue")).toBe(0);
    expect(about("aws_sqs_queue.Que")).toBe(0);
  });

  test("all that is wrong with the file is told at once", () => {
    const wrong = {
      known: [
        { ...entry, reason: "ok", until: "2026-02-30" },
        { ...entry, attribut: "x" },
      ],
    };
    expect(() => parseKnownDrift(wrong, today)).toThrow(/known\.0\.reason[\s\S]*known\.0\.until[\s\S]*known\.1/);
    expect(() => parseKnownDrift({ known: [{ ...entry, until: "2028-01-01" }] }, today)).toThrow(
      "2027-11-23 or earlier",
    );
    expect(parseKnownDrift({ known: [] }, today)).toEqual([]);
  });
});
