"""A store that ends in the middle, as when its process is killed."""


class CutOffError(BaseException):
    """As a kill: nothing after it is done."""


class CutOff:
    """A store that ends at its n-th write, before or after it is done."""

    def __init__(self, rows, writes, *, after):
        self.rows, self.left, self.after = rows, writes, after

    def __getattr__(self, name):
        found = getattr(self.rows, name)
        if name not in {"put", "check_and_put", "delete"}:
            return found

        async def counted(*arguments):
            self.left -= 1
            if self.left == 0 and not self.after:
                raise CutOffError
            answer = await found(*arguments)
            if self.left == 0:
                raise CutOffError
            return answer

        return counted
