"""THE QUESTIONS: names in, one answer out."""

from service.usecases.comparing import answer, compare_home_with_cloud, estimate, explain
from service.usecases.custom_workload import custom_workload
from service.usecases.finding import find_gpu, find_workload
from service.usecases.requests import ComparisonRequest, EstimateRequest
from service.usecases.tariffs import market_of

__all__ = [
    "ComparisonRequest",
    "EstimateRequest",
    "answer",
    "compare_home_with_cloud",
    "custom_workload",
    "estimate",
    "explain",
    "find_gpu",
    "find_workload",
    "market_of",
]
