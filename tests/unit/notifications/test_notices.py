"""The notices, and their audiences."""

from notifications.notices import AUDIENCES, NoticeType


def test_every_notice_has_an_audience_and_no_audience_twice() -> None:
    assert set(AUDIENCES) == set(NoticeType)
    assert [
        kind for kind, audiences in AUDIENCES.items() if not audiences or len(set(audiences)) < len(audiences)
    ] == []
