"""/llms.txt: where everything is, for programs that read text (llmstxt.org)."""

from flask import Blueprint, Response

from service.api.collections import LARGEST_PAGE

TEXT = f"""# Heimvorteil

> Train a transformer at home or on rented GPUs: hours, memory, electricity and rent, every number with its
> unit, source and day. Unknown is null and never 0; intervals are 80 %.

## Ask

- [OpenAPI](/api/v1/openapi.json): every question and answer; [the same as a page](/api/v1/docs)
- POST /api/v1/comparisons: one machine at home against one rented
- POST /api/v1/decisions: the best plan within a budget and a deadline

## Read

- [Offers](/api/v1/offers): rentable instances, cheapest first, with `seen_rentable_at` where a source tells
- [Index](/api/v1/index): median and quartiles per GPU and hour, by GPU and tier of a day;
  [as CSV](/api/v1/index.csv)
- [Price history](/api/v1/price-history?gpu=h100-sxm), [providers](/api/v1/providers), [GPUs](/api/v1/gpus),
  [training runs](/api/v1/workloads), [measured runs](/api/v1/measured-runs)
- [Sources](/api/v1/price-sources): who said so, licence, last success

Collections take `limit` (at most {LARGEST_PAGE:,}) and `offset` and are CSV under NAME.csv.
Prices belong to their sources: keep source, day and licence beside each number.
"""

blueprint = Blueprint("llms", __name__)


@blueprint.get("/llms.txt")
def told() -> Response:
    """What there is and where, as text."""
    return Response(TEXT, mimetype="text/plain")
