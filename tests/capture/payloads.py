"""What the platforms send, in the shapes of their public documentation; each is changed by the tests as they like."""

import json
from typing import Any


def body_of(payload: Any) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()


def google_ads(**changed: Any) -> dict[str, Any]:
    return {
        "lead_id": "Cj0KCQjw-lead-1",
        "user_column_data": [
            {"column_name": "Full Name", "string_value": "Ada Park", "column_id": "FULL_NAME"},
            {"column_name": "User Email", "string_value": "ada@example.com", "column_id": "EMAIL"},
            {"column_name": "User Phone", "string_value": "+442079460958", "column_id": "PHONE_NUMBER"},
            {"column_name": "Company Name", "string_value": "Parkside", "column_id": "COMPANY_NAME"},
            {"column_name": "What is your budget?", "string_value": "5k-10k", "column_id": "what_is_your_budget?"},
        ],
        "api_version": "1.0",
        "form_id": 40000000001,
        "campaign_id": 9007199254740993,
        "adgroup_id": 20000000000,
        "creative_id": 30000000000,
        "google_key": "key-of-google",
        "gcl_id": "EAIaIQobChMI",
        "is_test": False,
        "lead_stage": "LEAD",
        **changed,
    }


def meta_value(**changed: Any) -> dict[str, Any]:
    return {
        "created_time": 1440120384,
        "leadgen_id": "444444444444",
        "page_id": "153125381133",
        "form_id": "12312312312",
        "ad_id": "6076000000000",
        "adgroup_id": "6076000000001",
        "field_data": [
            {"name": "full_name", "values": ["Zoë Müller"]},
            {"name": "email", "values": ["zoe@example.com"]},
            {"name": "phone_number", "values": ["+4915112345678"]},
            {"name": "which_car?", "values": ["Coupé", "Van"]},
        ],
        **changed,
    }


def meta(*values: dict[str, Any], field: str = "leadgen") -> dict[str, Any]:
    changes = [{"field": field, "value": value} for value in values or (meta_value(),)]
    return {"object": "page", "entry": [{"id": "153125381133", "time": 1438292065, "changes": changes}]}


def typeform(**changed: Any) -> dict[str, Any]:
    questions = [
        ("JwWggjAKtOkA", "readable_ref_name", "short_text", "What is your first name?"),
        ("SMEUb7VJz92Q", "readable_ref_email", "email", "Your email address, please"),
        ("k6TP9oLGgHjl", "b1a7c6c2-0f0e-4cf5-9f0a-2d3c4b5a6978", "multiple_choice", "Which drinks?"),
    ]
    name, email, drinks = ({"id": id_, "type": kind, "ref": ref} for id_, ref, kind, _ in questions)
    response = {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "landed_at": "2026-01-18T18:07:02Z",
        "submitted_at": "2026-01-18T18:17:02Z",
        "hidden": {"utm_source": "newsletter", "user_id": "abc123456"},
        "calculated": {"score": 9},
        "variables": [
            {"key": "score", "type": "number", "number": 4},
            {"key": "name", "type": "text", "text": "a variable"},
        ],
        "definition": {
            "id": "lT4Z3j",
            "title": "Contact",
            "fields": [{"id": id_, "title": title, "type": kind, "ref": ref} for id_, ref, kind, title in questions],
        },
        "answers": [
            {"type": "text", "text": "Ada", "field": name},
            {"type": "email", "email": "ada@example.com", "field": email},
            {"type": "choices", "choices": {"labels": ["Tea", "Water"], "other": "Mate"}, "field": drinks},
        ],
        **changed,
    }
    return {"event_id": "LtWXD3crgy", "event_type": "form_response", "form_response": response}


def typeform_answer(kind: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, **value, "field": {"id": "KoJxDM3c6x8h", "type": "any", "ref": "the_ref"}}


def tally(**changed: Any) -> dict[str, Any]:
    plans = [{"id": "f0a1", "text": "Starter"}, {"id": "f0a2", "text": "Business"}]
    data = {
        "responseId": "2wgx4n",
        "submissionId": "2wgx4n",
        "respondentId": "dwQKYm",
        "formId": "VwbNEw",
        "formName": "Contact us",
        "createdAt": "2026-01-28T15:00:21.000Z",
        "fields": [
            {"key": "question_3EKz4n", "label": "Full name", "type": "INPUT_TEXT", "value": "Ada Park"},
            {
                "key": "question_nr5yNQ",
                "label": "How do we reach you?",
                "type": "INPUT_EMAIL",
                "value": "ada@example.com",
            },
            {"key": "question_w4Q4Xn", "label": "Call me", "type": "INPUT_PHONE_NUMBER", "value": "+442079460958"},
            {"key": "question_mVGEg3", "label": "Plan", "type": "MULTIPLE_CHOICE", "value": ["f0a2"], "options": plans},
            {
                "key": "question_nPpMqZ",
                "label": "Topics",
                "type": "CHECKBOXES",
                "value": ["f0a1", "f0a2"],
                "options": plans,
            },
            {"key": "question_nPpMqZ_f0a1", "label": "Topics (Starter)", "type": "CHECKBOXES", "value": True},
            {"key": "question_nPpMqZ_f0a2", "label": "Topics (Business)", "type": "CHECKBOXES", "value": True},
            {"key": "question_nGDrqZ_1", "label": "utm_source", "type": "HIDDEN_FIELDS", "value": "newsletter"},
            {"key": "question_mOMQGk", "label": "Notes", "type": "TEXTAREA", "value": None},
        ],
        **changed,
    }
    return {
        "eventId": "a4cb511e-d513-4fa5-baee-b815d718dfd1",
        "eventType": "FORM_RESPONSE",
        "createdAt": "2026-01-28T15:00:21.889Z",
        "data": data,
    }


def tally_field(kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"key": "question_x", "label": "The label", "type": kind, "value": value, **more}
