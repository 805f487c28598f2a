"""The provider for Python: one request for each evaluation."""

import os

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

BASE = os.environ["BASE"]


def client(token, domain):
    headers = lambda: {"Authorization": f"Bearer {token}"}  # noqa: E731: the provider wants a function
    api.set_provider(OFREPProvider(BASE, headers_factory=headers), domain)
    return api.get_client(domain)


def same(found, wanted, what):
    assert found == wanted, f"{what}: {found!r} instead of {wanted!r}"


door = client(os.environ["FRONTLINE"], "door")
fallback = {"sign": "fallback"}
seen = set()
for n in range(40):
    context = EvaluationContext(f"python-client-{n}", {"browser": "any"})
    first = door.get_object_details("open-door", fallback, context)
    same((first.error_code, first.reason), (None, "SPLIT"), first.error_message)
    again = door.get_object_details("open-door", fallback, context)
    same((again.variant, again.value), (first.variant, first.value), "a unit keeps its version")
    seen.add(first.variant)
assert len(seen) > 1, seen

context = EvaluationContext("python-client-0")
for flag, where, code in [
    ("no-such-trial", context, ErrorCode.FLAG_NOT_FOUND),
    ("open-door", EvaluationContext(), ErrorCode.TARGETING_KEY_MISSING),
    ("open-door", EvaluationContext("ana@example.org"), ErrorCode.INVALID_CONTEXT),
]:
    found = door.get_object_details(flag, fallback, where)
    same((found.value, found.error_code), (fallback, code), flag)
found = door.get_boolean_details("open-door", False, context)
same((found.value, found.error_code), (False, ErrorCode.TYPE_MISMATCH), "another type")
found = client("ft_live_nobody_nothing", "stranger").get_object_details("open-door", fallback, context)
same(found.value, fallback, "no valid key")
assert found.error_code is not None
print(f"Python provider: well ({', '.join(sorted(seen))})")
