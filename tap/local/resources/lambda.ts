import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteAliasCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  LambdaClient,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  UpdateAliasCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import type { Arguments } from "../arguments";
import {
  type Computed,
  type Made,
  type Place,
  present,
  put,
  type ResourceType,
  type ResourceTypes,
  tagsIgnored,
  textOf,
} from "./resource-type";

const lambdaFunction: ResourceType = {
  ignored: {
    ...tagsIgnored,
    architectures: "functions run on this machine's processor",
    source_code_hash: "says that the code is another; the archive itself is compared",
    source_kms_key_arn: "the emulator keeps code unencrypted",
    vpc_config: "functions run in this machine's network",
  },
  replacedBy: ["function_name"],
  async create(given, place, begun) {
    const client = place.client(LambdaClient);
    const { Version, FunctionArn } = await client.send(
      new CreateFunctionCommand({
        ...configuration(given),
        Code: { ZipFile: await place.archive(given.text("filename")) },
        Publish: given.flagIf("publish"),
      }),
    );
    const made = computed(present(FunctionArn, "FunctionArn"), present(Version, "Version"), place);
    begun(made);
    await setConcurrency(given, place, undefined);
    return made;
  },
  async update(given, place, before) {
    const client = place.client(LambdaClient);
    const FunctionName = given.text("function_name");
    await client.send(new UpdateFunctionConfigurationCommand(configuration(given)));
    const ZipFile = await place.archive(given.text("filename"));
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
    await setConcurrency(given, place, before);
    if (given.flagIf("publish") !== true) return before.computed;
    const { Version } = await client.send(new PublishVersionCommand({ FunctionName }));
    return computed(textOf(before, "arn"), present(Version, "Version"), place);
  },
  async remove(place, before) {
    const FunctionName = textOf(before, "function_name");
    await place.client(LambdaClient).send(new DeleteFunctionCommand({ FunctionName }));
  },
};

function configuration(given: Arguments): Omit<CreateFunctionCommandInput, "Code"> {
  const logging = given.block("logging_config");
  return {
    FunctionName: given.text("function_name"),
    Description: given.textIf("description"),
    Role: given.text("role"),
    Runtime: given.text("runtime") as "nodejs24.x",
    Handler: given.text("handler"),
    MemorySize: given.numberIf("memory_size"),
    Timeout: given.numberIf("timeout"),
    KMSKeyArn: given.textIf("kms_key_arn"),
    Environment: { Variables: given.block("environment")?.mapIf("variables") ?? {} },
    DeadLetterConfig: { TargetArn: given.block("dead_letter_config")?.text("target_arn") },
    TracingConfig: { Mode: given.block("tracing_config")?.text("mode") as "Active" | undefined },
    LoggingConfig: logging && {
      LogFormat: logging.text("log_format") as "JSON",
      LogGroup: logging.textIf("log_group"),
      ApplicationLogLevel: logging.textIf("application_log_level") as "INFO" | undefined,
      SystemLogLevel: logging.textIf("system_log_level") as "INFO" | undefined,
    },
    EphemeralStorage: sizeOf(given.block("ephemeral_storage")),
  };
}

function sizeOf(storage: Arguments | undefined): { Size: number } | undefined {
  return storage && { Size: storage.number("size") };
}

async function setConcurrency(given: Arguments, place: Place, before: Made | undefined): Promise<void> {
  const FunctionName = given.text("function_name");
  const ReservedConcurrentExecutions = given.numberIf("reserved_concurrent_executions");
  const client = place.client(LambdaClient);
  if (ReservedConcurrentExecutions !== undefined && ReservedConcurrentExecutions >= 0)
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
  else if (before?.values.reserved_concurrent_executions !== undefined)
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
}

function computed(arnOfAny: string, version: string, { region, accountId }: Place): Computed {
  // The answer to a creation that publishes a version may carry that at the end of its ARN.
  const name = arnOfAny.split(":")[6] ?? "";
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
  return { id: name, arn, version, qualified_arn: `${arn}:${version}`, invoke_arn: invokeArn(arn, region) };
}

function invokeArn(arn: string, region: string): string {
  return `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
}

const alias: ResourceType = {
  replacedBy: ["function_name", "name"],
  async create(given, place) {
    const { AliasArn } = await place.client(LambdaClient).send(new CreateAliasCommand(aliasOf(given)));
    const arn = present(AliasArn, "AliasArn");
    return { id: arn, arn, invoke_arn: invokeArn(arn, place.region) };
  },
  async update(given, place, before) {
    await place.client(LambdaClient).send(new UpdateAliasCommand(aliasOf(given)));
    return before.computed;
  },
  async remove(place, before) {
    const [FunctionName, Name] = [textOf(before, "function_name"), textOf(before, "name")];
    await place.client(LambdaClient).send(new DeleteAliasCommand({ FunctionName, Name }));
  },
};

function aliasOf(given: Arguments) {
  return {
    FunctionName: given.text("function_name"),
    Name: given.text("name"),
    FunctionVersion: given.text("function_version"),
    Description: given.textIf("description"),
  };
}

const permission: ResourceType = {
  async create(given, place) {
    const StatementId = given.text("statement_id");
    await place.client(LambdaClient).send(
      new AddPermissionCommand({
        StatementId,
        Action: given.text("action"),
        FunctionName: given.text("function_name"),
        Principal: given.text("principal"),
        Qualifier: given.textIf("qualifier"),
        SourceArn: given.textIf("source_arn"),
        SourceAccount: given.textIf("source_account"),
      }),
    );
    return { id: StatementId };
  },
  async remove(place, before) {
    await place.client(LambdaClient).send(
      new RemovePermissionCommand({
        StatementId: textOf(before, "statement_id"),
        FunctionName: textOf(before, "function_name"),
        Qualifier: before.values.qualifier === undefined ? undefined : textOf(before, "qualifier"),
      }),
    );
  },
};

const eventSourceMapping: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["event_source_arn", "starting_position"],
  async create(given, place) {
    const { UUID } = await place.client(LambdaClient).send(
      new CreateEventSourceMappingCommand({
        ...mappingOf(given),
        EventSourceArn: given.text("event_source_arn"),
        StartingPosition: given.textIf("starting_position") as "LATEST" | undefined,
      }),
    );
    const uuid = present(UUID, "UUID");
    return { id: uuid, uuid, arn: `arn:aws:lambda:${place.region}:${place.accountId}:event-source-mapping:${uuid}` };
  },
  async update(given, place, before) {
    given.ignore(["event_source_arn", "starting_position"]);
    const UUID = textOf(before, "uuid");
    await place.client(LambdaClient).send(new UpdateEventSourceMappingCommand({ ...mappingOf(given), UUID }));
    return before.computed;
  },
  async remove(place, before) {
    await place.client(LambdaClient).send(new DeleteEventSourceMappingCommand({ UUID: textOf(before, "uuid") }));
  },
};

function mappingOf(given: Arguments): Omit<CreateEventSourceMappingCommandInput, "EventSourceArn"> {
  const failures = given.block("destination_config")?.block("on_failure");
  const scaling = given.block("scaling_config");
  const filters = given.block("filter_criteria")?.blocks("filter");
  const types = given.texts("function_response_types") as "ReportBatchItemFailures"[];
  return {
    FunctionName: given.text("function_name"),
    Enabled: given.flagIf("enabled"),
    BatchSize: given.numberIf("batch_size"),
    BisectBatchOnFunctionError: given.flagIf("bisect_batch_on_function_error"),
    FunctionResponseTypes: types.length === 0 ? undefined : types,
    MaximumBatchingWindowInSeconds: given.numberIf("maximum_batching_window_in_seconds"),
    MaximumRecordAgeInSeconds: given.numberIf("maximum_record_age_in_seconds"),
    MaximumRetryAttempts: given.numberIf("maximum_retry_attempts"),
    ParallelizationFactor: given.numberIf("parallelization_factor"),
    DestinationConfig: failures && { OnFailure: { Destination: failures.text("destination_arn") } },
    ScalingConfig: scaling && { MaximumConcurrency: scaling.numberIf("maximum_concurrency") },
    FilterCriteria: filters && { Filters: filters.map((filter) => ({ Pattern: filter.text("pattern") })) },
  };
}

const eventInvokeConfig = put(
  async (given, place) => {
    const [FunctionName, Qualifier] = [given.text("function_name"), given.textIf("qualifier")];
    await place.client(LambdaClient).send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        Qualifier,
        MaximumEventAgeInSeconds: given.numberIf("maximum_event_age_in_seconds"),
        MaximumRetryAttempts: given.numberIf("maximum_retry_attempts"),
      }),
    );
    return { id: Qualifier === undefined ? FunctionName : `${FunctionName}:${Qualifier}` };
  },
  {
    replacedBy: ["function_name", "qualifier"],
    async remove(place, before) {
      const Qualifier = before.values.qualifier === undefined ? undefined : textOf(before, "qualifier");
      const FunctionName = textOf(before, "function_name");
      await place.client(LambdaClient).send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName, Qualifier }));
    },
  },
);

export const types: ResourceTypes = {
  aws_lambda_alias: alias,
  aws_lambda_event_source_mapping: eventSourceMapping,
  aws_lambda_function: lambdaFunction,
  aws_lambda_function_event_invoke_config: eventInvokeConfig,
  aws_lambda_permission: permission,
};
