# RedisProxy as a sidecar or as a central endpoint: non-root, no shell, read-only root file system.
#
#   docker build -t redisproxy .
#   docker run --read-only -p 6380:6380 -v "$PWD/proxy.json:/etc/redisproxy/proxy.json:ro" redisproxy
#
# In a container, bind to 0.0.0.0: "listeners": [ { "bind": "0.0.0.0:6380", … } ].

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source

COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/RedisProxy src/RedisProxy

# A native program for the platform that this builds on: for arm64, build on arm64 (or let buildx emulate it).
RUN dotnet publish src/RedisProxy --configuration Release --output /app && rm -f /app/*.dbg /app/*.xml

# Chiselled: no shell, no package manager, a non-root user; and no .NET, which is in the program.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /app /app

EXPOSE 6380 9180
USER $APP_UID
ENTRYPOINT ["/app/RedisProxy"]
CMD ["--config", "/etc/redisproxy/proxy.json"]
