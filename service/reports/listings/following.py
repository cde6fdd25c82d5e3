"""A run as it goes, in one line, and what is said when its forecast passes the budget."""

from service.estimate.interval import Interval
from service.estimate.own_run import Budget, Standing
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording, wording


def line(standing: Standing, language: str, silent_s: float | None = None) -> str:
    """Done, to go with its interval, energy and money so far and to come; how long nothing has come."""
    w, run = wording(language), standing.run
    where, left = run.progress, run.progress.hours_left
    parts = [
        w.counted(
            "{done} of {count} step ({share}), {tokens} tokens/s, to go {left}",
            "{done} of {count} steps ({share}), {tokens} tokens/s, to go {left}",
            where.steps_total,
            done=w.number(where.steps_done),
            share=w.percent(where.share),
            tokens=w.rounded(standing.log.tokens_per_s),
            left=f"{duration(w, left.p50)} ({duration(w, left.p10)} - {duration(w, left.p90)})"
            if left.p50
            else "0",
        ),
        w.say(
            "{kwh} kWh so far, {left} to go",
            kwh=w.rounded(run.kwh_done.p50) if run.kwh_done.p50 else "0",
            left=_three(w, run.kwh_left),
        ),
    ]
    if run.cost_done and run.cost_left:
        currency, rest = run.cost_done.currency, run.cost_left.total
        ends = w.about_ends(rest.p10, rest.p90, currency)
        between = f" ({ends[0]} - {ends[1]})" if rest.p50 else ""
        parts.append(
            w.say(
                "{money} so far, {left} to go",
                money=w.about(run.cost_done.total.p50, currency),
                left=w.about(rest.p50, currency) + between,
            )
        )
    if silent_s is not None:
        parts.append(w.say("nothing new for {time}", time=duration(w, silent_s / 3600)))
    return "; ".join(parts)


def _three(w: Wording, value: Interval) -> str:
    if not value.p50:
        return "0"
    low, high = w.ends(value.p10, value.p90)
    return f"{w.rounded(value.p50)} ({low} - {high})"


def waiting(path: str, language: str, *, there: bool) -> str:
    """What is said before the log shows a pace."""
    w = wording(language)
    if there:
        return w.say("{path}: waiting for the first steps", path=path)
    return w.say("{path}: waiting for the file", path=path)


def begun_anew(path: str, language: str) -> str:
    """What is said when the log was emptied."""
    return wording(language).say("{path}: begun anew", path=path)


def budget_sentence(standing: Standing, budget: float, now: Budget, language: str) -> str:
    """What is said when the forecast passes the budget, or no longer does."""
    w, total, cost = wording(language), standing.total_cost(), standing.run.cost_left
    if total is None or cost is None:
        return ""
    money = {
        name: w.about(value, cost.currency) for name, value in (("total", total.p50), ("budget", budget))
    }
    if now == "within":
        return w.say(
            "The forecast is within the budget again: {total} in all, {budget} are planned.", **money
        )
    money["low"], money["high"] = w.about_ends(total.p10, total.p90, cost.currency)
    if now == "passes":
        return w.say(
            "The forecast passes the budget: {total} in all (80 % range {low} to {high}), "
            "{budget} are planned.",
            **money,
        )
    return w.say(
        "The forecast may pass the budget: {total} in all (80 % range {low} to {high}), "
        "{budget} are planned.",
        **money,
    )


def ended(path: str, gpu: str, language: str) -> str:
    """What is said when the run is over."""
    return wording(language).say(
        "The run has ended. To learn from it: heimvorteil measure {path} --gpu {gpu}", path=path, gpu=gpu
    )
