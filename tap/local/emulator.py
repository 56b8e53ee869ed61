"""
Starts MiniStack, with what it does otherwise than AWS put right where the systems can't do without it. Each correction
says what is wrong, and refuses to start once the emulator does it by itself: then it goes.
"""

import inspect
import json
import logging
import os
import select
import threading
import time
import urllib.parse
import urllib.request

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import apigateway_v1, lambda_svc, secretsmanager


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


def tell_keys_of_kms() -> None:
    """
    Calls of KMS have neither kms:CallerAccount nor kms:MacAlgorithm: a role that may compute codes in its account by one
    algorithm computes none.
    """
    context = iam_actions.request_tag_context
    known = inspect.getsource(iam_actions) + inspect.getsource(iam_evaluator)
    refuse_if("macalgorithm" in known.lower(), "knows kms:MacAlgorithm")

    def context_with_keys(service, iam_action, body, params):
        found = context(service, iam_action, body, params)
        if service != "kms":
            return found
        found = {**found, "kms:CallerAccount": get_account_id()}
        if iam_action not in ("kms:GenerateMac", "kms:VerifyMac"):
            return found
        try:
            return {**found, "kms:MacAlgorithm": json.loads(body or b"{}").get("MacAlgorithm")}
        except ValueError:
            return found

    iam_actions.request_tag_context = context_with_keys


def limit_versions() -> None:
    """A function's reserved concurrency doesn't hold where it is called by a version or an alias: as all are."""
    reserved = lambda_svc._reserved_concurrency
    versions = inspect.getsource(lambda_svc._publish_version) + inspect.getsource(reserved)
    refuse_if("_functions.get" in versions or '"concurrency":' in versions, "limits functions by their versions")

    def reserved_by_name(func, config):
        own = reserved(func, config)
        if own is not None:
            return own
        scope = lambda_svc._account_region_from_function_config(config)
        whole = lambda_svc._functions.get_scoped(*scope, config.get("FunctionName"))
        return None if whole is None else reserved(whole, config)

    lambda_svc._reserved_concurrency = reserved_by_name


class FunctionLog:
    """What a function's process writes to its log, in lines, as far as it has been read."""

    def __init__(self, stream, lines):
        self.stream, self.lines = stream, lines
        self._reading = threading.Lock()
        self._unfinished = b""
        # One each for who waits and who looks: two threads can't ask one at once.
        self._awaited, self._written = select.poll(), select.poll()
        for poll in (self._awaited, self._written):
            poll.register(stream.fileno(), select.POLLIN | select.POLLHUP)

    def follow(self) -> None:
        """Reads until the process ends."""
        while self._awaited.poll() and self.read_written():
            pass

    def read_written(self) -> bool:
        """Reads what has been written up to now; False once the process has ended."""
        with self._reading:
            deadline = time.monotonic() + 1
            while self._written.poll(0) and time.monotonic() < deadline:
                read = os.read(self.stream.fileno(), 65_536)
                *whole, self._unfinished = (self._unfinished + read).split(b"\n")
                if not read and self._unfinished:
                    whole, self._unfinished = [self._unfinished], b""
                for line in whole:
                    self.lines.put(line.decode("utf-8", "replace"))
                if not read:
                    return False
            return True


def tell_whole_log() -> None:
    """
    An invocation's log ends 5 ms after its first line, whether or not the rest has been read from the process: under
    load the rest is told with the next invocation. What is written to a pipe before the answer is there with the answer.
    """
    worker = lambda_runtime.Worker
    drain, drain_bounded = worker._drain_stderr, worker._drain_stderr_bounded
    refuse_if("idle_confirm" not in inspect.signature(drain_bounded).parameters, "tells functions' whole logs")

    def read_stderr(self):
        self._log = FunctionLog(self._proc.stderr, self._stderr_queue)
        self._log.follow()

    def drain_written(self, *bounds, **named_bounds):
        log = getattr(self, "_log", None)
        if log is None or log.lines is not self._stderr_queue:
            return drain_bounded(self, *bounds, **named_bounds)
        log.read_written()
        return drain(self)

    worker._read_stderr, worker._drain_stderr_bounded = read_stderr, drain_written


ROTATION_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def rotate_by_function() -> None:
    """RotateSecret makes a version without a value current at once, and calls no function."""
    rotate = secretsmanager._rotate_secret
    refuse_if("_apply_current_promotion" not in rotate.__code__.co_names, "rotates secrets by their functions")

    def rotate_secret(data):
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if secret is None or secret.get("DeletedDate") or secretsmanager._is_replica(secret):
            return rotate(data)
        function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
        if not function:
            return secretsmanager.error_response_json(
                "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.", 400
            )
        secret["RotationLambdaARN"] = function
        secret["RotationRules"] = data.get("RotationRules") or secret.get("RotationRules")
        secret["RotationEnabled"] = True
        answer = {"ARN": secret["ARN"], "Name": secret["Name"]}
        if data.get("RotateImmediately", True):
            version = data.get("ClientRequestToken") or new_uuid()
            pending = {"SecretString": None, "SecretBinary": None, "CreatedDate": int(time.time())}
            secret["Versions"].setdefault(version, {**pending, "Stages": ["AWSPENDING"]})
            event = {"SecretId": secret["ARN"], "ClientRequestToken": version}
            call = (function, get_account_id(), get_region(), event)
            threading.Thread(target=run_rotation, args=call, daemon=True).start()
            answer["VersionId"] = version
        return secretsmanager.json_response(answer)

    secretsmanager._rotate_secret = rotate_secret


def run_rotation(function: str, account: str, region: str, event: dict) -> None:
    """The four steps, one after the other; each is tried again, as Secrets Manager does."""
    for step in ROTATION_STEPS:
        for attempt in range(5):
            if invoke(function, account, region, {**event, "Step": step}):
                break
            time.sleep(0.5 * 2**attempt)
        else:
            logging.getLogger("rotation").error("%s of %s failed for good", step, event["SecretId"])
            return


def invoke(function: str, account: str, region: str, event: dict) -> bool:
    """Whether a function has done what it was asked."""
    url = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/2015-03-31/functions/{urllib.parse.quote(function)}/invocations"
    # The signature of an account's own key isn't looked at.
    credential = f"{account}/20260101/{region}/lambda/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"}
    request = urllib.request.Request(url, json.dumps(event).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.headers.get("X-Amz-Function-Error") is None
    except OSError:
        return False


tell_api_key()
authorize_each_parameter()
tell_keys_of_kms()
limit_versions()
tell_whole_log()
rotate_by_function()
if __name__ == "__main__":
    main()
