"""What the gate before this API has to know of each route: body, cost, who answers."""

from functools import lru_cache

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from service.api.measured_runs import LARGEST_LOG_BYTES
from service.api.offer_imports import LARGEST_TABLE_BYTES
from service.api.tokens import asker, carries_token
from service.front.kinds import HOLDER, By, Kind, KindOf

COSTS = {
    "estimates.create": 1,
    "comparisons.asked": 1,
    "decisions.create": 1,
    "comparisons.report": 2,
    "decisions.report": 2,
    "answer_page.ask": 1,
    "answer_page.keep": 1,
    "answer_page.embed": 1,
    "beside_answer.otherwise": 2,
    "beside_answer.plans": 1,
    "beside_answer.plans_picture": 1,
    "beside_answer.break_even": 1,
    "beside_answer.break_even_picture": 1,
    "beside_answer.report": 2,
    "gpu_names.told": 1,
    "alerts.saved": 1,
    "report_schedules.saved": 1,
    "offers.quoted": 1,
    "measured_runs.measured": 5,
    "offer_imports.imported": 5,
    "refreshes.requested": 5,
    "offers.everything": 5,
    "offers.everything_as_table": 5,
    "offers.everything_as_parquet": 5,
    "index.as_parquet": 5,
    "price_history.over_time": 1,
}
"""Of a client's minute; what is not here costs nothing."""
LARGEST_BODY_BYTES = {
    "measured_runs.measured": LARGEST_LOG_BYTES,
    "offer_imports.imported": LARGEST_TABLE_BYTES,
}
WORKED_OUT = {"answer_page.kept"}
"""What is read without a cost and yet takes long."""
ANSWERED_BY = {
    "health.ping": By.AT_ONCE,
    "health.healthz": By.AT_ONCE,
    "health.readyz": By.HEALTH,
    "metrics.metrics": By.HEALTH,
}


def kinds(app: Flask) -> KindOf:
    """Of each request what kind it is; one that no route answers reads no body."""
    routes = app.url_map.bind("")
    usual_bytes = app.config["MAX_CONTENT_LENGTH"]

    @lru_cache(4096)
    def kind_of(method: str, path: str) -> Kind:
        try:
            rule, _ = routes.match(path.partition("?")[0], method, return_rule=True)
        except HTTPException:
            return Kind(By.WORK, 0)
        endpoint = rule.endpoint
        reads = method not in ("GET", "HEAD", "OPTIONS")
        is_looked_up = not reads and endpoint not in COSTS and endpoint not in WORKED_OUT
        return Kind(
            ANSWERED_BY.get(endpoint, By.LOOK_UP if is_looked_up else By.WORK),
            LARGEST_BODY_BYTES.get(endpoint, usual_bytes) if reads else 0,
            COSTS.get(endpoint, 0),
            rule.rule,
        )

    return kind_of


def note_holder() -> None:
    """Tell the gate whose token a request that costs carries; a wrong one is the route's to refuse."""
    if request.endpoint not in COSTS or HOLDER in request.environ:
        return
    try:
        name = asker() if carries_token() else None
    except Exception:
        # Not known whose it is, it is counted with the address; what is asked may be answered from memory.
        return
    if name is not None:
        request.environ[HOLDER] = name
