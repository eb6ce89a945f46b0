# The gateway in a container, alone: `docker build -t faxgw .`; docs/deployment.md says how it is run. The base is named to
# its last number, which is never given twice by those who publish it; who wants it by digest gives --build-arg BASE=...@sha256:...
ARG BASE=docker.io/library/python:3.11.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/faxgw
# Changes seldom, and so is kept by the layers' cache. Every file has its hash in there; nothing is compiled.
COPY requirements-run.lock ./
RUN /opt/faxgw/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-run.lock
COPY pyproject.toml README.md ./
COPY faxgw faxgw
# What installs is not needed to run; the load test is another package, which stays out.
RUN /opt/faxgw/bin/python -m pip install --no-deps --no-build-isolation . \
    && /opt/faxgw/bin/python -m pip uninstall --yes setuptools pip \
    && rm /opt/faxgw/bin/faxgw-loadtest

FROM ${BASE}
# A number that no user of the host has by chance, so that files in the volume have one owner everywhere.
RUN groupadd --gid 18470 faxgw \
    && useradd --uid 18470 --gid faxgw --home-dir /var/lib/faxgw --no-create-home --shell /usr/sbin/nologin faxgw \
    && install --directory --owner faxgw --group faxgw --mode 0750 /var/lib/faxgw /run/faxgw
COPY --from=build /opt/faxgw /opt/faxgw
ENV PATH=/opt/faxgw/bin:$PATH \
    PYTHONFAULTHANDLER=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FAXGW_SOCKET=/run/faxgw/faxgw.sock
USER 18470:18470
WORKDIR /var/lib/faxgw
VOLUME /var/lib/faxgw
EXPOSE 8470
# The first asks sends to end, which may take 30 s by the config: run it with --stop-timeout 75.
STOPSIGNAL SIGTERM
# A start may read a long queue. Unhealthy is a process that hangs, or a store that does not commit; see /readyz for the rest.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-c", "import os, pathlib, sys; from faxgw.cli.client import LocalClient; sys.exit(not LocalClient(pathlib.Path(os.environ['FAXGW_SOCKET'])).request('GET', '/healthz').is_good)"]
ENTRYPOINT ["faxgw"]
CMD ["run", "-c", "/etc/faxgw/faxgw.toml"]
