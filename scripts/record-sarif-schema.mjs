/*
 * Records the schema of SARIF 2.1.0 (OASIS, errata 01) into __tests__/fixtures/sarif. OASIS publishes it on its site
 * alone; the Go module go-sarif carries its text unchanged. Needs Go; run it when OASIS publishes another erratum.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const carrier = "github.com/owenrumney/go-sarif/v3@v3.3.1";
const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(projectRoot, "__tests__", "fixtures", "sarif");

const folder = mkdtempSync(join(tmpdir(), "sarif-schema-"));
try {
  const go = (...args) => execFileSync("go", args, { cwd: folder, encoding: "utf8" });
  go("mod", "init", "record");
  const { Dir } = JSON.parse(go("mod", "download", "-json", carrier));
  const source = readFileSync(join(Dir, "pkg", "report", "v210", "sarif", "schema.go"), "utf8");
  // One constant between backquotes, in which Go knows no escapes.
  const text = source.slice(source.indexOf("`") + 1, source.lastIndexOf("`"));
  const { id } = JSON.parse(text);
  mkdirSync(target, { recursive: true });
  // As it is, to the byte: OASIS allows copies, with the notice that lies beside it, and no changes.
  writeFileSync(join(target, "sarif-schema-2.1.0.json"), text);
  console.log(`Recorded ${id}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
