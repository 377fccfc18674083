# RedisProxy as a sidecar or as a central endpoint: non-root, no shell, read-only root file system.
#
#   docker build -t redisproxy .
#   docker run --read-only -p 6380:6380 -v "$PWD/proxy.json:/etc/redisproxy/proxy.json:ro" redisproxy
#
# In a container, bind to 0.0.0.0: "listeners": [ { "bind": "0.0.0.0:6380", … } ].

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# What restore needs first, so that a change of the code does not restore again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/RedisProxy/RedisProxy.csproj src/RedisProxy/packages.lock.json src/RedisProxy/
RUN dotnet restore src/RedisProxy --locked-mode

COPY src/RedisProxy src/RedisProxy
RUN dotnet publish src/RedisProxy --no-restore --configuration Release --output /app -p:UseAppHost=false

# Chiselled: no shell, no package manager, a non-root user. The same layers serve amd64 and arm64, because the program is portable code.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .

# No diagnostic sockets in /tmp: the root file system may be read-only.
ENV DOTNET_EnableDiagnostics=0

EXPOSE 6380 9180
USER $APP_UID
ENTRYPOINT ["dotnet", "/app/RedisProxy.dll"]
CMD ["--config", "/etc/redisproxy/proxy.json"]
