"""What an erasure leaves of a person in rows: a number, and no words."""

ERASED = "erased:"
"""What the person of an erased row begins with; their number follows."""

CLEARED = {
    "anonymous_id": "", "message_id": "", "ip": "", "region": "", "city": "",
    "click_id": "", "utm_term": "", "utm_content": "",
    "properties": "{}", "traits": "{}", "context": "{}",
}  # fmt: skip
"""Columns of events that say who, where from or in free words; and what is in them afterwards."""
