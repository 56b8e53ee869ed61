import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { present, put, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const rule = put(
  async (given, place) => {
    const name = given.text("name");
    const { RuleArn } = await place.client(EventBridgeClient).send(
      new PutRuleCommand({
        Name: name,
        Description: given.textIf("description"),
        ScheduleExpression: given.textIf("schedule_expression"),
        EventPattern: given.textIf("event_pattern"),
        State: given.textIf("state") as "ENABLED" | undefined,
      }),
    );
    return { id: name, arn: present(RuleArn, "RuleArn") };
  },
  {
    ignored: tagsIgnored,
    replacedBy: ["name"],
    async remove(place, before) {
      await place.client(EventBridgeClient).send(new DeleteRuleCommand({ Name: textOf(before, "name") }));
    },
  },
);

const target = put(
  async (given, place) => {
    const Rule = given.text("rule");
    const Id = given.textIf("target_id") ?? "target";
    const retries = given.block("retry_policy");
    const deadLetters = given.block("dead_letter_config");
    await place.client(EventBridgeClient).send(
      new PutTargetsCommand({
        Rule,
        Targets: [
          {
            Id,
            Arn: given.text("arn"),
            RoleArn: given.textIf("role_arn"),
            Input: given.textIf("input"),
            RetryPolicy: retries && {
              MaximumEventAgeInSeconds: retries.numberIf("maximum_event_age_in_seconds"),
              MaximumRetryAttempts: retries.numberIf("maximum_retry_attempts"),
            },
            DeadLetterConfig: deadLetters && { Arn: deadLetters.textIf("arn") },
          },
        ],
      }),
    );
    return { id: `${Rule}-${Id}`, target_id: Id };
  },
  {
    replacedBy: ["rule", "target_id"],
    async remove(place, before) {
      const [Rule, Ids] = [textOf(before, "rule"), [textOf(before, "target_id")]];
      await place.client(EventBridgeClient).send(new RemoveTargetsCommand({ Rule, Ids }));
    },
  },
);

export const types: ResourceTypes = { aws_cloudwatch_event_rule: rule, aws_cloudwatch_event_target: target };
