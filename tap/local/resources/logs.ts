import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Arguments } from "../arguments";
import { type Place, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const logGroup: ResourceType = {
  ignored: { ...tagsIgnored, skip_destroy: "log groups go with the emulator" },
  replacedBy: ["name", "kms_key_id"],
  async create(given, place, begun) {
    const logGroupName = given.text("name");
    const kmsKeyId = given.textIf("kms_key_id");
    await place.client(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName, kmsKeyId }));
    const computed = {
      id: logGroupName,
      arn: `arn:aws:logs:${place.region}:${place.accountId}:log-group:${logGroupName}`,
    };
    begun(computed);
    await setRetention(given, place);
    return computed;
  },
  async update(given, place, before) {
    given.ignore(["kms_key_id"]);
    await setRetention(given, place);
    return before.computed;
  },
  async remove(place, before) {
    const logGroupName = textOf(before, "name");
    await place.client(CloudWatchLogsClient).send(new DeleteLogGroupCommand({ logGroupName }));
  },
};

async function setRetention(given: Arguments, place: Place): Promise<void> {
  const [logGroupName, retentionInDays] = [given.text("name"), given.numberIf("retention_in_days")];
  if (retentionInDays !== undefined && retentionInDays > 0)
    await place.client(CloudWatchLogsClient).send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
}

export const types: ResourceTypes = {
  aws_cloudwatch_log_group: logGroup,
};
