import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { definitions } from "../../routes/definitions";
import { modelsOf } from "../../routes/models";
import type { ApiDefinition, Route } from "../../routes/route";
import { openApiDocument } from "../../tap/openapi/document";
import { type BuiltRoute, builtRoutes, newApi } from "../support/built-api";
import { copyProject, projectRoot, tap } from "../support/project";
import { environmentNames, stackOf, subjectOf } from "../support/synthesized";

interface Parameter {
  name: string;
  in: string;
  required: boolean;
}

interface Operation {
  operationId: string;
  security: object[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: { $ref: string } }> };
  responses: Record<string, { headers: object; content?: Record<string, { schema: { $ref: string } }> }>;
}

interface OpenApiDocument {
  info: { description: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const documentOf = (definition: ApiDefinition) => openApiDocument(definition) as OpenApiDocument;
/** As it lies in docs. */
const published = (component: string) =>
  JSON.parse(readFileSync(join(projectRoot, "docs", "openapi", `${component}.json`), "utf8")) as OpenApiDocument;
const each = definitions.map((definition) => [definition.component, definition] as const);

/** The validator is an ES module alone, which Jest can't load. */
const validate = `
import { Validator } from "@seriousme/openapi-schema-validator";
import { text } from "node:stream/consumers";
const { valid, errors } = await new Validator().validate(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify({ valid, errors }));
`;

function judge(document: object): { valid: boolean; errors?: unknown } {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", validate], {
    cwd: projectRoot,
    input: JSON.stringify(document),
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

test.each(each)("FIL-11 the document of %s is valid OpenAPI 3.1", (_, definition) => {
  expect(judge(documentOf(definition))).toEqual({ valid: true });
});

test("FIL-11 an invalid document would be noticed", () => {
  const document = documentOf(definitions[0] as ApiDefinition);
  expect(judge({ ...document, paths: { items: {} } }).valid).toBe(false);
});

/** Operations of a document, and methods of a gateway, in the same words. */
interface Twin {
  readonly name: string;
  readonly operationId: unknown;
  readonly withKey: boolean;
  readonly parameters: Readonly<Record<string, boolean>>;
  readonly requestModel: string | undefined;
  /** Status → content type and model. */
  readonly responses: Readonly<Record<string, string>>;
}

const places: Record<string, string> = { path: "path", query: "querystring", header: "header" };

function fromDocument({ paths }: OpenApiDocument): Twin[] {
  const twins = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operationId: operation.operationId,
      withKey: operation.security.length > 0,
      parameters: Object.fromEntries(
        operation.parameters
          .filter(({ name }) => name !== "x-correlation-id")
          // The gateway insists on no header: the function does.
          .map(({ name, in: place, required }) => [`${places[place]}.${name}`, place !== "header" && required]),
      ),
      requestModel: operation.requestBody?.content["application/json"]?.schema.$ref.split("/").at(-1),
      responses: Object.fromEntries(
        Object.entries(operation.responses).map(([status, { content = {} }]) => [
          status,
          Object.entries(content)
            .map(([type, { schema }]) => `${type} ${schema.$ref.split("/").at(-1)}`)
            .join(),
        ]),
      ),
    })),
  );
  return sorted(twins);
}

/** Of `${aws_api_gateway_model.Api_Models_Item_0123ABCD.name}`: Item. */
const modelOf = (reference: unknown) => /_Models_(\w+)_[0-9A-F]{8}\.name/.exec(String(reference))?.[1];

function fromGateway(routes: readonly BuiltRoute[]): Twin[] {
  const twins = routes
    .filter(({ method }) => method !== "OPTIONS")
    .map(({ method, path, attributes, responses }) => ({
      name: `${method} ${path}`,
      operationId: attributes.operation_name,
      withKey: attributes.api_key_required === true,
      parameters: Object.fromEntries(
        Object.entries((attributes.request_parameters ?? {}) as Record<string, boolean>).map(([name, required]) => [
          name.replace("method.request.", ""),
          required,
        ]),
      ),
      requestModel: modelOf((attributes.request_models as Record<string, string> | undefined)?.$default),
      responses: Object.fromEntries(
        Object.entries(responses).map(([status, { response_models }]) => [
          status,
          Object.entries(response_models ?? {})
            .map(([type, model]) => `${type} ${modelOf(model)}`)
            .join(),
        ]),
      ),
    }));
  return sorted(twins);
}

function sorted(twins: readonly Twin[]): Twin[] {
  return [...twins].sort((a, b) => (a.name < b.name ? -1 : 1));
}

test.each(each)(
  "FIL-11 every operation of %s has its twin in the gateway, and the other way round",
  (_, definition) => {
    const { stack } = newApi({ definition });
    expect(fromDocument(documentOf(definition))).toEqual(fromGateway(builtRoutes(stack)));
  },
);

test.each(each)("FIL-11 the schemas of %s are the gateway's models, in the words of another draft", (_, definition) => {
  const { stack } = newApi({ definition });
  const models = Object.values(stack.toTerraform().resource.aws_api_gateway_model) as {
    name: string;
    schema: string;
  }[];
  const { schemas } = documentOf(definition).components;
  expect(models.map(({ name }) => name).sort()).toEqual(Object.keys(schemas).sort());
  for (const { name, schema } of models) {
    const { $schema: _, ...gateway } = JSON.parse(schema);
    const { examples: __, ...document } = schemas[name] as { examples?: unknown };
    expect(JSON.parse(JSON.stringify(document, withoutPropertyNames))).toEqual(gateway);
  }
});

/** Draft 4 has no such keyword; all names are strings anyway. */
function withoutPropertyNames(key: string, value: unknown): unknown {
  return key === "propertyNames" ? undefined : value;
}

test.each(each)("FIL-11 the gateway declares the headers that the document of %s tells of", (_, definition) => {
  const { stack } = newApi({ definition });
  const { paths } = documentOf(definition);
  for (const { method, path, responses } of builtRoutes(stack).filter((route) => route.method !== "OPTIONS"))
    for (const [status, { headers }] of Object.entries(paths[path]?.[method.toLowerCase()]?.responses ?? {}))
      for (const name of Object.keys(headers))
        expect(responses[status]?.response_parameters).toHaveProperty([`method.response.header.${name}`]);
});

test.each(each)("FIL-11 the examples of %s are what their schemas accept", (_, definition) => {
  const parametersOf = (route: Route) =>
    Object.values({ ...route.pathParameters, ...route.queryParameters, ...route.headers });
  const examples = [...modelsOf(definition), ...definition.routes.flatMap(parametersOf)].filter(
    ({ example }) => example !== undefined,
  );
  expect(examples.length).toBeGreaterThan(3);
  for (const { example, schema } of examples) expect(schema.safeParse(example).error).toBeUndefined();
});

test("FIL-11 the published documents are what the tables say, and say that they are generated", () => {
  expect(tap(["openapi", "--check"])).toMatchObject({ exitCode: 0, stderr: "" });
  for (const { component } of definitions) {
    expect(published(component).info.description).toMatch(/^Generated .* by `tap openapi`/);
  }
});

test("FIL-11 every API that there is has a document, the files' with the four methods that callers have", () => {
  expect(each.map(([component]) => component)).toEqual(["api", "files", "jobs", "stream"]);
  expect(fromDocument(published("files")).map(({ name, withKey }) => [name, withKey])).toEqual([
    ["DELETE /files/{id}", true],
    ["GET /files", true],
    ["GET /files/{id}", true],
    ["POST /files", true],
  ]);
});

test.each(environmentNames.flatMap((environment) => each.map(([component]) => [component, environment] as const)))(
  "FIL-11 the published document of %s says what its gateway in %s does",
  (component, environment) => {
    const { json } = stackOf(subjectOf(environment), environment, component);
    const { resource = {} } = json;
    expect(fromDocument(published(component))).toEqual(fromGateway(builtRoutes({ toTerraform: () => ({ resource }) })));
  },
);

describe.each([
  ["jobs", 'summary: "Submits a job"', 'summary: "Takes a job"'],
  ["files", 'operationId: "deleteFile"', 'operationId: "removeFile"'],
  ["files", "/^[A-Za-z0-9_-]{22}$/", "/^[A-Za-z0-9_-]{20}$/"],
])("FIL-11 where the table of %s has changed since: %s", (component, from, to) => {
  const project = copyProject();
  beforeAll(() => project.replace(`routes/${component}.ts`, from, to));
  afterAll(() => project.remove());

  test("tap openapi --check says which document is stale, and writes nothing; tap openapi writes it", () => {
    const path = join(project.root, "docs", "openapi", `${component}.json`);
    const before = readFileSync(path, "utf8");
    const check = tap(["openapi", "--check"], { root: project.root });
    expect(check.exitCode).toBe(1);
    expect(check.stderr).toContain(
      `Not what the tables of routes say: docs/openapi/${component}.json. Run tap openapi.`,
    );
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(tap(["openapi"], { root: project.root })).toMatchObject({
      exitCode: 0,
      stdout: `Written: docs/openapi/${component}.json.\n`,
    });
    expect(readFileSync(path, "utf8")).not.toBe(before);
    expect(tap(["openapi", "--check"], { root: project.root }).exitCode).toBe(0);
  });
});
