/*
 * Adds up what the runs before it reported, and prints the line that CI reads. Called with the number of steps
 * that failed; a step that failed without a failing test, a linter for one, counts as one failure.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const reports = join(dirname(dirname(fileURLToPath(import.meta.url))), "reports");
const failedSteps = Number(process.argv[2] ?? 0);
const read = (name) => JSON.parse(readFileSync(join(reports, name), "utf8"));

const jest = readdirSync(reports)
  .filter((name) => name.startsWith("jest-"))
  .map(read);
const mutations = readdirSync(reports).includes("mutations.json") ? read("mutations.json") : [];
const sum = (count) => jest.reduce((total, report) => total + count(report), 0);

const passed = sum((report) => report.numPassedTests) + mutations.filter(({ red }) => red).length;
const failedTests =
  sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites) +
  mutations.filter(({ red }) => !red).length;
const failed = failedSteps > 0 ? Math.max(failedTests, failedSteps) : failedTests;
const skipped = sum((report) => report.numPendingTests);

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
