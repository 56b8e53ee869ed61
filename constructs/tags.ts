import { type IAspect, TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import type { Component } from "../config/components";
import type { Environment } from "../config/environment";

/** The tags of every taggable resource (PLAT-15), given once, to the provider. Teams and never a person: the same source gives the same bytes. */
export function tagsOf(environment: Environment, component: Component, region: string): Record<string, string> {
  const { project, author, owner, costCenter } = environment.tags;
  return {
    Environment: environment.environmentSuffix,
    Region: region,
    Project: project,
    Repository: environment.repository,
    Author: author,
    Owner: owner,
    Component: component,
    CostCenter: costCenter,
    ManagedBy: "terraform",
  };
}

/** A resource with a `region` of its own is tagged with that one, not with its provider's; what is only read has the tags that it has. */
export class OwnRegionTag implements IAspect {
  visit(node: IConstruct): void {
    if (!isRegionalAndTaggable(node) || node.regionInput === undefined) return;
    node.tags = { ...node.tagsInput, Region: node.regionInput };
  }
}

interface RegionalAndTaggable {
  readonly regionInput: string | undefined;
  readonly tagsInput: Record<string, string> | undefined;
  tags: Record<string, string>;
}

function isRegionalAndTaggable(node: object): node is RegionalAndTaggable {
  return TerraformResource.isTerraformResource(node) && "regionInput" in node && "tagsInput" in node;
}
