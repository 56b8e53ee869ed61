import type { Filter } from "./filter";

/** What is on the screen. The address bar has it too: a link leads others to the same. */
export interface State extends Filter {
  readonly view: string;
  /** Address of the chosen resource; empty for none. */
  readonly node: string;
}

/** From the address bar's part after `#`, and into it. Runs in browsers, and may use nothing from outside itself (script.ts). */
export function makeState(views: readonly string[], severities: readonly string[]) {
  return {
    parse(hash: string): State {
      const given = new URLSearchParams(hash.replace(/^#/, ""));
      const view = given.get("view") ?? "";
      return {
        view: views.includes(view) ? view : (views[0] ?? ""),
        search: given.get("search") ?? "",
        severities: (given.get("severities") ?? "").split(",").filter((each) => severities.includes(each)),
        rule: given.get("rule") ?? "",
        stack: given.get("stack") ?? "",
        node: given.get("node") ?? "",
      };
    },

    format(state: State): string {
      const entries = Object.entries(state)
        .map(([key, value]): [string, string] => [key, String(value)])
        .filter(([key, value]) => value !== "" && !(key === "view" && value === views[0]));
      return entries.length === 0 ? "" : `#${new URLSearchParams(entries)}`;
    },
  };
}
