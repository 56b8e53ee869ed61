import { takeDown } from "./local-environment-setup";

/** Leaves no process and no file of the environment that scenarios ran in. */
export default function teardown(): void {
  const root = process.env.LOCAL_PROJECT_ROOT;
  if (root !== undefined) takeDown(root);
}
