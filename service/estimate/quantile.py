"""The one quantile that every 80 % interval uses."""

QUANTILE_90 = 1.2815515594
"""Standard normal quantile that turns a log spread into p10 and p90."""
