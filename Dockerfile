# docker build -t salesdaemon .      See docs/service.md for how to run it.

# The Python that the tests run on. Debian's slim image brings the CA certificates that mail needs.
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/salesdaemon
# What changes seldom comes first, so that a change of the program alone builds fast.
COPY requirements.txt ./
RUN /opt/salesdaemon/bin/python -m pip install --require-hashes --no-build-isolation -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN /opt/salesdaemon/bin/python -m pip wheel --no-build-isolation --no-deps --wheel-dir dist . \
    && /opt/salesdaemon/bin/python -m pip install --no-deps dist/salesdaemon-*.whl

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/salesdaemon --shell /usr/sbin/nologin salesdaemon \
    && install --directory --mode 0700 --owner salesdaemon --group salesdaemon /var/lib/salesdaemon
COPY --from=build /opt/salesdaemon /opt/salesdaemon
# The store and its key are kept in $XDG_DATA_HOME/salesdaemon. Nothing answers from outside the
# container unless SALESDAEMON_WEB__HOST=0.0.0.0 is set and the port is published. One arena for all
# threads saves about 10 MiB.
ENV PATH=/opt/salesdaemon/bin:$PATH \
    XDG_DATA_HOME=/var/lib \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=1
USER salesdaemon
WORKDIR /var/lib/salesdaemon
VOLUME /var/lib/salesdaemon
EXPOSE 8713
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os; from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('SALESDAEMON_WEB__PORT', '8713') + '/healthz', timeout=8)"]
ENTRYPOINT ["salesdaemon"]
CMD ["run"]
