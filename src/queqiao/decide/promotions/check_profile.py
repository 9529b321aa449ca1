"""What the types of profiles cannot say: each error names path and cure."""

from collections.abc import Iterator

from queqiao.decide.promotions.check_benefit import percent_errors
from queqiao.decide.promotions.documents.profile import LAYERS, Profile
from queqiao.decide.promotions.totals.taxes import tax_errors
from queqiao.kernel.errors import FieldError, InvalidInput, Message


def profile_errors(profile: Profile) -> Iterator[FieldError]:
    """Yield an error for each field of a profile that cannot stand, by its path in a question."""
    for error in _errors(profile):
        yield FieldError(f"profile.{error.path}", error.message)


def _errors(profile: Profile) -> Iterator[FieldError]:
    if sorted(profile.layers) != sorted(LAYERS):
        names = ", ".join(LAYERS)
        message = Message(f"须各列一次：{names}", f"name each layer once: {names}")
        yield FieldError("layers", message)
    for name in ("line_cap_percent", "order_cap_percent"):
        percent = getattr(profile, name)
        if percent is not None:
            yield from percent_errors(name, percent)
    yield from tax_errors(profile)


def check_profile(profile: Profile) -> None:
    """Raise InvalidInput with every field of a profile that cannot stand."""
    errors = [
        FieldError(error.path.removeprefix("profile."), error.message)
        for error in profile_errors(profile)
    ]
    if errors:
        raise InvalidInput(*errors)
