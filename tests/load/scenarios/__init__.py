"""The scenarios, in the order in which they run and are told."""

from . import (
    api,
    api_get,
    asked_100,
    athletes_25,
    bad_network,
    churn,
    full_rate,
    joining,
    listing,
    memory,
    sessions,
    slo,
    soak,
    stubbed_100,
)

MODULES = (
    athletes_25,
    sessions,
    full_rate,
    asked_100,
    stubbed_100,
    memory,
    joining,
    churn,
    bad_network,
    api,
    api_get,
    listing,
    soak,
    slo,
)
ALL = {module.SCENARIO.name: module.SCENARIO for module in MODULES}
