import { decode, encode } from "@jridgewell/sourcemap-codec";

/**
 * A source map of some of its sources. Those of dependencies are most of a bundle, and Node reads the whole map when
 * the first error is thrown; code that is left out is shown as it stands in the bundle.
 * @param {string} json
 * @param {(source: string) => string | undefined} rename a source's name in the result, or undefined to leave it out
 */
export function keepSources(json, rename) {
  const { version, sources, names, mappings } = JSON.parse(json);
  const renamed = sources.map(rename);
  const kept = renamed.filter((source) => source !== undefined);
  const keptNames = new Map();
  const indexOfName = (name) => keptNames.get(name) ?? keptNames.set(name, keptNames.size).get(name);
  const keep = ([column, source, line, sourceColumn, name]) => {
    if (source === undefined || renamed[source] === undefined) return [column];
    const place = [column, kept.indexOf(renamed[source]), line, sourceColumn];
    return name === undefined ? place : [...place, indexOfName(names[name])];
  };
  // A place without a source ends the one before it; a second one, or one at the start, would say nothing more.
  const saysMore = (segment, index, segments) => segment.length > 1 || segments[index - 1]?.length > 1;
  const lines = decode(mappings).map((segments) => segments.map(keep).filter(saysMore));
  return JSON.stringify({ version, sources: kept, names: [...keptNames.keys()], mappings: encode(lines) });
}
