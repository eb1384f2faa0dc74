# syntax=docker/dockerfile:1
# augtool with the headless OpenCV wheel: no display libraries, no root.
#   docker build -t augtool .
#   docker run --rm --read-only --tmpfs /tmp --network none --user "$(id -u):$(id -g)" \
#     -v "$PWD/photos:/in:ro" -v "$PWD/out:/out" augtool run quickstart /in /out/expanded

FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY augtool ./augtool
COPY configs ./configs
RUN python -m venv /opt/augtool \
 && /opt/augtool/bin/pip install --no-cache-dir . \
 && /opt/augtool/bin/pip uninstall --yes opencv-python \
 && /opt/augtool/bin/pip install --no-cache-dir --force-reinstall --no-deps "opencv-python-headless>=5.0"

FROM python:3.12-slim
COPY --from=build /opt/augtool /opt/augtool
ENV PATH=/opt/augtool/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --create-home --uid 10001 augtool && augtool doctor
USER augtool
WORKDIR /home/augtool
# Signals reach the tool itself, which then ends in order.
ENTRYPOINT ["augtool"]
CMD ["--help"]
