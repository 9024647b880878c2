# Two images, for amd64 and arm64. docs/container.md says how to start them.
#
#   docker build --target serve -t catsdogs-serve .    classify and REST, without TensorFlow
#   docker build --target app   -t catsdogs .          the app, with training and sign-in
#
# Debian 12 of 18 September 2026, an index of all architectures:
# https://github.com/docker-library/repo-info/blob/master/repos/debian/remote/bookworm-20260918-slim.md
ARG BASE=docker.io/library/debian:bookworm-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251

FROM ${BASE} AS python
# Debian updates packages in place, so a fixed version would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin catsdogs
# Nothing is written outside the volumes and /tmp, so the root file system may be read-only.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app

FROM python AS installer
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
# Without what only tests and compilers of these packages read.
# hadolint ignore=SC2016
RUN python3 -m venv /venv \
    && printf '%s\n' '#!/bin/sh' 'set -e' \
       'pip install --no-cache-dir --no-compile --require-hashes --requirement "$1"' \
       'pip uninstall --yes --quiet setuptools pip' \
       'find /venv -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +' \
       'find /venv -name __pycache__ -prune -exec rm -rf {} +' > /usr/local/bin/install-packages \
    && chmod +x /usr/local/bin/install-packages

FROM installer AS serve-packages
COPY requirements-serve.txt .
RUN install-packages requirements-serve.txt

FROM installer AS app-packages
COPY requirements-auth.txt .
RUN install-packages requirements-auth.txt

FROM python AS serve
COPY --from=serve-packages /venv /venv
COPY LICENSE ./
COPY catsdogs catsdogs
COPY --chown=10001 artifacts artifacts
# The modules that answer are compiled here, because no later start can keep what it compiled.
RUN install -d -o 10001 data .cache \
    && env -u PYTHONDONTWRITEBYTECODE python3 -c "import catsdogs.cli.serving, catsdogs.service.server"
USER 10001
VOLUME ["/app/artifacts", "/app/data", "/app/.cache"]
EXPOSE 8502
HEALTHCHECK --start-period=20s CMD ["python3", "-m", "catsdogs.service.probe", "8502"]
ENTRYPOINT ["python3", "-m", "catsdogs"]
CMD ["serve", "--host", "0.0.0.0"]

FROM python AS app
COPY --from=app-packages /venv /venv
COPY LICENSE streamlit_app.py pyproject.toml ./
COPY .streamlit .streamlit
COPY pages pages
COPY catsdogs catsdogs
COPY --chown=10001 artifacts artifacts
RUN install -d -o 10001 data .cache
# Only the published port of this machine and the proxy of compose.yaml lead here.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0
USER 10001
VOLUME ["/app/artifacts", "/app/data", "/app/.cache"]
EXPOSE 8501
HEALTHCHECK --start-period=30s CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
ENTRYPOINT ["python3", "-m", "catsdogs"]
CMD ["app", "--no-browser", "--port", "8501"]
