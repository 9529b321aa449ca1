"""A customer's name as every verb on coupons, engagements and points reads it."""

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import clean

NAME_LENGTH_MAX = 200
_NOBODY = Message("请填写顾客", "name the customer")


def customer_of(said: str, path: str) -> str:
    """Return the customer's id in NFC, without spaces around it, as an order's questions read it.

    So limits count who reads alike as one. Raises InvalidInput naming ``path``.
    """
    customer_id = clean(said, path, NAME_LENGTH_MAX).strip()
    if not customer_id:
        raise InvalidInput(FieldError(path, _NOBODY))
    return customer_id
