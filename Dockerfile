# The images of kinemotion. Targets: `server` (the last one, so the default), `cli` (analyses of files alone) and `gpu` (server with
# ONNX Runtime for CUDA). docs/operations/container.md says how to run them, scripts/image/build.sh builds them.

ARG DEBIAN=debian:bookworm-slim
ARG RUST=rust:1.95-bookworm
ARG NODE=node:22-bookworm-slim

# The pages, which are the same on every processor.
FROM ${NODE} AS pages
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build -- --logLevel warn

FROM ${RUST} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
      libgstreamer-plugins-bad1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer1.0-dev python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY motion motion
COPY models models
COPY gst-kinemotion gst-kinemotion
COPY pipelines pipelines
COPY daemon daemon
COPY deploy/rollout deploy/rollout
COPY tests tests
COPY scripts/release/crates.sh scripts/release/licences.py scripts/release/
COPY --from=pages /web/dist web/dist
# The commit, for `kinemotion_build_info`.
ARG REVISION=unknown
ENV KINEMOTION_COMMIT=${REVISION}
# Symbols stay, so that profiles have names; what debuggers need beyond that goes.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked -p kinemotion \
    && mkdir /programs \
    && strip --strip-debug -o /programs/kinemotion target/release/kinemotion \
    && scripts/release/crates.sh >/programs/crates.txt \
    && python3 scripts/release/licences.py --crates /programs/crates.txt --out /programs/third-party-licences

# What is compiled, by itself: `--build-context programs=FOLDER` puts a folder with `kinemotion`, `crates.txt` and
# `third-party-licences` in its place, to try the rest without compiling.
FROM scratch AS programs
COPY --from=build /programs/ /

# Models and ONNX Runtime, each file checked against models/models.lock.
FROM ${NODE} AS models
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
      ca-certificates libgstreamer-plugins-bad1.0-0 libgstreamer-plugins-base1.0-0 libgstreamer1.0-0 python3-pip \
    && rm -rf /var/lib/apt/lists/*
COPY --from=programs /kinemotion /usr/local/bin/
ENV KINEMOTION_CACHE=/models
RUN kinemotion models pull && kinemotion models verify

# FFmpeg's libraries with nothing but decoders of video.
FROM ${DEBIAN} AS libav
COPY scripts/image/libav.sh /
RUN sh /libav.sh /libav

# libnice without UPnP and what that takes.
FROM ${DEBIAN} AS libnice
COPY scripts/image/libnice.sh /
RUN sh /libnice.sh /libnice

# What every image begins with.
FROM ${DEBIAN} AS base
RUN apt-get update \
    && apt-get upgrade -y \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
    && useradd --system --uid 10001 --user-group --home-dir /data --create-home --shell /usr/sbin/nologin kinemotion

# The plugins that are used and every library that takes, out of packages that bring ten times as much.
FROM ${DEBIAN} AS media
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
      glib-networking gstreamer1.0-libav gstreamer1.0-nice gstreamer1.0-plugins-bad gstreamer1.0-plugins-base \
      gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=libav /libav/ /
COPY --from=libnice /libnice/ /
COPY --from=base /var/lib/dpkg/status /base-status
COPY --from=programs /kinemotion /programs/
COPY scripts/image/collect.py scripts/image/plugins.toml /image/
RUN ldconfig \
    && python3 /image/collect.py files --program /programs/kinemotion --base /base-status --out /files \
    && python3 /image/collect.py live --program /programs/kinemotion --base /base-status --out /live --beyond /files

# NVIDIA's libraries are the size of all the rest ten times over, so only `gpu` has them.
FROM ${DEBIAN} AS cuda
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-pip && rm -rf /var/lib/apt/lists/*
COPY scripts/image/gpu.txt /
RUN pip download --no-cache-dir --no-deps --require-hashes --only-binary=:all: --dest /wheels --requirement /gpu.txt \
    && pip install --no-cache-dir --no-deps --no-index --find-links /wheels --target /cuda --requirement /gpu.txt \
    && rm -rf /wheels \
    && mkdir /libraries \
    && find /cuda \( -path '*/nvidia/*/lib/*.so.*' -o -path '*/onnxruntime/capi/lib*.so*' \) -exec mv -t /libraries {} + \
    && ln -s "$(basename /libraries/libonnxruntime.so.*)" /libraries/libonnxruntime.so

FROM media AS bills
ARG VERSION=0.0.0
ARG TARGETARCH=amd64
COPY Cargo.lock /repository/
COPY web/package-lock.json /repository/web/
COPY models/models.lock /repository/models/
COPY --from=programs /crates.txt /programs/
COPY scripts/image/sbom.py scripts/image/gpu.txt /image/
RUN set -- --version "$VERSION" --architecture "$TARGETARCH" --repository /repository --crates /programs/crates.txt \
      --status /base-status --status /files/var/lib/dpkg/status.d \
    && python3 /image/sbom.py --name kinemotion-cli "$@" --out /cli/sbom.cdx.json \
    && set -- "$@" --status /live/var/lib/dpkg/status.d \
    && python3 /image/sbom.py --name kinemotion-server "$@" --out /server/sbom.cdx.json \
    && python3 /image/sbom.py --name kinemotion-gpu "$@" --requirements /image/gpu.txt --out /gpu/sbom.cdx.json

# What all targets have.
FROM base AS runtime
COPY --from=media /files/ /
COPY --from=models /models/ /usr/share/kinemotion/
COPY --from=programs --chmod=755 /kinemotion /usr/local/bin/
COPY LICENSE NOTICE /usr/share/doc/kinemotion/
COPY --from=programs /third-party-licences /usr/share/doc/kinemotion/
ENV KINEMOTION_CACHE=/usr/share/kinemotion \
    GST_REGISTRY=/usr/share/kinemotion/gstreamer-registry.bin \
    GST_REGISTRY_UPDATE=no
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="kinemotion" \
      org.opencontainers.image.description="Measures how people move, from ordinary video" \
      org.opencontainers.image.source="https://github.com/kinemotion/kinemotion" \
      org.opencontainers.image.documentation="https://github.com/kinemotion/kinemotion/blob/main/docs/operations/container.md" \
      org.opencontainers.image.licenses="MIT AND Apache-2.0 AND LGPL-2.1-or-later AND GPL-2.0-or-later" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
ENTRYPOINT ["kinemotion"]

FROM runtime AS cli
COPY --from=bills /cli/ /usr/share/kinemotion/
# Fills the registry of plugins, makes every element and looks at a picture; whatever is missing ends the build.
RUN ldconfig && GST_REGISTRY_UPDATE=yes kinemotion doctor
WORKDIR /work
USER 10001:10001
HEALTHCHECK NONE
CMD ["--help"]

FROM runtime AS live
COPY --from=media /live/ /
RUN ldconfig && GST_REGISTRY_UPDATE=yes kinemotion doctor --live
COPY scripts/image/kinemotion.toml /etc/kinemotion/
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["kinemotion", "health"]
CMD ["serve", "--config", "/etc/kinemotion/kinemotion.toml"]

# Not tried on a machine with such a device yet.
FROM live AS gpu
COPY --from=cuda /libraries/ /usr/local/lib/kinemotion-cuda/
COPY --from=bills /gpu/ /usr/share/kinemotion/
USER 0
RUN printf '/usr/local/lib/kinemotion-cuda\n' >/etc/ld.so.conf.d/kinemotion-cuda.conf \
    && ldconfig \
    && printf '\n[models]\nproviders = ["cuda", "cpu"]\n' >>/etc/kinemotion/kinemotion.toml
ENV KINEMOTION_ORT=/usr/local/lib/kinemotion-cuda/libonnxruntime.so \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
# ONNX Runtime of that package measures on the processor where there is no device, as here.
RUN kinemotion doctor --live
USER 10001:10001

FROM live AS server
COPY --from=bills /server/ /usr/share/kinemotion/
