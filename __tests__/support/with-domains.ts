import { rmSync } from "node:fs";
import { dev } from "../../config/dev";
import { loadEnvironments } from "../../config/load";
import { prod } from "../../config/prod";
import type { EnvironmentConfig } from "../../config/schema";
import { staging } from "../../config/staging";
import type { Synthesized } from "../../tap/audit/requirement";
import { readStacks } from "../../tap/audit/stack-json";
import { copyProject, tap, temporaryFolder } from "./project";
import { backend } from "./synthesized";

/** By environment; staging has none. Each has two clients, the second of which is called as outputs end. */
const domains = {
  dev: { name: "api.dev.tap-example.com", hostedZoneId: "Z1DEV" },
  prod: { name: "api.example.com", hostedZoneId: "Z2PROD" },
};

const clients = ["web", "name"];

/**
 * All declared environments, dev and prod with domains, by the real command in a copy of the project. The folder is
 * there until `remove`.
 */
export function synthesizeWithDomains(): { outdir: string; subject: Synthesized; remove(): void } {
  const copy = copyProject();
  const outdir = temporaryFolder();
  const remove = () => {
    copy.remove();
    rmSync(outdir, { recursive: true, force: true });
  };
  for (const [name, domain] of Object.entries(domains)) {
    copy.replace(`config/${name}.ts`, /^ {2}api: \{$/m, `$&\n    domain: ${JSON.stringify(domain)},`);
    copy.replace(`config/${name}.ts`, 'clients: ["web"]', `clients: ${JSON.stringify(clients)}`);
  }
  const { exitCode, stderr } = tap(["synth", "--outdir", outdir], { root: copy.root });
  if (exitCode !== 0) {
    remove();
    throw new Error(stderr);
  }
  const withDomain = (config: EnvironmentConfig, domain: (typeof domains)["dev"]) => ({
    ...config,
    api: { ...config.api, domain, clients },
  });
  const sources = [withDomain(dev, domains.dev), staging, withDomain(prod, domains.prod)];
  const subject = { stacks: readStacks(outdir), environments: loadEnvironments({ sources }), backend };
  return { outdir, subject, remove };
}
