import { makeCanvas } from "./browser/canvas";
import { makeDom } from "./browser/dom";
import { makeFilter } from "./browser/filter";
import { makeGraph } from "./browser/graph";
import { makeIndex } from "./browser/index";
import { makeLists } from "./browser/lists";
import { makeNames } from "./browser/names";
import { startPage } from "./browser/page";
import { makePanel } from "./browser/panel";
import { makeState } from "./browser/state";

const tools = {
  makeCanvas,
  makeDom,
  makeFilter,
  makeGraph,
  makeIndex,
  makeLists,
  makeNames,
  makePanel,
  makeState,
};

/**
 * The page's code, as text: functions as they were compiled here. Each uses what it is given and nothing else of its
 * module, because nothing else goes along; those without DOM are tested as they are.
 */
export const pageScript = [
  '"use strict";',
  `const tools = { ${Object.entries(tools)
    .map(([name, tool]) => `${name}: ${tool}`)
    .join(",\n")} };`,
  `(${startPage})(window, tools);`,
].join("\n");
