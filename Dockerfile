# The image holds Node and one file. It needs neither a writable root filesystem nor, where the engine's socket lets it in,
# root. Both base images can be replaced: docker build --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=…
#
# BUNDLE=build makes the file from the sources (npm ci, from the npm registry); BUNDLE=prebuilt takes the one that
# `npm run build` left in dist/, for places without a registry.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-alpine

FROM ${BUILD_IMAGE} AS build
ARG BUNDLE=build
WORKDIR /src
COPY . .
RUN case "$BUNDLE" in build) npm run build ;; prebuilt) true ;; *) echo "BUNDLE is build or prebuilt"; false ;; esac \
    && node dist/docker-image-cleaner.cjs --version

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="docker-image-cleaner" \
      org.opencontainers.image.description="Keeps the disk of a Docker host or Kubernetes node below a threshold by deleting unused images" \
      org.opencontainers.image.licenses="BSD-3-Clause"
COPY --from=build /src/dist/docker-image-cleaner.cjs /usr/lib/docker-image-cleaner.cjs
# A small nursery for young objects: an idle daemon makes few, and keeps a megabyte less.
ENTRYPOINT ["node", "--max-semi-space-size=1", "/usr/lib/docker-image-cleaner.cjs"]
