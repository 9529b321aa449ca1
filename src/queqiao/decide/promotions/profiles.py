"""Calculation profiles that have a name, after how well-known shops reckon."""

from queqiao.decide.promotions.documents.profile import LAYERS, Profile
from queqiao.decide.promotions.totals.taxes import tax_errors
from queqiao.kernel.errors import FieldError, InvalidInput, Message

PRESETS: dict[str, Profile] = {
    "standard": Profile(),
    "best_for_shopper": Profile(selection="best_combination"),
    "one_exclusive": Profile(exclusivity="first_exclusive_wins"),
    "original_prices": Profile(base="original"),
    "low_priority_first": Profile(priority="low_first"),
    "remainder_first": Profile(remainder="first"),
    "remainder_last": Profile(remainder="last"),
    "half_even": Profile(rounding="half_even"),
    "favour_shop": Profile(rounding="down", minimum_price="cap"),
    "favour_shopper": Profile(rounding="up"),
    "unrounded": Profile(rounding="none"),
}
"""``standard``: half up, largest fraction, running totals, high priority first, all in sequence."""


def find_profile(profile: Profile | str | None) -> Profile:
    """Return the profile itself, or the preset of that name. Raises InvalidInput."""
    if isinstance(profile, Profile):
        if sorted(profile.layers) != sorted(LAYERS):
            names = ", ".join(LAYERS)
            message = Message(f"须各列一次：{names}", f"name each layer once: {names}")
            raise InvalidInput(FieldError("profile.layers", message))
        wrong = [
            FieldError(f"profile.{field.path}", field.message) for field in tax_errors(profile)
        ]
        if wrong:
            raise InvalidInput(*wrong)
        return profile
    found = PRESETS.get(profile or "standard")
    if found is None:
        names = ", ".join(PRESETS)
        message = Message(f"没有这个预设，可用：{names}", f"no such preset; there are {names}")
        raise InvalidInput(FieldError("profile", message))
    return found
