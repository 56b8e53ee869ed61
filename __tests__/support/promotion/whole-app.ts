import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FolderStore } from "../../../tap/release/folder-store";
import { readManifest } from "../../../tap/release/read";
import type { Tried } from "./prove";
import { PromotionWorld } from "./world";

/** The project's own stacks of dev: released, promoted from nothing, and promoted once more, which changes nothing. */
export async function proveWholeApp(onTried: (tried: Tried) => void): Promise<Tried[]> {
  const world = await PromotionWorld.start();
  const tried: Tried[] = [];
  const attempt = async (name: string, run: () => Promise<string>) => {
    const start = Date.now();
    const result = await run().then(
      (outcome) => ({ passed: true, outcome }),
      (error: Error) => ({ passed: false, outcome: error.message }),
    );
    const one = { name, ...result, seconds: (Date.now() - start) / 1_000 };
    tried.push(one);
    onTried(one);
  };
  try {
    let release = "";
    await attempt("the whole app is released", async () => {
      const { exitCode, stdout, stderr } = await world.start(["release", "create", "--store", world.source, "--json"])
        .ended;
      if (exitCode !== 0) throw new Error(stderr);
      release = (JSON.parse(stdout) as { id: string }).id;
      return release.slice(0, 12);
    });
    const lambda = await startLambda(world.source, release);
    const { port } = lambda.address() as AddressInfo;
    const variables = { AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}` };
    for (const name of ["the whole app is promoted to dev, from nothing", "and once more: nothing changes"])
      await attempt(name, async () => {
        const { exitCode, result, stdout, stderr } = await world.promote(
          "dev",
          release,
          ["--automatic-up-to", "irreversible"],
          variables,
        );
        if (exitCode !== 0) throw new Error(`${stdout}${stderr}`.slice(-4_000));
        const applied = result?.run.events.filter((event) => event.type === "done" && event.step === "apply").length;
        return `${result?.status}, ${applied} applies`;
      });
    lambda.close();
  } finally {
    await world.stop();
  }
  return tried;
}

/** Says of each function that its alias has the release's code: the stand-in provider makes no functions. */
async function startLambda(store: string, release: string): Promise<Server> {
  const { archives } = await readManifest(new FolderStore(store), release);
  const codes = new Map(archives.map(({ functionName, base64Sha256 }) => [functionName, base64Sha256]));
  const server = createServer((request, response) => {
    const name = /\/functions\/([^/]+)\/configuration/.exec(decodeURIComponent(request.url ?? ""))?.[1] ?? "";
    response.writeHead(codes.has(name) ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ FunctionName: name, CodeSha256: codes.get(name), Version: "1" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
