# The image holds a bare Debian, Node and one file. It needs neither a writable root filesystem nor, where the engine's socket
# lets it in, root. Both base images can be replaced: docker build --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=…
# A release names them by digest (.github/workflows/release.yml), and is built anew each week (rebuild.yml).
#
# BUNDLE=build makes the file from the sources (npm ci, from the npm registry); BUNDLE=prebuilt takes the one that
# `npm run build` left in dist/, for places without a registry.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
ARG BUNDLE=build
WORKDIR /src
COPY . .
RUN case "$BUNDLE" in build) npm run build ;; prebuilt) true ;; *) echo "BUNDLE is build or prebuilt"; false ;; esac \
    && mkdir -p /image/usr/lib/docker-image-cleaner /image/usr/bin /image/usr/share/doc/docker-image-cleaner \
    && cp "$(command -v node)" dist/program.cjs /image/usr/lib/docker-image-cleaner/ \
    && sed 's#@PLACE@#/usr/lib/docker-image-cleaner#' packaging/docker-image-cleaner.sh > /image/usr/bin/docker-image-cleaner \
    && chmod 755 /image/usr/bin/docker-image-cleaner \
    && cat LICENSE dist/THIRD-PARTY-NOTICES.txt scripts/licences/node.txt > /image/usr/share/doc/docker-image-cleaner/copyright \
    && /image/usr/lib/docker-image-cleaner/node dist/program.cjs --version

FROM ${RUNTIME_IMAGE}
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="docker-image-cleaner" \
      org.opencontainers.image.description="Keeps the disk of a Docker host or Kubernetes node below a threshold by deleting unused images" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.source="https://github.com/docker-image-cleaner/docker-image-cleaner" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
# The launcher's flags and variables keep an idle daemon small: docs/performance.md has the figures.
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["docker-image-cleaner", "healthcheck"]
ENTRYPOINT ["docker-image-cleaner"]
