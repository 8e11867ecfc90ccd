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
    """The caller's address: the connection's, or what a trusted proxy says last.

    Of IPv6 it is the network of 64 bits, since whoever has one address there has them all.
    """
    peer = "" if request.client is None else request.client.host
    if comes_by_proxy(request, settings):
        said = request.headers.getlist("x-forwarded-for") or [peer]
        peer = said[-1].rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


def said_once(request: Request, header: str) -> str | None:
    """What a header says that is there once; None for one that is missing or there again.

    Of several lines a proxy may have written one alone, and nothing tells which.
    """
    lines = request.headers.getlist(header)
    return lines[0] if len(lines) == 1 else None


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
