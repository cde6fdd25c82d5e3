"""What collectors of others' prices call a provider, and where the machines are not its own."""

from collections.abc import Mapping

from pricing.json_answers import Unusable
from service.estimate.alias_key import alias_key
from service.facts import Tier

OURS = (
    "akash", "aws", "azure", "clore", "cloudrift", "coreweave", "crusoe", "cudo", "dataoorts", "denvr",
    "digitalocean", "excess-supply", "gcp", "genesis-cloud", "gpuhub", "hot-aisle", "hyperbolic",
    "hyperstack", "jarvis-labs", "lambda", "latitude", "lium", "linode", "massed-compute", "mithril", "modal",
    "nebius", "novita", "oci", "packet-ai", "paperspace", "prime-intellect", "qubrid", "runpod", "salad",
    "scaleway", "seeweb", "shadeform", "spheron", "tensordock", "vast", "verda", "voltage-park", "vultr",
    "yotta",
)  # fmt: skip
CALLED: Mapping[str, str] = {
    "akamai": "linode", "akamai cloud": "linode", "amazon aws": "aws", "amazon web services": "aws",
    "clore.ai": "clore", "cudo compute": "cudo", "datacrunch": "verda", "google cloud": "gcp",
    "lambda labs": "lambda", "latitude.sh": "latitude", "microsoft azure": "azure", "nebius ai": "nebius",
    "nexgencloud": "hyperstack", "novita ai": "novita", "oracle": "oci", "oracle cloud": "oci",
    "salad cloud": "salad", "vast.ai": "vast", "vultr cloud": "vultr",
}  # fmt: skip
SELLERS: Mapping[str, str] = {alias_key(ours): ours for ours in OURS} | {
    alias_key(called): ours for called, ours in CALLED.items()
}
"""Letters and digits of a name -> our provider."""
OF_HOSTS: Mapping[str, Tier] = {
    "akash": "marketplace", "clore": "marketplace", "hyperbolic": "marketplace", "lium": "marketplace",
    "mithril": "marketplace", "salad": "community", "vast": "marketplace",
}  # fmt: skip
"""Providers whose machines are others': the tier of what collectors call on demand there."""


def seller(*names: object) -> str:
    """Our provider that one of these names means. Raises Unusable."""
    for name in names:
        if found := SELLERS.get(alias_key(str(name or ""))):
            return found
    raise Unusable(f"a provider that nobody has mapped, {next(filter(None, names), 'without a name')}")


def tier_there(provider: str, tier: Tier) -> Tier:
    """The tier of a price there: an on-demand price of a host's machine is not the provider's own."""
    return OF_HOSTS.get(provider, tier) if tier == "on_demand" else tier
