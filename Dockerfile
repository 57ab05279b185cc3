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
COPY --from=build /src/dist/program.cjs /usr/lib/docker-image-cleaner.cjs
# An idle daemon keeps 12 MB less with these; docs/performance.md has the figures. The heap is collected when a check is
# done, the nursery for young objects is small, start-up code is not compiled as if it were a loop, and freed memory goes
# back to the kernel (the two MALLOC_ variables are glibc's; others ignore them).
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
ENTRYPOINT ["node", "--expose-gc", "--max-semi-space-size=1", "--invocation-count-for-maglev=20000", "/usr/lib/docker-image-cleaner.cjs"]
