# RedisProxy as a sidecar or as a central endpoint: one program, no shell, not root, and no writes to its file system.
#
#   docker build -t redisproxy:0.1.0 .
#   docker run --read-only --cap-drop ALL -p 6380:6380 -v "$PWD/proxy.json:/etc/redisproxy/proxy.json:ro" redisproxy:0.1.0
#   docker run --read-only --cap-drop ALL -p 6380:6380 redisproxy:0.1.0 --listen 0.0.0.0:6380 --sentinel h1:26379 --master mymaster
#
# In a container, bind to 0.0.0.0: "listeners": [ { "bind": "0.0.0.0:6380", … } ]. For both platforms at once:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t redisproxy:0.1.0 .

# Runs on the build machine's platform, whatever the target: the .NET SDK does not run under emulation.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG TARGETARCH

# For the same platform gcc links; for the other one clang, with the C library of that platform.
RUN case "$(dpkg --print-architecture):$TARGETARCH" in \
        amd64:arm64) tools="clang lld llvm gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;; \
        arm64:amd64) tools="clang lld llvm gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;; \
        *) tools="gcc libc6-dev zlib1g-dev" ;; \
    esac \
    && apt-get update \
    && apt-get install -y --no-install-recommends $tools \
    && rm -rf /var/lib/apt/lists/*

# Restores exactly what the lock file says, in a layer of its own that source changes leave untouched.
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/RedisProxy/RedisProxy.csproj src/RedisProxy/Publish.props src/RedisProxy/packages.lock.json src/RedisProxy/
RUN dotnet restore src/RedisProxy --locked-mode

COPY src/RedisProxy src/RedisProxy
COPY docs/proxy.schema.json docs/
RUN case "$(dpkg --print-architecture):$TARGETARCH" in \
        amd64:arm64) cross="--runtime linux-arm64 -p:CppCompilerAndLinker=clang -p:LinkerFlavor=lld" ;; \
        arm64:amd64) cross="--runtime linux-x64 -p:CppCompilerAndLinker=clang -p:LinkerFlavor=lld" ;; \
        *) cross= ;; \
    esac \
    && dotnet publish src/RedisProxy --configuration Release --output /app $cross

# Chiselled: no shell, no package manager, not root; and no .NET, because the program contains it.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
LABEL org.opencontainers.image.title="RedisProxy" \
      org.opencontainers.image.description="One stable Redis endpoint in front of a Sentinel deployment." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /app/RedisProxy /app/RedisProxy
COPY LICENSE /app/LICENSE

# Both the proxy and its commands look for proxy.json in the working directory: docker exec … /app/RedisProxy status
# The folder must belong to root, not to the base image's user.
USER root
WORKDIR /etc/redisproxy
USER $APP_UID

# Clients; metrics, health and status.
EXPOSE 6380 9180
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/app/RedisProxy", "health"]
ENTRYPOINT ["/app/RedisProxy"]
