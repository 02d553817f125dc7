# syntax=docker/dockerfile:1
FROM debian:bookworm-slim AS build
WORKDIR /source
COPY deploy/install-packages.sh deploy/
COPY deploy/packages/build.txt deploy/packages/
RUN deploy/install-packages.sh build
COPY CMakeLists.txt CMakePresets.json ./
COPY include include
COPY src src
RUN cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release --target registry \
    && strip build/release/registry

FROM debian:bookworm-slim
COPY deploy/install-packages.sh /tmp/deploy/
COPY deploy/packages/runtime.txt deploy/packages/image.txt /tmp/deploy/packages/
RUN /tmp/deploy/install-packages.sh runtime image \
    && rm -rf /tmp/deploy /var/lib/apt/lists/* /var/cache/apt/* \
    && mkdir -p /var/lib/registry && chown 1000:1000 /var/lib/registry
COPY --from=build /source/build/release/registry /bin/registry
COPY deploy/container/entrypoint.sh /entrypoint.sh
COPY config/config.yml /etc/docker/registry/config.yml
# By number: Kubernetes can tell then that it is not root (runAsNonRoot).
USER 1000:1000
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["/entrypoint.sh"]
CMD ["/etc/docker/registry/config.yml"]
