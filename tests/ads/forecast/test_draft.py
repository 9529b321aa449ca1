"""A draft is a campaign as far as it is written: a whole one may be sent, a wrong name may not."""

import msgspec
import pytest

from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.forecast.messages import Draft


def test_every_field_of_a_campaign_may_stand_in_a_draft():
    fields = msgspec.structs.fields
    assert {each.name for each in fields(Campaign)} == {each.name for each in fields(Draft)}


def test_a_field_that_no_campaign_has_is_refused():
    with pytest.raises(msgspec.ValidationError, match="targetting"):
        msgspec.convert({"bid_minor": 1, "daily_budget_minor": 1, "targetting": {}}, Draft)
