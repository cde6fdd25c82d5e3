"""The verdict in words: which is cheaper, which is faster, what it asks of one, where it turns."""

from service.answers.answer import AnsweredComparison
from service.answers.option import AnsweredCost, AnsweredOption
from service.reports.words.price_age import price_age_sentences
from service.reports.words.prices import rent_distance_sentence
from service.reports.words.sentences import HOURS_PER_DAY, duration
from service.reports.words.vat import vat_sentences
from service.reports.words.wording import Wording

EVEN = 0.5
ABOUT_AS_LONG = 1.05
"""Below this ratio of hours neither side is called faster: both intervals are far wider."""


def verdict_sentences(w: Wording, c: AnsweredComparison) -> list[str]:
    """The answer in plain sentences: the verdict, the reason, what would change it, how sure it is; then what
    must be known before one acts on it."""
    home, cloud = c.first("home"), c.first("cloud")
    if home is None or cloud is None:
        return []
    if lines := cannot_sentences(w, home, cloud):
        return [*lines, *filter(None, [looked_at_sentence(w, c)])]
    faster = [faster_sentence(w, c, home, cloud), waiting_sentence(w, c, home, cloud)]
    cheaper = [cheaper_sentence(w, c, home, cloud), rent_distance_sentence(w, cloud.offer)]
    lines = [" ".join(line for line in said if line) for said in (cheaper, faster)]
    lines += [marginal_sentence(w, o) for o in (home, cloud) if o.fit.verdict == "marginal"]
    beside = (break_even_sentence(w, c), sure_sentence(w, c), code_change_sentence(w, home))
    lines += [line for line in (*beside, looked_at_sentence(w, c)) if line]
    lines += vat_sentences(w, c.vat, home, cloud)
    return lines + price_age_sentences(w, c.prices, cloud, c.asked_at.date())


def cheaper_sentence(w: Wording, c: AnsweredComparison, home: AnsweredOption, cloud: AnsweredOption) -> str:
    """Who wins on money, and by how much."""
    verdict = c.verdict
    if not (home.cost and cloud.cost and verdict.cheaper and verdict.saving is not None):
        return w.say("Costs cannot be compared: a price is missing (–).")
    amounts = {
        "home": w.about(home.cost.total.p50, c.currency),
        "cloud": w.about(cloud.cost.total.p50, c.currency),
        "saving": w.about(verdict.saving, c.currency),
    }
    if not _is_electricity_alone(home.cost):
        if verdict.cheaper == "home":
            return w.say(
                "Training at home is cheaper: about {home} against {cloud} of rent, {saving} less.",
                **amounts,
            )
        return w.say(
            "Renting is cheaper: about {cloud} of rent against {home} at home, {saving} less.",
            **amounts,
        )
    if verdict.cheaper == "home":
        return w.say(
            "Training at home is cheaper: about {home} of electricity against {cloud} of rent, {saving} "
            "less.",
            **amounts,
        )
    return w.say(
        "Renting is cheaper: about {cloud} of rent against {home} of electricity, {saving} less.",
        **amounts,
    )


def sure_sentence(w: Wording, c: AnsweredComparison) -> str | None:
    """How sure it is who wins on money; None where costs cannot be compared."""
    verdict = c.verdict
    if not verdict.cheaper or verdict.saving is None or verdict.cheaper_probability is None:
        return None
    sure = w.likely(verdict.cheaper_probability)
    if verdict.cheaper == "home":
        return w.say("How sure: home costs less with a probability of {sure}.", sure=sure)
    return w.say("How sure: renting costs less with a probability of {sure}.", sure=sure)


def _is_electricity_alone(cost: AnsweredCost) -> bool:
    """Whether the bill at home counts nothing but electricity."""
    return all(i.code in ("electricity", "paused") for i in cost.items if i.is_counted and i.amount)


def faster_sentence(w: Wording, c: AnsweredComparison, home: AnsweredOption, cloud: AnsweredOption) -> str:
    """Who wins on time; both must fit."""
    assert home.elapsed_hours and cloud.elapsed_hours
    verdict = c.verdict
    times = {"home": duration(w, home.elapsed_hours.p50), "cloud": duration(w, cloud.elapsed_hours.p50)}
    ratio = verdict.slow_down or 1.0
    if ratio < ABOUT_AS_LONG:
        return w.say("Both take about as long: {home} at home, {cloud} rented.", **times)
    factor = w.few(ratio)
    if verdict.faster == "home":
        return w.say(
            "Home is faster: {home} instead of {cloud}, {factor} times as fast.", factor=factor, **times
        )
    return w.say(
        "Renting is faster: {cloud} instead of {home}, {factor} times as fast.", factor=factor, **times
    )


def waiting_sentence(
    w: Wording, c: AnsweredComparison, home: AnsweredOption, cloud: AnsweredOption
) -> str | None:
    """What a day of waiting saves; None where home is not cheaper, or less than a day slower."""
    assert home.elapsed_hours and cloud.elapsed_hours
    verdict = c.verdict
    days = (home.elapsed_hours.p50 - cloud.elapsed_hours.p50) / HOURS_PER_DAY
    if (verdict.slow_down or 1.0) < ABOUT_AS_LONG or days < 1:
        return None
    if (verdict.cheaper, verdict.faster) != ("home", "cloud") or not verdict.saving:
        return None
    return w.say(
        "Waiting {time} longer saves {per_day} a day.",
        time=waiting_time(w, days),
        per_day=w.about(verdict.saving / days, c.currency),
    )


def waiting_time(w: Wording, days: float) -> str:
    """A time to wait in days however many they are, as what a day of it saves is told beside it."""
    if days < 2:
        return duration(w, days * HOURS_PER_DAY)
    return w.counted("{count} day", "{count} days", round(days))


def code_change_sentence(w: Wording, home: AnsweredOption) -> str | None:
    """What the plan at home asks of the training code, and whether it could do without."""
    changes = sum(a.needs_code_change for a in home.fit.adjustments)
    if not changes:
        return None
    longer = unchanged_takes_longer_hours(home)
    if longer is not None:
        return w.say(
            "At home the fastest plan changes the training code; with smaller micro-batches alone it fits "
            "too and takes {added} longer.",
            added=duration(w, longer),
        )
    memory = w.exact(home.gpu_memory_gib)
    if home.fit.is_as_asked:
        return w.counted(
            "At home it fits {memory} GiB only with one change to the training code beyond what was asked.",
            "At home it fits {memory} GiB only with {count} changes to the training code beyond what was "
            "asked.",
            changes,
            memory=memory,
        )
    if changes == 1:
        return w.say(
            "At home it fits {memory} GiB only with one change to the training code beyond the published "
            "recipe.",
            memory=memory,
        )
    return w.say(
        "At home it fits {memory} GiB only with {count} changes to the training code beyond the published "
        "recipe.",
        memory=memory,
        count=changes,
    )


def unchanged_takes_longer_hours(home: AnsweredOption) -> float | None:
    """Hours that the fastest plan without a code change takes longer; None where there is none.

    A precision that the card cannot run is a change that no plan avoids.
    """
    chosen = home.fit.time_factor
    if home.hours is None or not chosen or any(a.code == "precision" for a in home.fit.adjustments):
        return None
    factors = [
        r.hours / (r.hours - r.hours_added)
        for r in home.fit.ladder
        if r.fits and r.hours is not None and not r.needs_code_change and not r.experimental
    ]
    return max(0.0, home.hours.p50 * (min(factors) / chosen - 1)) if factors else None


def cannot_sentences(w: Wording, home: AnsweredOption, cloud: AnsweredOption) -> list[str]:
    """Which of the two cannot do the run, or would take so long that nobody waits, and what the other takes;
    empty where both can."""
    lines = [no_fit_sentence(w, o) for o in (home, cloud) if o.hours is None]
    lines += [not_practical_sentence(w, o) for o in (home, cloud) if o.practical]
    return [
        *lines,
        *(only_way_sentence(w, o) for o in (home, cloud) if o.hours and not o.practical and lines),
    ]


def not_practical_sentence(w: Wording, option: AnsweredOption) -> str:
    """That a machine would take years, and what they would cost; what it would do in two."""
    took, would = option.elapsed_hours, option.practical
    assert took and would
    line = w.say("{label}: not practical ({time}).", label=option.label, time=duration(w, took.p50))
    if option.cost:
        money = w.about(option.cost.total.p50, option.cost.currency)
        line += " " + w.say("It would cost about {money}.", money=money)
    ways = []
    if would.smaller_name:
        ways.append(w.say("the smaller model {model}", model=would.smaller_name))
    if would.tokens:
        ways.append(w.say("at most {tokens} tokens", tokens=w.compact(would.tokens)))
    if would.gpu_count:
        ways.append(w.say("at least {count} such GPUs", count=w.number(would.gpu_count)))
    return f"{line} " + w.say("Within two years: {ways}.", ways="; ".join(ways)) if ways else line


def no_fit_sentence(w: Wording, option: AnsweredOption) -> str:
    """An option that does not fit, with the smallest memory we found for it and what would help."""
    line = w.say(
        "{label} cannot hold this run: with every adjustment that the host's memory allows it still needs "
        "about {need} GiB per GPU, and {available} GiB can be used.",
        label=option.label,
        need=w.rounded(option.fit.peak_memory_interval_gib.p50),
        available=w.rounded(option.fit.available_memory_gib),
    )
    return line + host_memory_remedy(w, option)


def marginal_sentence(w: Wording, option: AnsweredOption) -> str:
    """An option that may or may not fit: how surely, and what would help."""
    chance = option.fit.fit_probability
    phrases = {"label": option.label, "chance": w.percent(chance)}
    if chance < EVEN:
        line = w.say(
            "{label} will probably run out of memory: the chance that it fits is {chance}.", **phrases
        )
    else:
        line = w.say("{label} may run out of memory: the chance that it fits is {chance}.", **phrases)
    return line + host_memory_remedy(w, option)


def host_memory_remedy(w: Wording, option: AnsweredOption) -> str:
    """How much host memory would let it fit; nothing where no amount does."""
    hosts = [r.host_memory_gib for r in option.fit.ladder if not r.host_memory_suffices and r.fits_the_card]
    if not hosts:
        return ""
    return " " + w.say(
        "With {host} GiB of host memory it would fit (--host-memory).", host=w.rounded(min(hosts))
    )


def only_way_sentence(w: Wording, option: AnsweredOption) -> str:
    """What the one option takes that can do the run at all."""
    assert option.elapsed_hours
    took = duration(w, option.elapsed_hours.p50)
    if option.cost is None:
        return w.say("{label} can: it takes {time}.", label=option.label, time=took)
    return w.say(
        "{label} can: it takes {time} and costs about {money}.",
        label=option.label,
        time=took,
        money=w.about(option.cost.total.p50, option.cost.currency),
    )


def looked_at_sentence(w: Wording, c: AnsweredComparison) -> str:
    """That nothing was looked at to be rented but what is named here, and what looks at all; empty where a
    list of offers was."""
    if c.considered_offers:
        return ""
    labels = dict.fromkeys(o.label for o in c.options if o.kind == "cloud")
    return w.say(
        "Compared with {labels} only; heimvorteil decide looks through every offer.",
        labels=", ".join(labels),
    )


def break_even_sentence(w: Wording, c: AnsweredComparison) -> str | None:
    """The prices at which the verdict turns, beside those it was reached with."""
    rent, per_kwh = c.break_even.rent_per_hour, c.break_even.per_kwh
    home, cloud = c.first("home"), c.first("cloud")
    if rent is None or per_kwh is None or not (home and home.cost and cloud and cloud.cost):
        return None
    per_kwh_now, rent_now = home.cost.unit_price("electricity"), cloud.cost.unit_price("rent")
    if rent_now is None or per_kwh_now is None:
        return None
    return w.say(
        "The verdict turns at {rent} per rented hour (now {rent_now}) or at {per_kwh} per kWh (now "
        "{per_kwh_now}).",
        rent=w.unit_price(rent, c.currency),
        rent_now=w.unit_price(rent_now, c.currency),
        per_kwh=w.unit_price(per_kwh, c.currency),
        per_kwh_now=w.unit_price(per_kwh_now, c.currency),
    )
