#!/usr/bin/env bash
# Installs what the real servers of the tests need on a Debian machine, and nothing that is there.
set -euo pipefail
cd "$(dirname "$0")"

have() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=()
have redis-server || packages+=(redis-server)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
have java || packages+=(openjdk-17-jre-headless)
have setpriv || packages+=(util-linux)
have docker-compose || packages+=(docker-compose)
# The bench's load over HTTP.
have h2load || packages+=(nghttp2-client)

# lib/pom.xml is copied last: equal to ours, it says that the jars are there and of these versions.
need_jars=no
cmp -s kafka/pom.xml kafka/lib/pom.xml || need_jars=yes
if [ "$need_jars" = yes ] && ! have mvn; then packages+=(maven); fi

if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}"
  # The tests run clusters of their own; Debian's package need not create one.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

if [ "$need_jars" = yes ]; then
  echo 'fetching the Kafka jars'
  rm -rf kafka/lib
  for attempt in 1 2 3; do
    if mvn -q -B -f kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=lib; then break; fi
    [ "$attempt" -lt 3 ] || exit 1
  done
  cp kafka/pom.xml kafka/lib/pom.xml
fi
echo 'servers for the tests: redis-server, PostgreSQL, Apache Kafka are there'
