import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  ListPolicyVersionsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { present, put, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const role: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["name"],
  async create(given, place) {
    const name = given.text("name");
    const { Role } = await place.client(IAMClient).send(
      new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: given.text("assume_role_policy"),
        Description: given.textIf("description"),
        MaxSessionDuration: given.numberIf("max_session_duration"),
        PermissionsBoundary: given.textIf("permissions_boundary"),
      }),
    );
    return { id: name, arn: present(Role?.Arn, "Arn"), unique_id: present(Role?.RoleId, "RoleId") };
  },
  async update(given, place, before) {
    const client = place.client(IAMClient);
    const RoleName = given.text("name");
    const PolicyDocument = given.text("assume_role_policy");
    await client.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const [Description, MaxSessionDuration] = [given.textIf("description"), given.numberIf("max_session_duration")];
    await client.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }));
    const PermissionsBoundary = given.textIf("permissions_boundary");
    if (PermissionsBoundary !== undefined)
      await client.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
    else if (before.values.permissions_boundary !== undefined)
      await client.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    return before.computed;
  },
  async remove(place, before) {
    await place.client(IAMClient).send(new DeleteRoleCommand({ RoleName: textOf(before, "name") }));
  },
};

const rolePolicy = put(
  async (given, place) => {
    const [RoleName, PolicyName] = [given.text("role"), given.text("name")];
    const PolicyDocument = given.text("policy");
    await place.client(IAMClient).send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
    return { id: `${RoleName}:${PolicyName}` };
  },
  {
    replacedBy: ["role", "name"],
    async remove(place, before) {
      const [RoleName, PolicyName] = [textOf(before, "role"), textOf(before, "name")];
      await place.client(IAMClient).send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    },
  },
);

const policy: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["name", "description"],
  async create(given, place) {
    const { Policy } = await place.client(IAMClient).send(
      new CreatePolicyCommand({
        PolicyName: given.text("name"),
        Description: given.textIf("description"),
        PolicyDocument: given.text("policy"),
      }),
    );
    const arn = present(Policy?.Arn, "Arn");
    return { id: arn, arn };
  },
  async update(given, place, before) {
    const client = place.client(IAMClient);
    given.ignore(["name", "description"]);
    const PolicyArn = textOf(before, "arn");
    // IAM keeps five versions.
    const { Versions = [] } = await client.send(new ListPolicyVersionsCommand({ PolicyArn }));
    for (const { VersionId, IsDefaultVersion } of Versions)
      if (IsDefaultVersion !== true) await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    const PolicyDocument = given.text("policy");
    await client.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
    return before.computed;
  },
  async remove(place, before) {
    const client = place.client(IAMClient);
    const PolicyArn = textOf(before, "arn");
    const { Versions = [] } = await client.send(new ListPolicyVersionsCommand({ PolicyArn }));
    for (const { VersionId, IsDefaultVersion } of Versions)
      if (IsDefaultVersion !== true) await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    await client.send(new DeletePolicyCommand({ PolicyArn }));
  },
};

const attachment: ResourceType = {
  async create(given, place) {
    const [RoleName, PolicyArn] = [given.text("role"), given.text("policy_arn")];
    await place.client(IAMClient).send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    return { id: `${RoleName}-${PolicyArn}` };
  },
  async remove(place, before) {
    const [RoleName, PolicyArn] = [textOf(before, "role"), textOf(before, "policy_arn")];
    await place.client(IAMClient).send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  },
};

const openIdConnectProvider: ResourceType = {
  ignored: tagsIgnored,
  async create(given, place) {
    const answer = await place.client(IAMClient).send(
      new CreateOpenIDConnectProviderCommand({
        Url: given.text("url"),
        ClientIDList: given.texts("client_id_list"),
        ThumbprintList: given.texts("thumbprint_list"),
      }),
    );
    const arn = present(answer.OpenIDConnectProviderArn, "OpenIDConnectProviderArn");
    return { id: arn, arn };
  },
  async remove(place, before) {
    const OpenIDConnectProviderArn = textOf(before, "arn");
    await place.client(IAMClient).send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  },
};

export const types: ResourceTypes = {
  aws_iam_openid_connect_provider: openIdConnectProvider,
  aws_iam_policy: policy,
  aws_iam_role: role,
  aws_iam_role_policy: rolePolicy,
  aws_iam_role_policy_attachment: attachment,
};
