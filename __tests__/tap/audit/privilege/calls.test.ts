import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundles } from "../../../functions/bundle";
import { copyProject, projectRoot } from "../../../support/project";

/* What a function's code can call is known from what its bundle has of the SDK. */

type Bundled = Record<string, { folder: string; hash: string; calls: string[] }>;
const bundled = async (root: string) => (await bundles(root)) as Bundled;

const project = copyProject();
afterAll(() => project.remove());

test("each function's calls are those that its code names, also by presigned URLs", async () => {
  const own = await bundled(projectRoot);
  expect(own["records/read"]?.calls).toEqual(["dynamodb:DescribeEndpoints", "dynamodb:GetItem"]);
  expect(own["api/replicate"]?.calls).toEqual(["sns:Publish"]);
  expect(own["jobs/follow"]?.calls).toContain("s3:GetObject");
  for (const { calls } of Object.values(own)) {
    expect(calls.length).toBeGreaterThan(0);
    expect(calls).toEqual([...new Set(calls)].sort());
  }
});

test("they are the same from the cache, and the folder of the code has nothing of them", async () => {
  const first = await bundled(project.root);
  expect(await bundled(project.root)).toEqual(first);
  const code = readFileSync(join(first["api/replicate"]?.folder ?? "", "index.mjs.map"), "utf8");
  expect(code).not.toContain("sns:Publish");
  expect(first["api/replicate"]?.hash).toBe((await bundled(projectRoot))["api/replicate"]?.hash);
});

test("a command that is imported and never used is none; one that is used is, in that function alone", async () => {
  const handler = join(project.root, "functions/records/read/handler.ts");
  const before = await bundled(project.root);
  appendFileSync(handler, 'import { DeleteItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";\n');
  appendFileSync(handler, "export const everything = () => new ScanCommand({ TableName: process.env.TABLE_NAME });\n");
  const after = await bundled(project.root);
  // What nobody takes from the bundle is dropped with it: a handler's module is taken whole.
  expect(after["records/read"]?.calls).toEqual(["dynamodb:DescribeEndpoints", "dynamodb:GetItem", "dynamodb:Scan"]);
  expect(after["records/write"]).toEqual(before["records/write"]);
});
