import { readFile } from "node:fs/promises";

/*
 * What packages bring along for other uses than a Lambda function's, and what keeps esbuild from seeing that nobody
 * uses it. Each change is of one file of a package; where the file no longer looks as it did, the build fails.
 */

/** Calls `change` with each file whose path matches, and takes what it answers for the file. */
const changed = (name, pattern, change, loader = "js") => ({
  name,
  setup({ onLoad }) {
    const filter = new RegExp(pattern.replaceAll("/", "[/\\\\]"));
    onLoad({ filter }, async ({ path }) => ({ contents: change(await readFile(path, "utf8"), path), loader }));
  },
});

const replaced = (name, pattern, contents) => changed(name, pattern, () => contents);

/**
 * Lambda hands its credentials over in variables. The SDK's other ways to find some (profiles, single sign-on, web
 * identity, containers, instances) are 40 % of a client.
 */
const environmentCredentials = replaced(
  "environment-credentials",
  "/@aws-sdk/credential-provider-node/dist-es/index\\.js$",
  'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
);

/** The X-Ray SDK compares two versions, with a package that can do much else. */
const smallerSemver = changed(
  "smaller-semver",
  "/(aws-xray-sdk-core/dist/lib/patchers/aws_p|cls-hooked/index)\\.js$",
  (text) => must(text, /require\(["']semver["']\)/g, '{ gte: require("semver/functions/gte") }'),
);

/**
 * Errors that a client has classes for. Of others an error has its name, message and status all the same, and is one
 * of the service's; who asks for the class of one that isn't here is told by the build that there is none.
 */
const errorClasses = {
  "bedrock-runtime": [],
  dynamodb: ["ConditionalCheckFailedException", "TransactionCanceledException"],
  kinesis: [],
  s3: [],
  "secrets-manager": [],
  sqs: [],
  ssm: ["ParameterNotFound"],
};

/**
 * Schemas of a client: shapes of all its operations. Keys that are computed from constants could have side effects as
 * far as esbuild knows, and each error registers itself: both keep what nobody uses. An operation's own stay.
 */
const smallerSchemas = changed(
  "smaller-schemas",
  "/@aws-sdk/client-[a-z0-9-]+/dist-es/schemas/schemas_0\\.js$",
  (text, path) => {
    const constants = new Map(
      [...text.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, value]) => [name, value]),
    );
    const literal = must(text, /\[(_\w+)\]:/g, (_, name) => `${constants.get(name)}:`);
    const kept = errorClassesOf(path);
    if (kept === undefined) return literal;
    const registered = must(literal, /^n0_registry\.registerError\(.*, (\w+)\);\n/gm, (line, name) =>
      kept.includes(name) ? line : "",
    );
    return must(
      registered,
      /^import \{[^}]*\} from "\.\.\/models\/errors";\n/m,
      `import { ${kept.join(", ")} } from "../models/errors";\n`,
    );
  },
);

const fewerErrors = changed(
  "fewer-errors",
  `/@aws-sdk/client-(${Object.keys(errorClasses).join("|")})/dist-es/models/errors\\.js$`,
  (text, path) => {
    const kept = errorClassesOf(path);
    return must(text, /^export class (\w+) extends [\s\S]*?^\}\n/gm, (whole, name) =>
      kept.includes(name) ? whole : "",
    );
  },
);

const errorClassesOf = (path) => errorClasses[path.match(/@aws-sdk[/\\]client-([a-z0-9-]+)/)?.[1]];

/** A client says its version in requests, and has the whole list of its packages for it. */
const onlyVersions = changed(
  "only-versions",
  "/@aws-sdk/client-[a-z0-9-]+/package\\.json$",
  (text) => JSON.stringify({ version: JSON.parse(text).version }),
  "json",
);

/** S3's SelectObjectContent and Kinesis's SubscribeToShard stream events; nobody here calls them. */
const noEventStreams = replaced(
  "no-event-streams",
  "/@smithy/core/dist-es/submodules/event-streams/index\\.js$",
  `export const resolveEventStreamSerdeConfig = (config) => config;
   export const eventStreamSerdeProvider = () => undefined;
   export class EventStreamSerde {
     constructor() { throw new Error("bin/smaller-packages.mjs leaves event streams out"); }
   }`,
);

/** The same of Bedrock: answers that come bit by bit, and conversations over web sockets. */
const noConversations = [
  replaced(
    "no-web-sockets",
    "/@aws-sdk/middleware-websocket/dist-es/index\\.js$",
    `export const resolveWebSocketConfig = (config) => config;
     export const getWebSocketPlugin = () => ({ applyToStack() {} });`,
  ),
  replaced(
    "no-event-stream-plugin",
    "/@aws-sdk/middleware-eventstream/dist-es/index\\.js$",
    `export const resolveEventStreamConfig = (config) => config;
     export const getEventStreamPlugin = () => ({ applyToStack() {} });`,
  ),
  replaced(
    "no-event-stream-handler",
    "/@aws-sdk/eventstream-handler-node/dist-es/index\\.js$",
    "export const eventStreamPayloadHandlerProvider = () => undefined;",
  ),
];

/** A client of Kinesis is given its handler, that of HTTP/1.1; the other would come along all the same. */
const noHttp2 = changed("no-http2", "/@aws-sdk/client-kinesis/dist-es/runtimeConfig\\.js$", (text) =>
  must(text, /NodeHttp2Handler as RequestHandler/g, "NodeHttpHandler as RequestHandler"),
);

/** Node has the first three built in: these are for where it was built without. The last is asked for by nobody. */
const noSoftwareHashes = changed("no-software-hashes", "/(Sha256Js|Sha1Js|Md5Js|Crc64NvmeJs)\\.js$", (text) => {
  const name = must(text, /^[\s\S]*export class (\w+)[\s\S]*$/, "$1");
  return `export class ${name} { constructor() { throw new Error("bin/smaller-packages.mjs leaves ${name} out"); } }`;
});

/** Servers decide by rules which requests are traced; in Lambda that was decided before. */
const noSamplingRules = replaced(
  "no-sampling-rules",
  "/aws-xray-sdk-core/dist/lib/middleware/sampling/(default|local)_sampler\\.js$",
  'exports.shouldSample = () => { throw new Error("bin/smaller-packages.mjs leaves rules of sampling out"); };',
);

/** What the X-Ray SDK takes into a trace of S3's sixty operations: those on objects are called, those on buckets aren't. */
const objectsAlone = changed(
  "objects-alone",
  "/aws-xray-sdk-core/dist/lib/resources/aws_whitelist\\.json$",
  (text) => {
    const { services } = JSON.parse(text);
    const operations = Object.entries(services.s3.operations).filter(([name]) => /Objects?$/i.test(name));
    return JSON.stringify({ services: { ...services, s3: { operations: Object.fromEntries(operations) } } });
  },
  "json",
);

/** For multi-region access points of S3, which there are none of here. */
const oneRegion = replaced(
  "one-region",
  "/@aws-sdk/signature-v4-multi-region/dist-es/SignatureV4MultiRegion\\.js$",
  'export { SignatureV4SignWithCredentials as SignatureV4MultiRegion } from "./SignatureV4SignWithCredentials";',
);

/** DynamoDB's endpoints are looked up where one asks for it; a cache for a thousand of them is always there. */
const smallerCache = replaced(
  "smaller-cache",
  "/mnemonist/lru-cache\\.js$",
  "module.exports = class extends Map { constructor() { super(); } };",
);

/** Says on a terminal what a package does, in colours where supports-color lies about; nobody reads it in Lambda. */
const noDebugLines = replaced(
  "no-debug-lines",
  "/node_modules/debug/src/index\\.js$",
  "module.exports = () => Object.assign(() => undefined, { enabled: false });",
);

/** Like replaceAll; what isn't there is an error: the package is another than the one that this was written for. */
function must(text, pattern, replacement) {
  if (text.search(pattern) === -1) throw new Error(`There is no ${pattern}`);
  return text.replace(pattern, replacement);
}

export const smallerPackages = [
  environmentCredentials,
  smallerSemver,
  smallerSchemas,
  fewerErrors,
  onlyVersions,
  noEventStreams,
  ...noConversations,
  noHttp2,
  noSoftwareHashes,
  noSamplingRules,
  objectsAlone,
  oneRegion,
  smallerCache,
  noDebugLines,
];
