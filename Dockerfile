# One image that takes the pipelines' names: docker run --rm -v "$PWD:/data" IMAGE restore --input x.png --output y.png
#   GPU:   docker build --tag n2v-deepfill .
#   CPU:   docker build --tag n2v-deepfill:cpu --build-arg BASE_IMAGE=python:3.11-slim .
#   tests: docker build --target test .
# The base needs Python 3.9 to 3.11 with venv. For GPUs it brings CUDA 12 and cuDNN 8, which TensorFlow 2.15 looks for.
ARG BASE_IMAGE=tensorflow/tensorflow:2.15.0-gpu

# What the project needs, in the pinned versions; cached until one of these three files changes.
FROM ${BASE_IMAGE} AS packages
WORKDIR /source
COPY requirements.txt setup.cfg pyproject.toml ./
RUN --mount=type=cache,target=/var/cache/pip \
    python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --cache-dir=/var/cache/pip --disable-pip-version-check --constraint requirements.txt . \
    && /opt/venv/bin/pip uninstall --disable-pip-version-check --yes n2v-deepfill
# The project itself, as a wheel: the packages above stay as they are.
COPY . .
RUN /opt/venv/bin/pip wheel --disable-pip-version-check --no-deps --wheel-dir /wheels .

FROM ${BASE_IMAGE} AS runtime
ARG BASE_IMAGE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="n2v-deepfill" \
      org.opencontainers.image.description="Restores pictures that are noisy and damaged: Noise2Void, then DeepFill v2" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
# HOME: matplotlib and others keep small files there, whoever the user is and though the root may be read-only.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1
RUN useradd --uid 1000 --no-create-home --home-dir /tmp restorer \
    && install --directory --owner=1000 --group=1000 /data /runs
COPY --from=packages /opt/venv /opt/venv
RUN --mount=type=bind,from=packages,source=/wheels,target=/wheels \
    pip install --disable-pip-version-check --no-cache-dir --no-deps --no-index /wheels/*.whl
COPY --chmod=755 docker/entrypoint.sh /usr/local/bin/n2v-deepfill
USER 1000:1000
WORKDIR /data
VOLUME ["/data", "/runs"]
# Whether the shipped models are all there, byte for byte.
HEALTHCHECK --interval=5m --timeout=30s \
    CMD ["python", "-c", "import weights; [weights.find(name) for name in weights.names()]"]
ENTRYPOINT ["n2v-deepfill"]
CMD ["--help"]

# The suite, or the part of it that TESTS names, against the installed wheel and as the image's own user.
FROM runtime AS test
ARG TESTS=tests
USER 0:0
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/var/cache/pip --mount=type=bind,from=packages,source=/source,target=/source \
    pip install --cache-dir=/var/cache/pip --disable-pip-version-check --constraint /source/requirements.txt "n2v-deepfill[test]"
COPY --chown=1000:1000 . /source
USER 1000:1000
WORKDIR /source
# hadolint ignore=DL3059,SC2086
RUN pytest -p no:cacheprovider --numprocesses=2 --dist=loadfile ${TESTS}

FROM runtime
