"""Where a webhook may lead: the addresses that nothing is sent to, and what a URL has to look like."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from leadlight.errors import Invalid

MAX_URL = 2_048

# Written out, for `is_global` differs between versions of Python, and what is public is not always harmless.
_FORBIDDEN_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host (RFC 1122); Linux takes 0.0.0.0 for itself
            "10.0.0.0/8",  # private (RFC 1918)
            "100.64.0.0/10",  # shared with the provider (RFC 6598); Alibaba's metadata: 100.100.100.200
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # Azure's wire server: public by its number, and the host of each machine there
            "169.254.0.0/16",  # link-local (RFC 3927); most clouds' metadata: 169.254.169.254
            "172.16.0.0/12",  # private (RFC 1918)
            "192.0.0.0/24",  # protocols of the IETF (RFC 6890); Oracle's metadata: 192.0.0.192
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
            "192.168.0.0/16",  # private (RFC 1918)
            "198.18.0.0/15",  # benchmarks (RFC 2544)
            "198.51.100.0/24",  # documentation (RFC 5737)
            "203.0.113.0/24",  # documentation (RFC 5737)
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, with the broadcast 255.255.255.255
        ),
    )
)

# All public IPv6 addresses are in here. Outside are loopback, link-local, site-local, unique local (Amazon's metadata:
# fd00:ec2::254), multicast, and the forms that hold an IPv4 address: ::127.0.0.1, ::ffff:127.0.0.1, and 64:ff9b:1::/48,
# where each network puts it in a place of its own (RFC 8215).
_PUBLIC_IPV6 = IPv6Network("2000::/3")

_FORBIDDEN_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols of the IETF (RFC 2928): Teredo, which holds an IPv4 address, benchmarks, ORCHID
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4, which holds an IPv4 address; given up (RFC 7526)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)

# The one form with an IPv4 address that is let through, if that address is: it is how a machine without IPv4 reaches
# the rest of the world (RFC 6052, RFC 6147).
_NAT64 = IPv6Network("64:ff9b::/96")

# https://fetch.spec.whatwg.org/#port-blocking: what listens there may take an HTTP request for its own protocol's.
_BAD_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))  # fmt: skip

_URL = re.compile(r"https?://(?P<authority>[^/?#]*)[^#]*", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:%]+)(?::(?P<port>[0-9]{1,5}))?")
_UNFIT = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f]")
_NAME = re.compile(r"(?!.{254})([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")
_WELL_FORMED = re.compile(r"([A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def is_forbidden(address: str) -> bool:
    """Whether a connection to an IP address could reach what only this machine or its network should. No name passes.

    Sources: the registries of special addresses (RFC 6890), and the clouds' own documents.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return True
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _FORBIDDEN_IPV4)
    if ip.scope_id is not None:
        return True
    if ip in _NAT64:
        return is_forbidden(str(IPv4Address(int(ip) & 0xFFFF_FFFF)))
    return ip not in _PUBLIC_IPV6 or any(ip in network for network in _FORBIDDEN_IPV6)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(1_024)
def to_url(text: str) -> URL:
    """The URL as the client takes it: what is asked about a URL is to be asked of this. Raises ValueError.

    One that is well formed is sent as it was typed: its receiver may have signed it, `%2F` and all.
    """
    return URL(text, encoded=_WELL_FORMED.fullmatch(text) is not None)


def check_url(text: str) -> str:
    """The URL that is kept: as it was typed, without the space around it. Raises Invalid.

    It is read more narrowly than any parser would, so that no two can disagree about its host. Which addresses may be
    called is asked later, for that depends on the policy and on what the name stands for at the time.
    """
    text = text.strip()
    if not text:
        raise Invalid("blank", "must not be blank")
    if len(text) > MAX_URL:
        raise Invalid("too_long", f"must not be longer than {MAX_URL} characters")
    if _UNFIT.search(text):
        raise Invalid("invalid_url", "must not hold spaces, control characters or backslashes; encode them (%20)")
    if "#" in text:
        raise Invalid("fragment_in_url", "must not hold a fragment: what stands after # is never sent")
    url = _URL.fullmatch(text)
    if url is None:
        raise Invalid("invalid_url", "must be a URL that begins with https:// or http://")
    if "@" in url["authority"]:
        raise Invalid("credentials_in_url", "must not hold a user name or password; the signature proves who sends")
    authority = _AUTHORITY.fullmatch(url["authority"])
    if authority is None:
        raise Invalid("invalid_url", "must name a host after ://, like https://example.com/hook")
    _check_port(authority["port"])
    _check_host(authority["host"], text)
    return text


def _check_port(port: str | None) -> None:
    if port is None:
        return
    if not 1 <= int(port) <= 65_535:
        raise Invalid("invalid_url", "must have a port from 1 to 65535")
    if int(port) in _BAD_PORTS:
        raise Invalid("blocked_port", f"must not use port {int(port)}, which belongs to another protocol; 443 is usual")


def _check_host(typed: str, text: str) -> None:
    try:
        host = to_url(text).raw_host or ""
        if typed.startswith("["):
            IPv6Address(typed[1:-1])
            return
    except ValueError:
        host = ""
    if not _NAME.fullmatch(host.lower()):
        raise Invalid("invalid_url", "must name a host by a domain name or an IP address")
    if _ENDS_IN_NUMBER.fullmatch(host.lower()) and not _is_usual_ipv4(typed):
        raise Invalid("invalid_url", "must have an IP address in its usual form, like 192.0.2.1")


def _is_usual_ipv4(typed: str) -> bool:
    try:
        IPv4Address(typed)
    except AddressValueError:
        return False
    return True
