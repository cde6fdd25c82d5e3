"""/api/v1/gpu-names: GPU names in price lists that stand for no card yet, and those a user has told."""

from functools import wraps

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.collections import json_response
from service.api.contract import contract
from service.api.tokens import bearer
from service.state import now, state
from service.store import own_gpu_names


class GpuNameIn(Question):
    """A name as price lists write it, and the card it stands for."""

    name: str = Field(min_length=1, max_length=120, pattern=r"[A-Za-z0-9]")
    gpu: str = Field(min_length=1, max_length=80, description="Slug or alias of the card")
    memory_gib: float | None = Field(None, gt=0, le=10_000, description="Only for offers with this memory")


class GpuNameOut(BaseModel):
    """What was told of a name."""

    name: str
    gpu: str
    memory_gib: float | None


class GpuNameTold(GpuNameOut):
    """What was told of a name, and how many stored offers changed by it."""

    offers_changed: int


class UnmappedOut(BaseModel):
    """A name that stands for no card yet."""

    name: str
    provider: str
    memory_gib: float | None
    offers: int


class GpuNamesOut(BaseModel):
    """Names told, and names nobody has told yet, those of most offers first."""

    told: list[GpuNameOut]
    unmapped: list[UnmappedOut]


blueprint = Blueprint("gpu_names", __name__)


@blueprint.get("/gpu-names")
@contract.validate(resp=Answers(HTTP_200=GpuNamesOut), tags=["offers"], operation_id="gpu_names_list")
def names() -> Response:
    """GPU names in price lists: those told by users, and those that stand for no card yet."""
    with state().sessions.reading() as session:
        own, unmapped = own_gpu_names.all(session), own_gpu_names.unmapped(session)
    return json_response(
        {
            "told": [{"name": t.name, "gpu": t.gpu, "memory_gib": t.memory_gib} for t in own],
            "unmapped": [
                {"name": u.name, "provider": u.provider, "memory_gib": u.memory_gib, "offers": u.offers}
                for u in unmapped
            ],
        }
    )


@contract.validate(
    json=GpuNameIn,
    resp=Answers(HTTP_200=GpuNameTold),
    tags=["offers"],
    operation_id="gpu_names_tell",
    security={"token": []},
)
def told(json: GpuNameIn) -> Response:
    """Say which card a name stands for, for stored offers and all to come; the last word counts."""
    with state().sessions.begin() as session:
        kept, changed = own_gpu_names.put(session, json.name, json.gpu, json.memory_gib, now())
    return json_response(
        {"name": kept.name, "gpu": kept.gpu, "memory_gib": kept.memory_gib, "offers_changed": changed}
    )


@blueprint.post("/gpu-names")
@wraps(told)
def tell() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    response: Response = told()
    return response
