"""The platforms that send leads to a form: the address that each is told, and the secrets that it is known by."""

from typing import NamedTuple

import msgspec

from leadlight.capture.form import MIN_SECRET, FormSecrets


class Secret(NamedTuple):
    """`name`: as on the wire. `hint`: where it comes from."""

    name: str
    title: str
    hint: str


class Platform(NamedTuple):
    """`path`: below the form's own address. `where`: the place at the platform where the address is pasted.

    `proof`: the secret without which nothing is believed to come from there.
    """

    path: str
    title: str
    where: str
    proof: str
    secrets: tuple[Secret, ...]


_CHOICE = f"Of your choice, {MIN_SECRET} characters or more: enter the same there"

PLATFORMS = (
    Platform(
        "google-ads",
        "Google Ads",
        "In the lead form asset, under Webhook integration: the address as URL, and the key.",
        "googleAdsKey",
        (Secret("googleAdsKey", "Key", _CHOICE),),
    ),
    Platform(
        "meta",
        "Meta lead ads",
        "In the app, under Webhooks, object Page, field leadgen: the address as callback URL, and the verify token.",
        "metaAppSecret",
        (
            Secret("metaVerifyToken", "Verify token", _CHOICE),
            Secret("metaAppSecret", "App secret", "From the app's settings there"),
            Secret("metaAccessToken", "Page access token", "One with leads_retrieval: Meta tells answers by it alone"),
        ),
    ),
    Platform(
        "typeform",
        "Typeform",
        "In the form, under Connect, Webhooks: the address as endpoint, and the secret.",
        "typeformSecret",
        (Secret("typeformSecret", "Secret", _CHOICE),),
    ),
    Platform(
        "tally",
        "Tally",
        "In the form, under Integrations, Webhooks: the address as endpoint URL, and the signing secret.",
        "tallySecret",
        (Secret("tallySecret", "Signing secret", _CHOICE),),
    ),
)


def known_secrets(secrets: FormSecrets) -> set[str]:
    """The names, as on the wire, of those that are set."""
    return {field.encode_name for field in msgspec.structs.fields(secrets) if getattr(secrets, field.name) is not None}


def known_platforms(secrets: FormSecrets) -> list[Platform]:
    """Those that are believed."""
    known = known_secrets(secrets)
    return [platform for platform in PLATFORMS if platform.proof in known]
