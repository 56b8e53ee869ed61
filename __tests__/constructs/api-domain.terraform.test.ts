import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attributes } from "../../tap/graph/terraform-json";
import { temporaryFolder } from "../support/project";
import { describeWithTerraform, type TerraformFolder, terraformFolder } from "../support/terraform";
import { synthesizeWithDomains } from "../support/with-domains";

jest.setTimeout(240_000);

describeWithTerraform("real Terraform", () => {
  const { outdir, remove } = synthesizeWithDomains();
  afterAll(remove);

  const folderIn = (region: string, variables: Record<string, string> = {}) =>
    terraformFolder(join(outdir, "stacks", `tap-api-prod-${region}`), temporaryFolder(), { variables });
  const outputsOf = (folder: TerraformFolder) =>
    JSON.parse(folder.run("output", "-json")) as Record<string, { value: unknown }>;

  function apply(folder: TerraformFolder): string {
    folder.run("init", "-no-color");
    expect(folder.run("validate", "-no-color")).toContain("Success!");
    const planned = folder.run("plan", "-no-color", "-out=plan");
    expect(planned).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(folder.run("apply", "-no-color", "plan")).toContain("Apply complete!");
    expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
    expect(outputsOf(folder).domain_name?.value).toBe("api.example.com");
    return planned;
  }

  test("PLAT-14 takes prod's API with its domain in both regions: validate, plan, apply, and an empty second plan; the second one's keys have the values that are found by the ids of the first one's", () => {
    const first = folderIn("us-east-1");
    apply(first);
    const ids = Object.entries(outputsOf(first)).filter(([key]) => key.startsWith("api_key_id_"));
    expect(ids.map(([key]) => key)).toEqual(["api_key_id_name", "api_key_id_web"]);

    const second = folderIn("us-west-2", { TF_STANDIN_SSM: parameters(ids.map(([key, { value }]) => [key, value])) });
    changeKeys(second, (key) => Object.assign(key, { value: `${key.value}${key.value}` }));
    expect(apply(second)).toMatch(/\+ value += \(sensitive value\)/);
    const { values } = JSON.parse(second.run("show", "-json")) as State;
    const keys = values.root_module.resources.filter(({ type }) => type === "aws_api_gateway_api_key");
    for (const [output, { value }] of ids) {
      const client = output.replace("api_key_id_", "");
      const read = keys.find(({ mode, values: { id } }) => mode === "data" && id === value);
      const own = keys.find(({ mode, name }) => mode === "managed" && name.includes(`Key-${client}`));
      expect(read?.values).toMatchObject({ region: "us-east-1" });
      // The stand-in makes up values that are shorter than the 20 characters of a key: here each is there twice.
      expect(own?.values).toMatchObject({ region: "us-west-2", value: `${read?.values.value}${read?.values.value}` });
    }
    // As they are once the second region is the primary one: they keep their values.
    changeKeys(second, (key) => delete key.value);
    expect(second.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
  });

  /** What Parameter Store answers: the ids of the first region's keys, and what the network put out. */
  function parameters(ids: readonly (readonly [string, unknown])[]): string {
    const read = jsonOf(join(outdir, "stacks", "tap-api-prod-us-west-2")).data.aws_ssm_parameter ?? {};
    const answers = Object.values(read).map(({ name }) => {
      const [, id] = ids.find(([key]) => name === `/tap/prod/api/${key}`) ?? [];
      return [name, id ?? "subnet-0"] as const;
    });
    const file = join(temporaryFolder(), "parameters.json");
    writeFileSync(file, JSON.stringify(Object.fromEntries(answers)));
    return file;
  }
});

interface State {
  values: {
    root_module: { resources: { mode: string; type: string; name: string; values: Record<string, unknown> }[] };
  };
}

interface Json {
  data: Record<string, Record<string, Attributes>>;
  resource: Record<string, Record<string, Attributes>>;
}

function jsonOf(folder: string): Json {
  return JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Json;
}

function changeKeys({ path }: TerraformFolder, change: (key: Attributes) => void): void {
  const json = jsonOf(path);
  for (const key of Object.values(json.resource.aws_api_gateway_api_key ?? {})) change(key);
  writeFileSync(join(path, "cdk.tf.json"), JSON.stringify(json));
}
