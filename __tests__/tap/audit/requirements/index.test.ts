import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requirements } from "../../../../tap/audit/requirements";
import { projectRoot } from "../../../support/project";

const folder = join(projectRoot, "tap", "audit", "requirements");

test("the list has every rule of the folder, once and in order", () => {
  const ids = readdirSync(folder).flatMap((file) => {
    const [, id] =
      /^export const \w+: Requirement = \{\n {2}id: "([A-Z]+-\d{2})"/m.exec(readFileSync(join(folder, file), "utf8")) ??
      [];
    return id === undefined ? [] : [id];
  });
  expect(requirements.map(({ id }) => id)).toEqual(ids.sort());
});
