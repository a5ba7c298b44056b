"""What leads are matched on, in a form: a choice, and the key of the metadata beside it."""

from leadlight.dashboard.form import Form
from leadlight.duplicate_rule import METADATA, match_on_rule


def match_on_fields(match_on: str) -> dict[str, str]:
    """The fields that show a rule; both empty where there is none."""
    choice, _, key = match_on.partition(".")
    return {"matchOn": choice, "matchKey": key}


def match_on_of(form: Form) -> str | None:
    """The rule that was chosen; None where it was refused."""
    if form["matchOn"] == "metadata":
        return form.take("matchKey", lambda key: match_on_rule(METADATA + key))
    return form.take("matchOn", match_on_rule)
