"""
Starts MiniStack, with what it does otherwise than AWS put right where the systems can't do without it. Each correction
says what is wrong, and refuses to start once the emulator does it by itself: then it goes.
"""

import json

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import apigateway_v1


def refuse_if(is_right: bool, what: str) -> None:
    if is_right:
        raise SystemExit(f"The emulator {what} by itself: take its correction out of tap/local/emulator.py")


def tell_api_key() -> None:
    """REST APIs don't tell functions which key a request came with (requestContext.identity.apiKeyId)."""
    build = apigateway_v1._build_lambda_event_v1
    refuse_if("apiKeyId" in build.__code__.co_consts, "tells functions the API key")

    def build_with_key(api_id, stage_name, stage, resource, request_path, method, headers, *rest, **named):
        event = build(api_id, stage_name, stage, resource, request_path, method, headers, *rest, **named)
        called = (resource.get("resourceMethods") or {}).get(method) or {}
        key = apigateway_v1._resolve_api_key(apigateway_v1._api_key_from_request(headers))
        if called.get("apiKeyRequired") and key is not None:
            event["requestContext"]["identity"].update({"apiKey": key["value"], "apiKeyId": key["id"]})
        return event

    apigateway_v1._build_lambda_event_v1 = build_with_key


class SeveralArns(str):
    """The first of several resources that one call is about; `others` are the rest."""

    others: tuple[str, ...] = ()


def authorize_each_parameter() -> None:
    """ssm:GetParameters is asked of `*`, and so denied to a role that has it for its parameters alone."""
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce
    names = json.dumps({"Names": ["/a", "b"]}).encode()
    headers = {"x-amz-target": "AmazonSSM.GetParameters"}
    first = extract("ssm", "POST", "/", headers, names, {}, "us-east-1", "111111111111")
    refuse_if(first != "*", "asks ssm:GetParameters of each parameter")

    def extract_each(service, method, path, headers, body, query_params, region, account_id):
        if service == "ssm" and headers.get("x-amz-target", "").endswith((".GetParameters", ".DeleteParameters")):
            try:
                names = [str(name).lstrip("/") for name in json.loads(body or b"{}").get("Names") or []]
            except ValueError:
                names = []
            if names:
                first, *others = [f"arn:aws:ssm:{region}:{account_id}:parameter/{name}" for name in names]
                several = SeveralArns(first)
                several.others = tuple(others)
                return several
        return extract(service, method, path, headers, body, query_params, region, account_id)

    def enforce_each(access_key, action, service, region, resource_arn="*", service_context=None):
        for arn in (resource_arn, *getattr(resource_arn, "others", ())):
            denied = enforce(access_key, action, service, region, resource_arn=arn, service_context=service_context)
            if denied is not None:
                return denied
        return None

    iam_actions.extract_resource_arn = extract_each
    iam_evaluator.enforce = enforce_each


tell_api_key()
authorize_each_parameter()
main()
