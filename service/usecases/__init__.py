"""THE QUESTIONS: names in, one answer out."""

from service.usecases.comparing import answer, compare_from_store, compare_home_with_cloud, estimate, explain
from service.usecases.custom_workload import custom_workload
from service.usecases.finding import find_gpu, find_workload
from service.usecases.requests import ComparisonRequest, EstimateRequest

__all__ = [
    "ComparisonRequest",
    "EstimateRequest",
    "answer",
    "compare_from_store",
    "compare_home_with_cloud",
    "custom_workload",
    "estimate",
    "explain",
    "find_gpu",
    "find_workload",
]
