"""Tells machines how the gateway is: alive, ready, and its figures."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from faxgw.api.port import Health
from faxgw.api.views import HealthBody
from faxgw.ops.metrics import CONTENT_TYPE, Metrics


def health_routes(health: Health, metrics: Metrics) -> list[HTTPRouteHandler]:
    @get("/healthz", sync_to_thread=False, summary="Whether the process makes progress; restart it if not")
    def show_alive() -> Response[HealthBody]:
        return _verdict(health.reasons_not_alive())

    @get("/readyz", sync_to_thread=False, summary="Whether orders can be taken and sent")
    def show_ready() -> Response[HealthBody]:
        return _verdict(health.reasons_not_ready(), health.notes())

    @get("/metrics", sync_to_thread=False, media_type=CONTENT_TYPE, summary="Figures for Prometheus")
    def show_metrics() -> Response[bytes]:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return [show_alive, show_ready, show_metrics]


def _verdict(reasons: list[str], notes: Sequence[str] = ()) -> Response[HealthBody]:
    body = HealthBody("fail" if reasons else "ok", reasons, list(notes))
    return Response(body, status_code=503 if reasons else 200)
