from __future__ import annotations

from command.kernel.rate import RateLimit

NOW_MS = 1_760_000_000_000


def test_the_rate_limit_lets_a_second_s_worth_through() -> None:
    rate = RateLimit(10, NOW_MS)
    assert [rate.wait_ms(NOW_MS) for _ in range(10)] == [0] * 10
    wait_ms = rate.wait_ms(NOW_MS)
    assert 90 <= wait_ms <= 110
    assert rate.wait_ms(NOW_MS + wait_ms) == 0
