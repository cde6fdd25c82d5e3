"""What an answer says in words: verdict, break-even, price and age, trust, the rule of three."""

from collections.abc import Sequence

from service.decide.comparison import Comparison
from service.decide.options import Option, Suggestion
from service.estimate.adjustments import Adjustment
from service.reports.wording import Wording

HOURS_PER_DAY = 24
STALE_AFTER_DAYS = 45
TIGHT_GIB = 1.0


def duration(w: Wording, hours: float) -> str:
    """Hours in the unit a person would use: hours below three days, days above."""
    if hours < 72:
        return w.say("{hours} hours", hours=w.rounded(hours))
    return w.say("{days} days", days=w.rounded(hours / HOURS_PER_DAY))


def fit_sentence(w: Wording, option: Option) -> str:
    """Does it fit, in a few words."""
    return {
        "fits": w.say("yes, as published"),
        "fits_with_adjustments": w.say("yes, with adjustments"),
        "marginal": w.say("marginal"),
        "does_not_fit": w.say("no"),
    }[option.planned.verdict]


def adjustment_sentence(w: Wording, adjustment: Adjustment) -> str:
    """One adjustment and what it costs in time."""
    before, after = adjustment.before, adjustment.after
    what = {
        "micro_batch": w.say("micro-batch {before} -> {after}", before=before, after=after),
        "precision": w.say("{before} -> {after} arithmetic", before=before, after=after),
        "chunked_cross_entropy": w.say("cross entropy in chunks"),
        "checkpointing": w.say("activation checkpointing in {after} layers", after=after),
        "optimizer_8bit": w.say("8-bit optimizer states"),
        "optimizer_host": w.say(
            "optimizer and master weights in host memory ({host})", host=after.split(", ")[-1]
        ),
        "gradients_host": w.say("gradients streamed to host memory"),
        "parameters_host": w.say("weights streamed from host memory layer by layer"),
        "fsdp": w.say("weights divided among the GPUs (fully sharded)"),
    }[adjustment.code]
    factor = adjustment.time_factor
    if abs(factor - 1) >= 0.005:
        what += w.say(" [time x{factor}]", factor=w.number(factor, 2))
    return what


def verdict_sentences(w: Wording, c: Comparison) -> list[str]:
    """Two or three plain sentences that answer the question."""
    home, cloud = first(c, "home"), first(c, "cloud")
    if home.hours is None or cloud.hours is None:
        return [no_fit_sentence(w, o) for o in (home, cloud) if o.hours is None]
    lines = []
    verdict = c.verdict
    if home.cost and cloud.cost and verdict.cheaper and verdict.saving is not None:
        amounts = {
            "home": w.about(home.cost.total.p50, c.currency),
            "cloud": w.about(cloud.cost.total.p50, c.currency),
            "saving": w.about(verdict.saving, c.currency),
            "sure": w.likely(verdict.cheaper_probability or 0),
        }
        if verdict.cheaper == "home":
            lines.append(
                w.say(
                    "Training at home is cheaper: about {home} of electricity against {cloud} of rent, "
                    "{saving} less (probability {sure}).",
                    **amounts,
                )
            )
        else:
            lines.append(
                w.say(
                    "Renting is cheaper: about {cloud} of rent against {home} of electricity, "
                    "{saving} less (probability {sure}).",
                    **amounts,
                )
            )
    else:
        lines.append(w.say("Costs cannot be compared: a price is missing (-)."))
    times = {
        "home": duration(w, home.hours.p50),
        "cloud": duration(w, cloud.hours.p50),
        "factor": w.rounded(verdict.slow_down or 1),
    }
    if verdict.faster == "cloud":
        sentence = w.say("Renting is faster: {cloud} instead of {home}, {factor} times.", **times)
    else:
        sentence = w.say("At home is faster: {home} instead of {cloud}, {factor} times.", **times)
    if verdict.cheaper == "home" and verdict.faster == "cloud" and verdict.saving:
        days = (home.hours.p50 - cloud.hours.p50) / HOURS_PER_DAY
        sentence += " " + w.say(
            "Waiting {days} days saves {per_day} a day.",
            days=w.rounded(days),
            per_day=w.about(verdict.saving / days, c.currency),
        )
    lines.append(sentence)
    changes = [a for a in home.adjustments if a.needs_code_change]
    memory = w.exact(home.gpu.memory_gib)
    if len(changes) == 1:
        lines.append(
            w.say(
                "At home it fits {memory} GiB only with one change to the training code that the project "
                "does not ship.",
                memory=memory,
            )
        )
    elif changes:
        lines.append(
            w.say(
                "At home it fits {memory} GiB only with {count} changes to the training code that the "
                "project does not ship.",
                memory=memory,
                count=len(changes),
            )
        )
    return lines


def no_fit_sentence(w: Wording, option: Option) -> str:
    """An option that does not fit, with the smallest memory we found for it."""
    return w.say(
        "{label} cannot hold this run: even with every adjustment we know, and {host} GiB of host memory, "
        "it needs about {need} GiB of {available} GiB.",
        label=option.label,
        host=w.rounded(option.planned.peak.host_memory_gib),
        need=w.rounded(option.planned.peak.p50),
        available=w.rounded(option.planned.available_gib),
    )


def break_even_sentence(w: Wording, c: Comparison) -> str | None:
    """The prices at which the verdict turns."""
    rent, per_kwh = c.break_even.rent_per_hour, c.break_even.per_kwh
    if rent is None or per_kwh is None:
        return None
    return w.say(
        "The verdict turns at {rent} per rented hour or at {per_kwh} per kWh.",
        rent=w.money(rent, c.currency, 2),
        per_kwh=w.money(per_kwh, c.currency, 3),
    )


def power_limit_sentences(w: Wording, c: Comparison) -> list[str]:
    """The cheapest power limit at home, where one is worth setting."""
    lines = []
    for option in c.options:
        advice = option.power_limit
        if advice is None or not advice.worth_while:
            continue
        saved = advice.kwh_saved
        line = w.say(
            "{device}: limited to {watts} W ({share}) it takes {added} longer and saves {kwh} kWh "
            "({low}-{high})",
            device=option.label,
            watts=w.number(advice.best.watts),
            share=w.percent(advice.best.share),
            added=duration(w, advice.hours_added),
            kwh=w.rounded(saved.p50),
            low=w.rounded(saved.p10),
            high=w.rounded(saved.p90),
        )
        if option.rate and option.cost and option.cost.items:
            money = saved.p50 * float(option.cost.items[0].unit_price)
            line += w.say(", {money}", money=w.about(money, c.currency))
        line += w.say(" ({source}).", source=advice.curve.source.title)
        if advice.stand_in:
            line += w.say(" That card stands in for yours: nobody has published its curve.")
        lines.append(line)
    return lines


def price_sentences(w: Wording, c: Comparison) -> list[str]:
    """Where the two prices come from and how old they are."""
    lines = []
    today = c.asked_at.date()
    for option in c.options:
        rental, rate = option.rental, option.rate
        if rental and rental.suggestions:
            lines.append(suggestion_sentence(w, option, rental.suggestions))
        if rental and rental.offer:
            offer = rental.offer
            age = (today - offer.as_of).days
            line = w.say(
                "Rent: {price} per hour, {provider} {instance}, as of {day} ({age} days old), {source}.",
                price=w.money(offer.hourly_price * rental.instances, offer.currency, 2),
                provider=rental.provider.name if rental.provider else offer.provider,
                instance=f"{offer.instance} {offer.region}".strip(),
                day=w.day(offer.as_of),
                age=w.number(age),
                source=offer.source.title,
            )
            if offer.note:
                line += " " + w.say("Note: {note}.", note=offer.note.rstrip("."))
            if age > STALE_AFTER_DAYS:
                line += " " + w.say("Check the price before you rent.")
            market = rental.market
            if market and market.offers > 1:
                line += " " + w.say(
                    "{offers} on-demand offers of this configuration, {low} to {high}, median {median}.",
                    offers=w.number(market.offers),
                    low=w.money(market.cheapest_per_hour, market.currency, 2),
                    high=w.money(market.dearest_per_hour, market.currency, 2),
                    median=w.money(market.median_per_hour, market.currency, 2),
                )
            lines.append(line)
            if option.cost:
                for rate_ in option.cost.conversion.rates:
                    lines.append(
                        w.say(
                            "Exchange rate: {rate} {quote} per {base}, {source}, {day}.",
                            rate=w.number(rate_.rate, 4),
                            quote=rate_.quote,
                            base=rate_.base,
                            source=rate_.source.title,
                            day=w.day(rate_.as_of),
                        )
                    )
        elif rental:
            lines.append(w.say("Rent: no price known for {label}.", label=option.label))
        if rate and rate.kind == "contract":
            lines.append(
                w.say(
                    "Electricity: {price} per kWh, your own figure.",
                    price=w.money(rate.per_kwh, rate.currency, 4),
                )
            )
        elif rate:
            line = w.say(
                "Electricity: {price} per kWh in {zone}, as of {day} ({age} days old), {source}.",
                price=w.money(rate.per_kwh, rate.currency, 4),
                zone=w.zone(rate.zone, rate.zone_name),
                day=w.day(rate.as_of),
                age=w.number((today - rate.as_of).days),
                source=rate.source.title,
            )
            if rate.note:
                line += " " + w.say("Note: {note}.", note=rate.note.rstrip("."))
            line += " " + w.say("Your own contract counts: give it with --kwh-price.")
            lines.append(line)
    return list(dict.fromkeys(lines))


def trust_sentence(w: Wording, option: Option, *, experts: bool = False) -> str | None:
    """How far the hours can be trusted, and why."""
    if option.time is None:
        return None
    evidence = {
        "same-gpu-and-engine": w.say("runs on this very card are among the evidence"),
        "same-architecture": w.say("no run on this card is known, but some on its architecture"),
        "unseen": w.say("no run on this GPU architecture is known: a guess from physics"),
    }[option.time.evidence]
    line = w.say(
        "{label}: hours +{up} / -{down} (80 % interval); {evidence}.",
        label=option.label,
        evidence=evidence,
        up=w.percent(option.time.hours.p90 / option.time.hours.p50 - 1),
        down=w.percent(1 - option.time.hours.p10 / option.time.hours.p50),
    )
    if any(a.needs_code_change for a in option.adjustments):
        line += " " + w.say("This exact plan has not been run by anyone we know.")
    if experts:
        line += " " + w.say("A mixture of experts: routing and uneven load are not modelled; expect longer.")
    room = option.planned.available_gib - option.planned.peak.p90
    if option.kind == "home" and room < TIGHT_GIB:
        line += " " + w.say(
            "Memory is tight: a display takes 0.3 to 1 GiB, and Windows spills into main memory, many times "
            "slower, instead of failing."
        )
    return line


def suggestion_sentence(w: Wording, option: Option, suggestions: Sequence[Suggestion]) -> str:
    """What comes closest to a configuration that nobody rents out."""
    listed = "; ".join(
        w.say(
            "{gpu} (peak x{peak}, memory x{memory}, bandwidth x{bandwidth}) {price} per hour, {offer}, {day}",
            gpu=one.gpu.name,
            peak=w.number(one.likeness.peak_ratio, 2),
            memory=w.number(one.likeness.memory_ratio, 2),
            bandwidth=w.number(one.likeness.bandwidth_ratio, 2),
            price=w.money(one.offer.hourly_price, one.offer.currency, 2),
            offer=one.offer.slug,
            day=w.day(one.offer.as_of),
        )
        for one in suggestions
    )
    return w.say(
        "Nobody rents out {label} in this tier. Nearest with as much memory: {listed}. "
        "Ask again with one of these.",
        label=option.label,
        listed=listed,
    )


def reference_sentences(w: Wording, c: Comparison) -> list[str]:
    """The note's rule of three, and where ours differs and why."""
    r, home = c.reference, first(c, "home")
    if r is None or c.workload.reference_hours is None:
        return []
    lines = [
        w.say(
            "The well-known rule of three: {hours} h x {gpus} = {gpu_hours} H100-hours; "
            "ratio {low} to {high} -> {hours_low}-{hours_high} h -> {days_low}-{days_high} days; "
            "{watts} W -> {kwh_low}-{kwh_high} kWh.",
            hours=w.exact(c.workload.reference_hours),
            gpus=c.workload.reference_gpu_count,
            gpu_hours=w.number(r.gpu_hours),
            low=w.exact(round(r.ratio_low, 2)),
            high=w.exact(round(r.ratio_high, 2)),
            hours_low=w.number(r.hours_low),
            hours_high=w.number(r.hours_high),
            days_low=w.number(r.days_low),
            days_high=w.number(r.days_high),
            watts=w.number(r.watts),
            kwh_low=w.number(r.energy_kwh_low, 1),
            kwh_high=w.number(r.energy_kwh_high, 1),
        )
    ]
    if home.time:
        lines.append(
            w.say(
                "Ours differs because {memory} GiB force the adjustments above, the whole PC draws {wall} W "
                "at the wall, and the card sustains {mfu} of its dense peak here.",
                memory=w.exact(home.gpu.memory_gib),
                wall=w.number(home.power.watts.p50),
                mfu=w.percent(home.time.mfu),
            )
        )
    return lines


def first(c: Comparison, kind: str) -> Option:
    """The first option of a kind; `compare` guarantees one."""
    return next(o for o in c.options if o.kind == kind)
