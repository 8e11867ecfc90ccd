"""Where a request comes from, and whom to believe about it.

What a header says of a caller's address or certificate is believed only where the connection
comes from a proxy that the settings name; anyone else could write such a header.
"""

import ipaddress
from typing import Final

from starlette.requests import Request

from matcher.settings import Settings

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def comes_by_proxy(request: Request, settings: Settings) -> bool:
    """Whether the connection is from a proxy that the settings name."""
    return request.client is not None and request.client.host in settings.proxies


def address_of(request: Request, settings: Settings) -> str:
    """The caller's address: the connection's, or what a trusted proxy says last."""
    peer = "" if request.client is None else request.client.host
    if not comes_by_proxy(request, settings):
        return peer
    return request.headers.get("x-forwarded-for", peer).rpartition(",")[2].strip()


def is_this_machine(request: Request, settings: Settings) -> bool:
    """Whether a program on this machine calls, and not a proxy on it for somebody else.

    A proxy that the settings do not name may be there too, so it is enough that any header which
    proxies add is there for this to be false, or that a proxy is named at all.
    """
    if request.client is None or settings.proxies:
        return False
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
