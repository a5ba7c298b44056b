"""Which addresses are never called, and which URLs are kept."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.errors import Invalid
from leadlight.webhooks.address import check_url, is_forbidden, to_url

FORBIDDEN_IPV4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]

forbidden_ipv4 = st.sampled_from(FORBIDDEN_IPV4).flatmap(lambda network: st.ip_addresses(network=network))


def code_of(text: str) -> str:
    with pytest.raises(Invalid) as refusal:
        check_url(text)
    return refusal.value.code


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.169.0.0",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:830::200e",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_addresses_may_be_called(address: str) -> None:
    assert not is_forbidden(address)


@pytest.mark.parametrize("network", FORBIDDEN_IPV4, ids=str)
def test_forbids_a_network_from_its_first_address_to_its_last(network: IPv4Network) -> None:
    assert is_forbidden(str(network[0]))
    assert is_forbidden(str(network[-1]))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",  # AWS, Azure, Google, DigitalOcean, Oracle, OpenStack
        "169.254.170.2",  # containers on AWS
        "fd00:ec2::254",  # AWS
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle
    ],
)
def test_forbids_the_metadata_of_clouds(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "network",
    [
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:2::/48",
        "2001:10::/28",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "5f00::/16",
        "8000::/1",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ],
)
def test_forbids_ipv6_networks_that_are_not_public(network: str) -> None:
    assert is_forbidden(str(IPv6Network(network)[0]))
    assert is_forbidden(str(IPv6Network(network)[-1]))


@given(forbidden_ipv4, st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))
def test_forbids_a_forbidden_address_in_every_form_of_ipv6(address: IPv4Address, low: int, any_bits: int) -> None:
    number = int(address)
    forms = {
        "itself": number,
        "mapped": 0xFFFF << 32 | number,
        "translated": 0xFFFF << 48 | number,
        "NAT64": 0x64_FF9B << 96 | number,
        "local NAT64 /48": 0x64_FF9B_0001 << 80 | number >> 16 << 64 | (number & 0xFFFF) << 40,
        "local NAT64 /96": 0x64_FF9B_0001 << 80 | low << 64 | number,
        "6to4": 0x2002 << 112 | number << 80 | any_bits,
        "Teredo's server": 0x2001 << 112 | number << 64 | any_bits,
        "Teredo's client": 0x2001 << 112 | any_bits << 64 | (number ^ 0xFFFF_FFFF),
    }

    assert [name for name, form in forms.items() if not is_forbidden(str(IPv6Address(form)))] == []
    assert is_forbidden(str(address))


@given(st.ip_addresses(v=6))
def test_forbids_everything_with_a_scope(address: IPv6Address) -> None:
    assert is_forbidden(f"{address}%eth0")


@pytest.mark.parametrize("text", ["localhost", "127.1", "0x7f.0.0.1", "127.0.0.01", "\uff11.1.1.1", "[::1]", ""])
def test_forbids_what_is_no_address(text: str) -> None:
    assert is_forbidden(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://example.com/hook", "example.com"),
        ("HTTPS://Example.COM", "Example.COM"),
        ("https://example.com.:8443/a/../b?c=%2F&d[]=1&e=@f", "example.com."),
        ("http://receiver:3000/", "receiver"),
        ("http://my_app.test/@user", "my_app.test"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://[::1]:8080/", "::1"),
        ("http://[0:0:0:0:0:0:0:1]/", "0:0:0:0:0:0:0:1"),
    ],
)
def test_keeps_a_url_as_it_was_typed(text: str, host: str) -> None:
    assert check_url(f"  {text}\n") == text
    assert to_url(text).raw_host == host


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://example.com?a=%2F%2b", "/?a=%2F%2b"),
        ("https://example.com/a/../b;c?d[]=1", "/a/../b;c?d[]=1"),
        ("https://example.com/\u00e4?q=\u00f6", "/%C3%A4?q=%C3%B6"),
        ('https://example.com/{a}"<b>', "/%7Ba%7D%22%3Cb%3E"),
        ("https://example.com/100%", "/100%25"),
    ],
)
def test_asks_for_the_path_that_was_typed(text: str, path: str) -> None:
    assert to_url(check_url(text)).raw_path_qs == path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \t\n", "blank"),
        ("https://example.com/" + "a" * 2029, "too_long"),
        ("example.com", "invalid_url"),
        ("//example.com", "invalid_url"),
        ("https:example.com", "invalid_url"),
        ("https:/example.com", "invalid_url"),
        ("https://", "invalid_url"),
        ("https:///hook", "invalid_url"),
        ("https://?a", "invalid_url"),
        ("ftp://example.com", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        ("ws://example.com", "invalid_url"),
        ("gopher://example.com:70/", "invalid_url"),
        ("https://example.com/#part", "fragment_in_url"),
        ("https://example.com#", "fragment_in_url"),
        ("https://user@example.com/", "credentials_in_url"),
        ("https://user:pass@example.com/", "credentials_in_url"),
        ("https://@example.com/", "credentials_in_url"),
        ("https://:@example.com/", "credentials_in_url"),
        ("https://exam ple.com/", "invalid_url"),
        ("https://example.com/a b", "invalid_url"),
        ("https://example.com/a\r\nX-Injected: 1", "invalid_url"),
        ("https://example.com/a\x00b", "invalid_url"),
        ("https://example.com/a\u2028b", "invalid_url"),
        ("https://example.com\\hook", "invalid_url"),
        ("https://a..b/", "invalid_url"),
        ("https://.example.com/", "invalid_url"),
        ("https://-a.example.com/", "invalid_url"),
        ("https://a-.example.com/", "invalid_url"),
        ("https://exa!mple.com/", "invalid_url"),
        ("https://" + "a" * 64 + ".com/", "invalid_url"),
        ("https://" + "a." * 127 + "com/", "invalid_url"),
        ("https://exam\u00adple.com/", "invalid_url"),
        ("https://\u2100.com/", "invalid_url"),
        ("https://\ud800.com/", "invalid_url"),
        ("https://example.com:/", "invalid_url"),
        ("https://example.com:0/", "invalid_url"),
        ("https://example.com:65536/", "invalid_url"),
        ("https://example.com:99999999/", "invalid_url"),
        ("https://example.com:-1/", "invalid_url"),
        ("https://example.com:http/", "invalid_url"),
        ("https://example.com:\uff18\uff10/", "invalid_url"),
        ("http://[::1/", "invalid_url"),
        ("http://::1/", "invalid_url"),
        ("http://[::1]x/", "invalid_url"),
        ("http://[1.2.3.4]/", "invalid_url"),
        ("http://[v1.a]/", "invalid_url"),
        ("http://[:::]/", "invalid_url"),
        ("http://[::1%25eth0]/", "invalid_url"),
    ],
)
def test_refuses_what_is_no_url_of_a_receiver(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize("port", [1, 21, 22, 25, 53, 110, 143, 389, 465, 587, 993, 2049, 5060, 6000, 6667, 10080])
def test_refuses_the_ports_of_other_protocols(port: int) -> None:
    assert code_of(f"https://example.com:{port}/") == "blocked_port"


@pytest.mark.parametrize("port", [80, 443, 3000, 8000, 8080, 8443, 65535])
def test_takes_the_ports_that_receivers_have(port: int) -> None:
    assert check_url(f"https://example.com:{port}/") == f"https://example.com:{port}/"


@pytest.mark.parametrize(
    "text",
    [
        "http://a.com\\@127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.01/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0x7F.0.0.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://127.0.0.1.0x/",
        "http://256.0.0.1/",
        "http://localhost%00.example.com",
        "http://127.0.0.1%2f.example.com/",
        "http://foo@bar:80@127.0.0.1",
        "http://127.0.0.1:80:80/",
        "http://127.0.\t0.1/",
        "http://127.0.0.1\n.example.com/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://\u2460\u2461\u2466.0.0.1",
        "http://127\u30020\u30020\u30021/",
        "http://127\uff0e0\uff0e0\uff0e1/",
        "http://[::1%lo]/",
        "http://127.0.0.1[::1]/",
        "http://[:localhost[]].example.com:80",
    ],
)
def test_refuses_what_parsers_could_read_differently(text: str) -> None:
    assert code_of(text) in {"invalid_url", "credentials_in_url"}


@given(
    st.text(st.sampled_from("ab.:/?@[]%#\\0127fx-_ \t\n\uff11\u2460\u3002\u00e4\u00df"))
    | st.from_regex(r"[a-z0-9.:%@\[\]\\/-]{1,30}")
)
def test_every_parser_sees_the_same_host_in_what_is_kept(rest: str) -> None:
    try:
        kept = check_url(f"http://{rest}")
    except Invalid:
        return
    parts = urlsplit(kept)
    assert to_url(kept).port == (parts.port or 80)
    assert to_url(kept).user is None
    if parts.netloc.isascii():
        assert (to_url(kept).raw_host or "").lower() == parts.hostname
