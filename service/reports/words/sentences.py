"""What an answer says in words: fit, adjustments, power limit, trust, the rule of three."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from service.answers.answer import AnsweredComparison, AnsweredWorkload
from service.answers.option import AnsweredAdjustment, AnsweredOption, AnsweredPowerLimit
from service.decide.comparison import REFERENCE_GPU
from service.estimate.interval import Interval
from service.reports.words.fine_tuning import fine_tuning_sentences
from service.reports.words.source_notes import source_title
from service.reports.words.trainer_file import trainer_file_sentences
from service.reports.words.wording import WHOLE_FROM, Wording

HOURS_PER_DAY = 24
HOURS_PER_MONTH = 730.5
HOURS_PER_YEAR = 8766
MINUTES_PER_HOUR = 60
SECONDS_PER_HOUR = 3600
TIGHT_GIB = 1.0
NOTICEABLY_FASTER = 0.98


def duration(w: Wording, hours: float, *, at_least: bool = False) -> str:
    """An estimated time in the unit a person would use, as far as it is known: seconds below two minutes,
    minutes below an hour, hours below two days, days below two months, months below two years.

    `at_least`: a time that suffices.
    """
    scale = duration_scale(hours)
    shown = w.few(hours * scale, at_least=at_least)
    if scale in (1 / HOURS_PER_MONTH, 1 / HOURS_PER_YEAR):
        return w.say("about {time}", time=_in_unit(w, scale, shown))
    return _in_unit(w, scale, shown)


def duration_between(w: Wording, hours: Interval) -> str:
    """The ends of an estimated time with the unit of its middle: 8.5–11 days."""
    return _in_unit(w, duration_scale(hours.p50), duration_ends(w, hours))


def duration_ends(w: Wording, hours: Interval) -> str:
    """The ends alone, in the unit that `duration` takes for the middle, rounded alike: 8–11, 2–9, 2.4–4.1."""
    ends = hours * duration_scale(hours.p50)
    low, high = w.few(ends.p10), w.few(ends.p90)
    if 1 <= ends.p10 < WHOLE_FROM <= ends.p90 and round(ends.p10) < round(ends.p90):
        low = w.number(round(ends.p10))
    return f"{low}\N{EN DASH}{high}"


def _in_unit(w: Wording, scale: float, shown: str) -> str:
    """A number in words of the unit; 1 of it may only be the end of a range, or a rounded one."""
    one = shown == "1"
    if scale == SECONDS_PER_HOUR:
        return w.say("{seconds} seconds", seconds=shown)
    if scale == MINUTES_PER_HOUR:
        return w.say("{minutes} minutes", minutes=shown)
    if scale == 1:
        return w.say("1 hour") if one else w.say("{hours} hours", hours=shown)
    if scale == 1 / HOURS_PER_DAY:
        return w.say("{days} days", days=shown)
    if scale == 1 / HOURS_PER_MONTH:
        return w.say("{months} months", months=shown)
    return w.say("{years} years", years=shown)


def duration_scale(hours: float) -> float:
    """How many of the unit that `duration` takes are in an hour."""
    if hours * MINUTES_PER_HOUR < 2:
        return SECONDS_PER_HOUR
    if hours < 1:
        return MINUTES_PER_HOUR
    if hours < 2 * HOURS_PER_DAY:
        return 1.0
    if hours < 2 * HOURS_PER_MONTH:
        return 1 / HOURS_PER_DAY
    return 1 / (HOURS_PER_MONTH if hours < 2 * HOURS_PER_YEAR else HOURS_PER_YEAR)


def stated_months(hours: float) -> int:
    """How many whole months a stated time is; 0 where it is none."""
    return 0 if hours % HOURS_PER_MONTH else round(hours / HOURS_PER_MONTH)


def stated_duration(w: Wording, hours: float) -> str:
    """A time that somebody stated, exactly as it was stated: 30 days, 36 hours, 90 minutes."""
    if hours >= 2 * HOURS_PER_DAY and hours % HOURS_PER_DAY == 0:
        return w.counted("{count} day", "{count} days", round(hours / HOURS_PER_DAY))
    if months := stated_months(hours):
        return w.counted("{count} month", "{count} months", months)
    if hours == int(hours):
        return w.counted("{count} hour", "{count} hours", int(hours))
    if hours < 2:
        return w.say("{minutes} minutes", minutes=w.exact(round(hours * MINUTES_PER_HOUR, 2)))
    return w.say("{hours} hours", hours=w.exact(hours))


def age(w: Wording, days: int) -> str:
    """How old a fact is; one of a day to come tells that a clock is wrong."""
    if days < 0:
        ahead = w.counted("{count} day", "{count} days", -days)
        return w.say("{ahead} ahead of this computer's clock", ahead=ahead)
    return w.counted("{count} day old", "{count} days old", days)


def span(w: Wording, time: timedelta) -> str:
    """A span as people say it: 40 min, 6 h, 4.5 days."""
    hours = time.total_seconds() / 3600
    if hours < 1:
        return w.say("{count} min", count=w.number(hours * 60))
    if hours < 48:
        return w.say("{count} h", count=w.exact(float(f"{hours:.3g}")))
    return w.say("{count} days", count=w.exact(float(f"{hours / 24:.3g}")))


def medians_sentence(w: Wording) -> str:
    """How to read a table of medians with their ranges."""
    return w.say(
        "Large figures are medians; below each stands its 80 % range: in one case out of ten the truth lies "
        "below it, in one above."
    )


def calendar_stretch(option: AnsweredOption) -> float:
    """How many hours pass while the machine works one: 2 where it may run half of every day."""
    hours, elapsed = option.hours, option.elapsed_hours
    return elapsed.p50 / hours.p50 if hours and elapsed and hours.p50 else 1.0


def fit_sentence(w: Wording, option: AnsweredOption) -> str:
    """Does it fit, in a few words."""
    return {
        "fits": w.say("yes, as asked") if option.fit.is_as_asked else w.say("yes, as published"),
        "fits_with_adjustments": w.say("yes, with adjustments"),
        "marginal": w.say("perhaps ({chance})", chance=w.percent(option.fit.fit_probability)),
        "does_not_fit": w.say("no"),
    }[option.fit.verdict]


@lru_cache(maxsize=1024)
def adjustment_sentence(w: Wording, adjustment: AnsweredAdjustment) -> str:
    """One adjustment and what it costs in time."""
    before, after = adjustment.before, adjustment.after
    what = {
        "micro_batch": w.say("micro-batch {before} → {after}", before=before, after=after),
        "precision": w.say("{before} → {after} arithmetic", before=before, after=after),
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
    if adjustment.code == "optimizer_host" and factor < NOTICEABLY_FASTER:
        what += w.say(
            " [time ×{factor}, because the GPU reads 16-bit weights only]", factor=w.number(factor, 2)
        )
    elif abs(factor - 1) >= 0.005:
        what += w.say(" [time ×{factor}]", factor=w.number(factor, 2))
    return what


def adjustments_sentence(w: Wording, name: str, option: AnsweredOption) -> str:
    """All that must be changed for an option to fit, in one line that begins with its name."""
    return f"{name}: " + "; ".join(adjustment_sentence(w, a) for a in option.fit.adjustments) + "."


def power_limit_sentences(w: Wording, options: Iterable[AnsweredOption], currency: str) -> list[str]:
    """The power limit to set at home, where one is worth it, and what the one with the least energy adds."""
    lines = []
    for option in options:
        advice = option.power_limit
        if advice is None or not advice.worth_while or option.practical:
            continue
        saved = advice.energy_kwh_saved
        limit = {
            "device": option.label,
            "watts": w.number(advice.best.limit_watts),
            "share": w.percent(advice.best.limit_share),
            "added": duration(w, advice.hours_added * calendar_stretch(option)),
            "kwh": w.between(saved) if advice.stand_in else w.rounded(saved.p50),
        }
        if option.cost and (per_kwh := option.cost.unit_price("electricity")) is not None:
            line = w.say(
                "{device}: a limit of {watts} W ({share}) saves about {money} ({kwh} kWh) and takes {added} "
                "longer.",
                money=saved_by_limit(w, advice, float(per_kwh), currency),
                **limit,
            )
        else:
            line = w.say(
                "{device}: a limit of {watts} W ({share}) saves about {kwh} kWh and takes {added} longer.",
                **limit,
            )
        lines.append(line + _least_energy(w, option, advice, currency) + " " + _measured_on(w, advice))
    return lines


def saved_by_limit(w: Wording, advice: AnsweredPowerLimit, per_kwh: float, currency: str) -> str:
    """What the limit saves in money: of a card without a curve of its own from the least to the most that any
    curve gives, for the one that stands in for it may be the end of them."""
    saved = advice.energy_kwh_saved * per_kwh
    return w.about_between(saved, currency) if advice.stand_in else w.about(saved.p50, currency)


def _measured_on(w: Wording, advice: AnsweredPowerLimit) -> str:
    """On which cards the curves were measured, and what they give."""
    saved = advice.energy_kwh_saved
    source = {"source": source_title(w, advice.source), "day": w.day(advice.as_of)}
    if advice.stand_in:
        return w.say(
            "The curves are of other cards; the {card}'s, taken for the times, gives {kwh} kWh ({source}, "
            "{day}).",
            card=advice.measured_on.upper(),
            kwh=w.rounded(saved.p50),
            **source,
        )
    low, high = w.ends(saved.p10, saved.p90)
    return w.say("Measured curves give {low} to {high} kWh ({source}, {day}).", low=low, high=high, **source)


def _least_energy(w: Wording, option: AnsweredOption, advice: AnsweredPowerLimit, currency: str) -> str:
    """What the limit with the least energy saves more, and takes longer, than the one told."""
    least, best = advice.least, advice.best
    if least is None or least.limit_share == best.limit_share:
        return ""
    kwh = best.energy_kwh - least.energy_kwh
    saved = w.say("{kwh} kWh", kwh=w.rounded(kwh))
    if option.cost and (per_kwh := option.cost.unit_price("electricity")) is not None:
        saved = w.about(kwh * float(per_kwh), currency)
    return " " + w.say(
        "{watts} W saves {saved} more and takes {added} more.",
        watts=w.number(least.limit_watts),
        saved=saved,
        added=duration(w, (least.hours - best.hours) * calendar_stretch(option)),
    )


def trust_sentence(w: Wording, option: AnsweredOption, workload: AnsweredWorkload) -> str | None:
    """How far the hours can be trusted, and why."""
    hours = option.hours
    if hours is None or option.evidence is None:
        return None
    evidence = {
        "same-gpu-and-engine": w.say("runs on this very card are among the evidence"),
        "same-architecture": w.say("no run on this card is known, but some on its architecture"),
        "unseen": w.say("no run on this GPU architecture is known: a guess from physics"),
    }[option.evidence]
    line = w.say(
        "{label}: hours +{up} / −{down} (80 % range); {evidence}.",
        label=option.label,
        evidence=evidence,
        up=w.percent(hours.p90 / hours.p50 - 1),
        down=w.percent(1 - hours.p10 / hours.p50),
    )
    if any(a.needs_code_change for a in option.fit.adjustments):
        line += " " + w.say("This exact plan has not been run by anyone we know.")
    if option.offer and option.offer.tier == "spot":
        line += " " + w.say(
            "A spot machine can be taken away at any time; what interruptions cost is estimated."
        )
    if option.kind == "home" and option.gpu_category.endswith("laptop"):
        line += " " + w.say(
            "A laptop's cooling and its maker's power limit decide; the rest of the machine is counted as a "
            "desktop's."
        )
    sequences = workload.global_batch_tokens // workload.seq_len
    if sequences % (option.gpu_count * option.fit.micro_batch):
        phrases = {
            "sequences": w.number(sequences),
            "gpus": str(option.gpu_count),
            "micro_batch": str(option.fit.micro_batch),
        }
        line += " " + (
            w.say(
                "The batch asked for, {sequences} sequences, does not divide evenly by {gpus} × "
                "{micro_batch}.",
                **phrases,
            )
            if option.fit.is_as_asked
            else w.say(
                "The published batch of {sequences} sequences does not divide evenly by {gpus} × "
                "{micro_batch}.",
                **phrases,
            )
        )
    if workload.n_experts > 1:
        line += " " + w.say("A mixture of experts: routing and uneven load are not modelled; expect longer.")
    room = option.fit.available_memory_gib - option.fit.peak_memory_interval_gib.p90
    if option.kind == "home" and room < TIGHT_GIB:
        line += " " + w.say(
            "Memory is tight: a display takes 0.3 to 1 GiB, and Windows spills into main memory, many times "
            "slower, instead of failing."
        )
    return line


def model_sentences(w: Wording, workload: AnsweredWorkload) -> list[str]:
    """What the estimate takes to be so of a data set, and leaves out of a model that is no plain decoder."""
    said = {
        "text-part": w.say("The text part alone is counted; what the model sees or hears with is left out."),
        "short-windows": w.say(
            "Attention within windows is counted as a kernel does it that skips what lies beyond; code that "
            "masks it computes all of it."
        ),
        "encoder": w.say(
            "An encoder: every token sees the whole sequence, and each is told from all words as when masked "
            "words are trained."
        ),
        "encoder-decoder": w.say(
            "A token stands for one that the encoder reads and one that the decoder writes; where texts and "
            "answers differ in length, hours follow the longer of the two."
        ),
        "latent-attention": w.say(
            "Latent attention is counted with keys and values unpacked for every head, as it trains; layers "
            "that predict several tokens ahead are left out."
        ),
        "every-expert": w.say(
            "Counted are the experts that a token is sent to; the code of transformers lets all of them "
            "compute every token and takes far longer, and more memory."
        ),
        "streams": w.say(
            "Four streams of residuals and embeddings per layer are counted by their weights; what else they "
            "cost in time is left out."
        ),
    }
    told = [*fine_tuning_sentences(w, workload), *trainer_file_sentences(w, workload)]
    return [*told, *(said[note] for note in workload.model_notes)]


def reference_sentences(w: Wording, c: AnsweredComparison) -> list[str]:
    """The note's rule of three, and where ours differs and why."""
    r, home = c.reference_method, c.first("home")
    if r is None or home is None or c.workload.reference_hours is None:
        return []
    lines = [
        w.say(
            "The well-known rule of three: {hours} h × {gpus} = {gpu_hours} H100-hours; "
            "ratio {low} to {high} → {hours_low}–{hours_high} h → {days_low}–{days_high} days; "
            "{watts} W → {kwh_low}–{kwh_high} kWh.",
            hours=w.exact(c.workload.reference_hours),
            gpus=c.workload.reference_gpu_count,
            gpu_hours=w.number(r.gpu_hours),
            low=w.exact(round(r.ratio_low, 2)),
            high=w.exact(round(r.ratio_high, 2)),
            hours_low=w.whole(r.hours_low),
            hours_high=w.whole(r.hours_high),
            days_low=w.whole(r.days_low),
            days_high=w.whole(r.days_high),
            watts=w.number(r.watts * home.gpu_count),
            kwh_low=w.number(r.energy_kwh_low, 1),
            kwh_high=w.number(r.energy_kwh_high, 1),
        )
    ]
    if home.gpu != REFERENCE_GPU:
        lines[0] += " " + w.say(
            "The note gives its ratio for an RTX 4070; here it is scaled by the cards' dense peaks."
        )
    if home.mfu is not None:
        wall = w.number(home.wall_watts.p50)
        mfu = w.percent(home.mfu)
        if home.fit.adjustments:
            line = w.say(
                "Ours differs because {memory} GiB force the adjustments above, the whole PC draws {wall} W "
                "at the wall, and the card sustains {mfu} of its dense peak here.",
                memory=w.exact(home.gpu_memory_gib),
                wall=wall,
                mfu=mfu,
            )
        else:
            line = w.say(
                "Ours differs because the whole machine draws {wall} W at the wall and the card sustains "
                "{mfu} of its dense peak here.",
                wall=wall,
                mfu=mfu,
            )
        lines.append(line)
    return lines


def cloud_name(option: AnsweredOption, c: AnsweredComparison) -> str:
    """A rented option by its GPUs, and by its provider where several are compared."""
    several = sum(o.kind == "cloud" for o in c.options) > 1
    if not several or option.offer is None:
        return option.label
    return f"{option.label}, {option.offer.provider_name}"
