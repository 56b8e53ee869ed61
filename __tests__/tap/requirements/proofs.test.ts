import { readFileSync } from "node:fs";
import { join } from "node:path";
import { proofsOf, titleOf } from "../../../tap/requirements/proofs";
import { projectRoot } from "../../support/project";

const document = ["| PLAT-01 | One. |", "| PLAT-02 | Two. |", "text about PLAT-03", "|---|---|"].join("\n");
const passed = (title: string) => ({ title, passed: true });

test("every row of the document is listed, in its order", () => {
  expect(proofsOf(document, [], []).map(({ id, status }) => [id, status])).toEqual([
    ["PLAT-01", "open"],
    ["PLAT-02", "open"],
  ]);
  const real = readFileSync(join(projectRoot, "docs", "requirements.md"), "utf8");
  const ids = proofsOf(real, [], []).map(({ id }) => id);
  expect(ids).toHaveLength(new Set(ids).size);
  expect(ids).toHaveLength(23 + 16 + 10 + 12 + 8 + 5);
});

test("a title is a claim; a mutation that was seen red is a proof", () => {
  const status = (tests: Parameters<typeof proofsOf>[1], mutations: Parameters<typeof proofsOf>[2] = []) =>
    proofsOf(document, tests, mutations)[0]?.status;
  expect(status([passed("PLAT-01 holds in dev")])).toBe("claimed");
  expect(status([passed("PLAT-01 holds in dev"), passed("PLAT-01 is red when a tag is missing, in dev")])).toBe(
    "proven",
  );
  expect(status([passed("PLAT-01 holds")], [{ id: "PLAT-01", mutation: "m", red: true }])).toBe("proven");
  expect(status([passed("PLAT-01 holds")], [{ id: "PLAT-02", mutation: "m", red: true }])).toBe("claimed");
  expect(status([], [{ id: "PLAT-01", mutation: "m", red: true }])).toBe("open");
});

test("one test that fails, or one mutation that nothing noticed, spoils the proof", () => {
  const red = passed("PLAT-01 is red when a tag is missing, in dev");
  expect(proofsOf(document, [red, { title: "PLAT-01 holds in dev", passed: false }], [])[0]?.status).toBe("failing");
  expect(proofsOf(document, [red], [{ id: "PLAT-01", mutation: "m", red: false }])[0]?.status).toBe("failing");
});

test("a title may start with several ids, and one that stands elsewhere in it is none", () => {
  const proofs = proofsOf(document, [passed("PLAT-02, PLAT-01 refuses two zones"), passed("unlike PLAT-02 this")], []);
  expect(proofs.map(({ tests }) => tests)).toEqual([1, 1]);
});

test("the id may stand at a test or at its group", () => {
  expect(titleOf({ title: "PLAT-20 holds", ancestorTitles: ["remote state", "of dev"] })).toBe("PLAT-20 holds");
  expect(titleOf({ title: "holds", ancestorTitles: ["all", "PLAT-01 in dev"] })).toBe("PLAT-01 in dev holds");
  expect(titleOf({ title: "holds", ancestorTitles: ["all"] })).toBe("holds");
});
