import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Initializer, lockFileName } from "../../../tap/terraform/initialize";
import { fakeTerraform } from "../../support/fake-terraform";
import { temporaryFolder } from "../../support/project";
import { testContext } from "../../support/three-stacks";

/** In Terraform's place: says who is at it at the same time, and writes a lock file where there is none. */
const script = `
echo x >> "$HOME/inits"
if [ ! -f ${lockFileName} ]; then
  mkdir "$HOME/filling" || touch "$HOME/two-at-once"
  sleep 0.3
  rmdir "$HOME/filling"
  echo "checksums" > ${lockFileName}
fi
mkdir -p .terraform`;

describe("init of many folders, with one cache of providers", () => {
  const home = () => {
    const folder = temporaryFolder();
    return { folder, context: testContext({ ...fakeTerraform(script), HOME: folder }, folder) };
  };
  const stack = (version = "6.25.0") => {
    const folder = join(temporaryFolder(), "stack");
    mkdirSync(folder);
    const terraform = { required_providers: { aws: { source: "aws", version } } };
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify({ terraform }));
    return folder;
  };
  const run = (initializer: Initializer, folder: string) =>
    initializer.initialize(folder, { log: join(folder, "plan.log") });
  const count = (folder: string) => readFileSync(join(folder, "inits"), "utf8").trim().split("\n").length;

  test("it is filled by one at a time, also of several processes; the others take the first one's lock file", async () => {
    const { folder, context } = home();
    const initializers = [new Initializer(context), new Initializer(context)];
    const stacks = [stack(), stack(), stack("6.26.0"), stack(), stack("6.26.0"), stack()];
    await Promise.all(stacks.map((each, index) => run(initializers[index % 2] as Initializer, each)));
    expect(existsSync(join(folder, "two-at-once"))).toBe(false);
    for (const each of stacks) expect(readFileSync(join(each, lockFileName), "utf8")).toBe("checksums\n");
    expect(count(folder)).toBe(stacks.length);
  });

  test("a folder's own lock file stays: a release brings the real provider's", async () => {
    const initializer = new Initializer(home().context);
    const [first, own] = [stack(), stack()];
    writeFileSync(join(own, lockFileName), "of the release\n");
    await run(initializer, first);
    await run(initializer, own);
    expect(readFileSync(join(own, lockFileName), "utf8")).toBe("of the release\n");
  });

  test("what is as the same init left it isn't initialized again; with another backend it is", async () => {
    const { folder, context } = home();
    const each = stack();
    await run(new Initializer(context), each);
    expect(await run(new Initializer(context), each)).toBeUndefined();
    expect(count(folder)).toBe(1);
    await run(new Initializer(context, ["bucket=another"]), each);
    expect(count(folder)).toBe(2);
    const json = JSON.parse(readFileSync(join(each, "cdk.tf.json"), "utf8"));
    writeFileSync(
      join(each, "cdk.tf.json"),
      JSON.stringify({ ...json, terraform: { ...json.terraform, backend: { local: {} } } }),
    );
    expect(await run(new Initializer(context, ["bucket=another"]), each)).toBeDefined();
  });
});
