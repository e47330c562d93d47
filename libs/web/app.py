"""An app made of declared endpoints and nothing else."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from libs.web.documentation import SECURITY_SCHEMES, with_selections
from libs.web.middleware import TIME_LIMIT, Gate
from libs.web.paths import Paths
from libs.web.routes import Endpoint, Routes, check_declared

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


class Application(FastAPI):
    """FastAPI for its lifespan and its OpenAPI documents; requests go through our own gate."""

    def __init__(
        self,
        title: str,
        endpoints: Iterable[Endpoint],
        *,
        version: str,
        lifespan: Lifespan | None,
        time_limit: float,
    ) -> None:
        super().__init__(
            title=title,
            version=version,
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            separate_input_output_schemas=False,
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        )
        self._time_limit = time_limit
        self.router.routes.extend(endpoints)

    def build_middleware_stack(self) -> ASGIApp:
        check_declared(self)
        endpoints = [route for route in self.routes if isinstance(route, Endpoint)]
        return Gate(self, self.router, Paths(endpoints), time_limit=self._time_limit)

    def openapi(self) -> dict[str, Any]:
        """The document of every endpoint, with the one way to authenticate."""
        if self.openapi_schema is None:
            document = with_selections(super().openapi())
            document.setdefault("components", {})["securitySchemes"] = SECURITY_SCHEMES
            self.openapi_schema = document
        return self.openapi_schema


def bare_app(
    title: str,
    routes: Iterable[Routes],
    *,
    version: str = "1",
    lifespan: Lifespan | None = None,
    time_limit: float = TIME_LIMIT,
) -> Application:
    """The app of these routes. Whoever starts it sets `app.state.runtime`, in `lifespan` for instance.

    `time_limit` in seconds for each request. Raises Undeclared for an endpoint that does not say who may call it.
    """
    endpoints = [endpoint for part in routes for endpoint in part]
    app = Application(title, endpoints, version=version, lifespan=lifespan, time_limit=time_limit)
    check_declared(app)
    return app
