"""Which mirror a host belongs to, and which of its routes a request means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from socialcast.sandbox.mirror import Mirror, Request, Route

__all__ = ["Hosts", "Match", "RouteTable", "is_loopback"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_NAME = re.compile(r"\{(\w+)(:path)?\}")


def _without_port(host: str) -> str:
    return re.sub(r":\d+$", "", host.lower())


def is_loopback(host: str) -> bool:
    """Whether a `Host` header names this machine, which is how a person's browser reaches the wall."""
    return _without_port(host) in _LOOPBACK


class Hosts:
    """The hosts of all mirrors: those that their classes name, and those registered while the sandbox runs."""

    def __init__(self, mirrors: Mapping[str, Mirror]) -> None:
        self._mirrors = mirrors
        self._registered: dict[str, str] = {}
        self._by_pattern: dict[str, str | None] = {}  # every request and every link on a page asks for one of a few hosts

    def register(self, host: str, platform: str) -> None:
        """Let this host be answered by that platform's mirror, as for a wiki of one's own."""
        if platform not in self._mirrors:
            raise KeyError(f"the sandbox has no mirror {platform!r}, only {', '.join(self._mirrors)}")
        self._registered[host.lower()] = platform

    def registered(self, host: str) -> str | None:
        """The platform that exactly this host, port included, was registered for."""
        return self._registered.get(host.lower())

    def platform(self, host: str) -> str | None:
        """The platform that answers for this host; a registered host goes before a pattern."""
        name = _without_port(host)
        if known := self.registered(host) or self.registered(name):
            return known
        if name not in self._by_pattern:
            fitting = (p for p, mirror in self._mirrors.items() if any(fnmatchcase(name, h) for h in mirror.HOSTS))
            self._by_pattern[name] = next(fitting, None)
        return self._by_pattern[name]


@dataclass(frozen=True, slots=True)
class Match:
    """The route that a request means, and the values of the names in its path."""

    route: Route
    names: Mapping[str, str]


class RouteTable:
    """A mirror's routes, the most particular first: told apart by a parameter, then with the fewest names in the path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        ordered = sorted(routes, key=lambda route: (route.when is None, len(_NAME.findall(route.path))))
        self._routes = [(route, _pattern(route.path)) for route in ordered]
        self._parameters = sorted({route.when[0] for route in ordered if route.when})

    def match(self, request: Request) -> Match | None:
        """The route for this request, if there is one."""
        method = "GET" if request.method == "HEAD" else request.method
        for route, pattern in self._routes:
            if route.method == method and (found := pattern.fullmatch(request.path)) and _applies(route, request):
                return Match(route, found.groupdict())
        return None

    def operation(self, request: Request) -> str:
        """What the request's telling parameters say it wants, for a message about a route that is missing."""
        told = ((name, request.values.get(name)) for name in self._parameters)
        return ", ".join(f"{name}={value}" for name, value in told if value)


def _pattern(path: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for name in _NAME.finditer(path):
        pieces += [re.escape(path[end : name.start()]), f"(?P<{name[1]}>{'.+' if name[2] else '[^/]+'})"]
        end = name.end()
    return re.compile("".join(pieces) + re.escape(path[end:]))


def _applies(route: Route, request: Request) -> bool:
    return route.when is None or request.values.get(route.when[0]) == route.when[1]
