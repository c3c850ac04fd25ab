"""Keys, webhooks and what can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key without its secret."""

    key_id: str
    #: What people call it.
    name: str
    #: How it begins.
    prefix: str
    #: What it may do.
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    #: To within five minutes.
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MadeKey(Key):
    """A key that has just been made."""

    #: The key. It is said this once and cannot be had again.
    key: str


@dataclass(frozen=True, kw_only=True)
class KeyList:
    """Every key of a tenant, the oldest first."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, kw_only=True)
class MadeToken:
    """A short-lived token for a browser."""

    #: `Authorization: Bearer TOKEN`, or `?access_token=TOKEN` where a browser lets nobody set headers.
    token: str
    #: The one analysis it is for.
    analysis_id: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Share:
    """What is used of one thing."""

    used: int
    #: `None` when there is no limit.
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a tenant has used of what its tier says."""

    tenant: str
    tier: str
    #: The month, UTC: `2026-11`.
    month: str
    #: Analyses begun in the month.
    analyses: Share
    #: Live analyses that run.
    live_streams: Share
    webhooks: Share


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Something that was changed."""

    change_id: str
    at: datetime
    #: Who: `key:` with its `key_id`, `subject:…`, `session:…`, `token`, `operator` or `anybody`.
    actor: str
    #: Method and route, or a command.
    action: str
    #: What it was done to.
    subject: str
    #: From which address.
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditList:
    """A page of changes, the youngest first."""

    changes: tuple[AuditEntry, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook."""

    webhook_id: str
    #: Where requests are sent.
    url: str
    #: Types of events it is told of.
    events: tuple[str, ...]
    #: Movements it is told of; none is all.
    sport_types: tuple[str, ...]
    created_at: datetime
    #: The one analysis it was ordered with, and goes with; `None` of one that was registered.
    analysis_id: str | None = None
    #: Since when it has taken nothing.
    failing_since: datetime | None = None
    #: When it was disabled because it had taken nothing for days.
    disabled_at: datetime | None = None
    #: What its last failure before that was.
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class RegisteredWebhook(Webhook):
    """A webhook that has just been registered."""

    #: What signs; said this once. `WebhookReceiver(secret)` checks signatures.
    secret: str


@dataclass(frozen=True, kw_only=True)
class WebhookList:
    """Every webhook of a tenant, the oldest first."""

    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, kw_only=True)
class Test:
    """How a test of a webhook went."""

    #: Whether it counts as delivered.
    delivered: bool
    event_id: str
    #: Status code of the answer.
    status: int | None = None
    #: Beginning of the answer.
    answer: str | None = None
    #: Why it does not count as delivered.
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Something that was or is to be delivered to a webhook."""

    delivery_id: str
    event_id: str
    event_type: str
    #: `waiting`, `delivered` or `given_up`.
    state: str
    #: Attempts so far.
    attempts: int
    #: When it was first due.
    first_at: datetime
    #: `None` where it is about a webhook.
    analysis_id: str | None = None
    sequence: int | None = None
    #: When it is tried next, while it waits.
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    #: Status code and beginning of the last answer.
    last_status: int | None = None
    last_answer: str | None = None
    #: Why the last attempt did not work.
    last_error: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryList:
    """A page of deliveries, those that were first due last before others."""

    deliveries: tuple[Delivery, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sport:
    """A movement."""

    #: `sport_type` in requests, `movement` in results.
    name: str
    #: For people.
    label: str
    #: Phases and events in their order.
    phases: tuple[str, ...]
    events: tuple[str, ...]
    #: Keys of its metrics, in the order of results.
    metrics: tuple[str, ...]
    #: The same keys in the order in which they are shown to people.
    headline: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MetricInfo:
    """A metric."""

    #: Key in results; ends in its unit.
    key: str
    label: str
    #: For people with little room.
    short_label: str
    #: `1` for a pure number.
    unit: str
    #: Decimals worth showing.
    decimals: int
    definition: str
    #: Where definition or formula come from.
    source: str
    #: Values outside are implausible and withheld.
    bounds: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Sports:
    """What can be measured."""

    sports: tuple[Sport, ...]
    metrics: tuple[MetricInfo, ...]
