/** Tests that can't run for want of something outside: they say so. */
export function loudlySkipped(reason: string): typeof describe.skip {
  process.stderr.write(`\n*** SKIPPED: ${reason}\n\n`);
  return describe.skip;
}
