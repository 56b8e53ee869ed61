import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../../support/project";
import { loudlySkipped } from "../../../support/skipped";
import { refusal, switchesOf } from "./schema";

const data = join(projectRoot, "..", "shared", "terraform", "provider", "data");

const describeWithSchema = existsSync(data)
  ? describe
  : loudlySkipped("There is no ../shared/terraform: the provider's schema is compared with nothing");

describeWithSchema("the extract", () => {
  test("is what the provider's schema says; extract-schema.mjs writes it anew", () => {
    const folder = mkdtempSync(join(tmpdir(), "tap-schema-"));
    try {
      const file = join(folder, "schema.json");
      const synthesized = join(projectRoot, ".cache", "test-synth", "declared");
      execFileSync(process.execPath, [join(__dirname, "extract-schema.mjs"), data, synthesized, file]);
      expect(JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8"))).toEqual(
        JSON.parse(readFileSync(file, "utf8")),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test("Terraform refuses what lacks a required argument, and values that a type doesn't take", () => {
  const parameter = { name: "a", type: "String", insecure_value: "b" };
  expect(refusal("aws_ssm_parameter", "type", undefined, parameter)).toMatch(/required/);
  expect(refusal("aws_ssm_parameter", "type", "String-x", parameter)).toMatch(/can't be/);
  expect(refusal("aws_ssm_parameter", "type", "SecureString", parameter)).toBeUndefined();
  expect(refusal("aws_ssm_parameter", "description", undefined, parameter)).toBeUndefined();
  expect(refusal("aws_lambda_function", "timeout", 1_801, {})).toMatch(/can't be/);
  expect(refusal("aws_lambda_function", "timeout", 60, {})).toBeUndefined();
  expect(switchesOf("aws_kms_key").is_enabled).toBe(true);
});
