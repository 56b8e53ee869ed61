import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { put, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const parameter = put(
  async (given, place) => {
    const name = given.text("name");
    const value = given.textIf("insecure_value") ?? given.text("value");
    await place.client(SSMClient).send(
      new PutParameterCommand({
        Name: name,
        Description: given.textIf("description"),
        Type: given.text("type") as "String",
        Value: value,
        KeyId: given.textIf("key_id"),
        Overwrite: true,
      }),
    );
    // The provider has an ARN without the slash that names begin with.
    const arn = `arn:aws:ssm:${place.region}:${place.accountId}:parameter/${name.replace(/^\//, "")}`;
    return { id: name, arn, insecure_value: value, value };
  },
  {
    ignored: tagsIgnored,
    replacedBy: ["name"],
    async remove(place, before) {
      await place.client(SSMClient).send(new DeleteParameterCommand({ Name: textOf(before, "name") }));
    },
  },
);

export const types: ResourceTypes = { aws_ssm_parameter: parameter };
