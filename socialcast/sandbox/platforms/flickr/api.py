"""Who calls, whether they may, and how often: what stands before every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from werkzeug import exceptions

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.oauth1 import OAuthError
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, answer, refusal
from socialcast.sandbox.platforms.flickr.methods import ENVELOPE, METHODS, Method
from socialcast.sandbox.platforms.flickr.state import Call, FlickrState
from socialcast.sandbox.platforms.flickr.tables import COMMON_ERRORS, FIELD_VALUES, PERMISSIONS

__all__ = ["FlickrApi", "rest"]

_HOUR_SECONDS = 3600
_FORMATS = frozenset({"rest", "json"})
_OAUTH_ERRORS: Mapping[str, int] = {"parameter_absent": 97, "token_rejected": 98, "consumer_key_unknown": 100}
_INVALID_SIGNATURE = 96
_TOKENS = ("oauth_token", "auth_token")


def rest(work: Callable[[Any, Call], Payload]) -> Callable[[Any, Request], Response]:
    """Make a route's handler of a function that does a method's work; the function's name says which method it is."""
    method = METHODS[work.__name__]

    @wraps(work)
    def handle(self: FlickrApi, request: Request) -> Response:
        values = request.values.to_dict()
        try:
            return answer(work(self, self._admit(request, method)), values)
        except Fail as fail:
            return refusal(fail, fail.words or method.errors.get(fail.code) or COMMON_ERRORS[fail.code], values)
        except exceptions.HTTPException as error:
            return Response(error.description, error.code, mimetype="text/plain")

    return handle


class FlickrApi(FlickrState):
    """The front door of the REST methods and of the upload."""

    def unknown_method(self, request: Request) -> Response:
        """Error 112, with the name in it."""
        words = COMMON_ERRORS[112].format(request.values.get("method", ""))
        return refusal(Fail(112), words, request.values)

    def identify(self, request: Request, extra: Iterable[tuple[str, str]] = ()) -> Call:
        """The caller of a signed request, or nobody for one that carries an API key alone."""
        self.finish_tickets()
        header = request.headers.get("Authorization", "")
        if not header and "oauth_signature" not in request.values:
            return self._unsigned(request)
        has_token = "oauth_token=" in header or "oauth_token" in request.values
        try:
            signed = self.signatures.check(request, consumers=self.keys, tokens=self.tokens if has_token else None, extra=extra)
        except OAuthError as error:
            raise Fail(_OAUTH_ERRORS.get(error.problem, _INVALID_SIGNATURE)) from None
        return Call(key=signed.consumer, parameters=dict(signed.parameters), member=self.token_owners.get(signed.token))

    def require(self, call: Call, perms: str) -> None:
        """Refuse a caller whose token does not hold this permission."""
        granted = call.member.perms if call.member else "none"
        if PERMISSIONS.index(granted) < PERMISSIONS.index(perms):
            raise Fail(99)

    def _unsigned(self, request: Request) -> Call:
        if any(name in request.values for name in _TOKENS):
            raise Fail(97)
        key = request.values.get("api_key", "")
        if key not in self.keys:
            raise Fail(100)
        return Call(key=key, parameters=request.values.to_dict(), member=None)

    def _admit(self, request: Request, method: Method) -> Call:
        format = request.values.get("format", "rest")
        if format not in _FORMATS:
            raise Fail(111, COMMON_ERRORS[111].format(format))
        call = self.identify(request)
        self._count(call.key)
        self.require(call, method.perms)
        if method.perms in ("write", "delete") and request.method != "POST":
            raise exceptions.MethodNotAllowed(description=f"{method.name} requires an HTTP POST request")
        _check_arguments(call, method)
        return call

    def _count(self, key: str) -> None:
        now, calls = self.clock.now(), self.calls[key]
        while calls and calls[0] <= now - _HOUR_SECONDS:
            calls.popleft()
        if len(calls) >= self.limits.calls_per_hour:
            raise exceptions.TooManyRequests
        calls.append(now)


def _check_arguments(call: Call, method: Method) -> None:
    known = {*method.required, *method.optional, *ENVELOPE}
    unknown = [name for name in call.parameters if name not in known and not name.startswith("oauth_")]
    if unknown:
        # Flickr passes over what it does not know; here it would hide a slip of the pen.
        raise exceptions.NotImplemented(f"the sandbox's {method.name} has no argument {', '.join(unknown)}")
    wrong = [name for name in method.required if name not in call.parameters]
    wrong += [name for name, value in call.parameters.items() if name in FIELD_VALUES and value not in FIELD_VALUES[name]]
    if wrong:
        code = method.missing.get(wrong[0], 1)
        raise Fail(code, method.errors.get(code, "") if wrong[0] in method.missing else "Required arguments missing")
