#!/bin/sh
# Installs what the build needs, builds the daemon, and serves on :5000 until Ctrl-C.
#   REGISTRY_HTTP_ADDR=:5001 deploy/quickstart.sh        another port
# Every other key of config/config.yml can be overridden in the same way.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

deploy/install-packages.sh build
cmake --preset release -DBUILD_TESTING=OFF --log-level=WARNING
cmake --build --preset release --target registry

data=${REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY:-$root/quickstart-data}
address=${REGISTRY_HTTP_ADDR:-:5000}
port=${address##*:}
mkdir -p "$data"
cat <<TEXT

The registry serves on $address. Its data is in $data

  docker pull busybox && docker tag busybox localhost:$port/busybox && docker push localhost:$port/busybox
  skopeo copy --dest-tls-verify=false oci:some-layout docker://localhost:$port/some-name:latest
  curl http://localhost:$port/v2/_catalog

Ctrl-C ends it; the data stays.

TEXT
export REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$data" REGISTRY_HTTP_ADDR="$address"
exec build/release/registry serve config/config.yml
