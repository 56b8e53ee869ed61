/** Windows takes none of these in a name, and no control character has a place in one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u001f\u007f<>:"\\|?*]/;

/** What Terraform and a person's run leave in a stack's folder: no synthesis writes it. */
const leftByTerraform = /^(\.terraform(\/|$)|\.terraform\.lock\.hcl$|archives\/|terraform\.tfstate)/;

/** What is wrong with paths of a stack's files: they must stay in its folder, on any machine, and none hide another. */
export function pathProblems(paths: readonly string[]): string[] {
  const seen = new Map<string, string>();
  return paths.flatMap((path) => {
    const problem = pathProblem(path);
    const folded = path.toLowerCase().normalize("NFC");
    const other = seen.get(folded);
    seen.set(folded, path);
    return [
      ...(problem === undefined ? [] : [`the path ${JSON.stringify(path)}, which ${problem}`]),
      ...(other === undefined ? [] : [`the paths ${JSON.stringify(other)} and ${JSON.stringify(path)}, which are one`]),
    ];
  });
}

function pathProblem(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.startsWith("/")) return "is absolute";
  if (forbidden.test(path)) return "has a character that no file's name should have";
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    return "doesn't stay in its stack's folder";
  if (path.length > 400) return `has ${path.length} characters, 400 at most`;
  return undefined;
}

/** Whether synthesis wrote a file of a stack's folder, by its path there. */
export function isSynthesized(path: string): boolean {
  return !leftByTerraform.test(path);
}

/** What Terraform reads as configuration beside what was synthesized: it would change the plan. */
export function isConfiguration(path: string): boolean {
  return /\.(tf|tofu)(\.json)?$|\.tfvars(\.json)?$|\.(tftest|tfquery)\.hcl$/.test(path);
}

/** The keys that a store has. */
export const objectKey = (sha256: string) => `objects/${sha256}`;
export const manifestKey = (id: string) => `releases/${id}/manifest.json`;

const keyPattern = /^(objects\/[0-9a-f]{64}|releases\/[0-9a-f]{64}\/manifest\.json)$/;

/** Whether a release's store has a place for it. */
export function isKey(key: string): boolean {
  return keyPattern.test(key);
}
