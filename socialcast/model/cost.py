"""What publishing takes from an account, as a plan tells it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

__all__ = ["Cost"]


class Cost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So much of a unit, such as 0.215 of "USD"; `day_has` is what there is of it for a day, `why` what it is taken for."""

    amount: Decimal
    unit: str
    day_has: int | None = None
    why: str = ""

    def __str__(self) -> str:
        of = f" of {self.day_has:,} a day" if self.day_has is not None else ""
        unit = self.unit.removesuffix("s") if self.amount == 1 else self.unit
        return f"{self.amount:,} {unit}{of}"
