"""Metadata: RFC 7396 on texts. What the merge means is JSON's; what it must not touch is the spelling."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from leadlight.errors import Invalid
from leadlight.leads.metadata import MAX_BYTES, differences, merge, metadata_rule, patch_rule


def merged(target: str, patch: str) -> str:
    return bytes(merge(Raw(target.encode()), Raw(patch.encode()))).decode()


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
        ('{"a":"b"}', '{"a":null}', "{}"),
        ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
        ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
        ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
        ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
        ('["a","b"]', '["c","d"]', '["c","d"]'),
        ('{"a":"b"}', '["c"]', '["c"]'),
        ('{"a":"foo"}', "null", "null"),
        ('{"a":"foo"}', '"bar"', '"bar"'),
        ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
        ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
        ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    ],
)
def test_merges_as_in_the_appendix_of_rfc_7396(target: str, patch: str, result: str) -> None:
    assert merged(target, patch) == result


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ('{"a":1.10,"b":1e5}', '{"d":-0.0}', '{"a":1.10,"b":1e5,"d":-0.0}'),
        ('{"a":12345678901234567890}', '{"b":0.10}', '{"a":12345678901234567890,"b":0.10}'),
        ('{"z":{"y":1.0,"x":2}}', '{"z":{"w":1E2}}', '{"z":{"y":1.0,"x":2,"w":1E2}}'),
        (r'{"a":"\u00e9\/"}', '{"b":"é/"}', r'{"a":"\u00e9\/","b":"é/"}'),
        ('{"b":1,"a":2}', '{"a":3,"c":4,"b":5}', '{"b":5,"a":3,"c":4}'),
        ('{"b":1,"a":2}', '{"b":null,"c":1}', '{"a":2,"c":1}'),
        (r'{"\u0061":1}', '{"a":2}', '{"a":2}'),
        ('{"a":[null,{"b":null}]}', '{"c":[null]}', '{"a":[null,{"b":null}],"c":[null]}'),
        ('{"null":"null"}', '{"a":"null"}', '{"null":"null","a":"null"}'),
    ],
)
def test_a_merge_rewrites_nothing_that_it_does_not_change(target: str, patch: str, result: str) -> None:
    assert merged(target, patch) == result


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.just(1.5) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abé"), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.sampled_from("abé"), JSON, max_size=3)


def reference(target: Any, patch: Any) -> Any:
    """The pseudocode of RFC 7396 §2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = reference(result.get(name), value)
    return result


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@given(OBJECTS, OBJECTS)
def test_merges_as_the_reference_does_order_included(target: dict[str, Any], patch: dict[str, Any]) -> None:
    assert merged(compact(target), compact(patch)) == compact(reference(target, patch))


@given(OBJECTS, OBJECTS)
def test_to_merge_twice_is_to_merge_once(target: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merged(compact(target), compact(patch))

    assert merged(once, compact(patch)) == once


@given(OBJECTS, OBJECTS)
def test_differences_are_all_that_leads_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = differences(Raw(compact(before).encode()), Raw(compact(after).encode()))

    old, new = ({}, {}) if found is None else (json.loads(bytes(side)) for side in found)
    kept = {key: value for key, value in before.items() if key not in old}
    assert kept | old == before
    assert kept | new == after
    assert not any(compact(old[key]) == compact(new[key]) for key in old.keys() & new.keys())


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("{}", "{}", None),
        ('{"a":1}', '{"a":1.0}', None),
        ('{"a":1e2}', '{"a":100}', None),
        ('{"a":{"b":1,"c":2}}', '{"a":{"c":2,"b":1}}', None),
        (r'{"a":"\u00e9"}', '{"a":"é"}', None),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', None),
        ('{"a":1}', '{"a":true}', ('{"a":1}', '{"a":true}')),
        ('{"a":0}', '{"a":false}', ('{"a":0}', '{"a":false}')),
        ('{"a":1}', '{"a":"1"}', ('{"a":1}', '{"a":"1"}')),
        ('{"a":null}', "{}", ('{"a":null}', "{}")),
        ("{}", '{"a":null}', ("{}", '{"a":null}')),
        ('{"a":[1,2]}', '{"a":[2,1]}', ('{"a":[1,2]}', '{"a":[2,1]}')),
        ('{"a":1,"b":2,"c":3}', '{"b":2,"c":4,"d":5}', ('{"a":1,"c":3}', '{"c":4,"d":5}')),
        ('{"a":0.1}', '{"a":0.10000000000000000001}', ('{"a":0.1}', '{"a":0.10000000000000000001}')),
        ('{"a":9007199254740993}', '{"a":9007199254740992}', ('{"a":9007199254740993}', '{"a":9007199254740992}')),
    ],
)
def test_a_difference_is_one_of_meaning(before: str, after: str, difference: tuple[str, str] | None) -> None:
    found = differences(Raw(before.encode()), Raw(after.encode()))

    assert (found and tuple(bytes(side).decode() for side in found)) == difference


# What clients may send


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("null", "{}"),
        (" { } ", "{}"),
        ('{ "a" : [ 1.10 , " b " ] }', '{"a":[1.10," b "]}'),
        ('{"b":1,"a":{"d":null,"c":1e5}}', '{"b":1,"a":{"d":null,"c":1e5}}'),
    ],
)
def test_metadata_is_kept_in_compact_form(given: str, kept: str) -> None:
    assert bytes(metadata_rule(Raw(given.encode()))).decode() == kept


@pytest.mark.parametrize("given", ["[]", '"a"', "1", "true"])
def test_metadata_is_an_object(given: str) -> None:
    with pytest.raises(Invalid, match="must be a JSON object"):
        metadata_rule(Raw(given.encode()))


def test_metadata_is_bounded_by_its_compact_form() -> None:
    value = "b" * (MAX_BYTES - 8)
    fits, exceeds = f'{{ "a" : "{value}" }}', f'{{"a":"{value}b"}}'

    assert len(bytes(metadata_rule(Raw(fits.encode())))) == 65_536
    with pytest.raises(Invalid, match="must not be larger than 65536 bytes of JSON"):
        metadata_rule(Raw(exceeds.encode()))


@pytest.mark.parametrize("given", ["null", " null "])
def test_a_patch_of_null_empties(given: str) -> None:
    assert patch_rule(Raw(given.encode())) is None


def test_any_other_patch_is_an_object() -> None:
    assert bytes(patch_rule(Raw(b'{ "a" : null }')) or b"") == b'{"a":null}'
    with pytest.raises(Invalid, match="must be a JSON object"):
        patch_rule(Raw(b"[]"))
