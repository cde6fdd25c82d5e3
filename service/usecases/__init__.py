"""THE QUESTIONS: names in, one answer out."""

from service.answers.question import AskedComparison, AskedDecision, AskedEstimate
from service.usecases.comparing import answer, compare_from_store, compare_home_with_cloud, estimate, explain
from service.usecases.custom_workload import custom_workload
from service.usecases.finding import find_gpu, find_workload

__all__ = [
    "AskedComparison",
    "AskedDecision",
    "AskedEstimate",
    "answer",
    "compare_from_store",
    "compare_home_with_cloud",
    "custom_workload",
    "estimate",
    "explain",
    "find_gpu",
    "find_workload",
]
