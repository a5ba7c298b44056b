# The server in an image: docker build -t leadlight . ; docker run -p 8000:8000 -v leadlight:/data leadlight
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/leadlight \
 && /opt/leadlight/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin leadlight \
 && install -d -o leadlight -g leadlight -m 0700 /data
COPY --from=build /opt/leadlight /opt/leadlight
ENV PATH=/opt/leadlight/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEADLIGHT_HOST=0.0.0.0 \
    LEADLIGHT_DATA=/data
USER leadlight
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["leadlight"]
CMD ["serve"]
