# Real servers for the tests, on free loopback ports in a scratch folder. Source this file; see tests/run.sh.
# Each start_NAME sets and exports the address that the suites read, and registers how to stop the server.
# A server is ready when a client succeeds, never after a sleep.

servers_dir=${ASSAY_TEST_DIR:?set ASSAY_TEST_DIR to a scratch folder}
servers_stop=()
kafka_version=3.9.1
kafka_cache=${ASSAY_CACHE:-.cache}/kafka/$kafka_version

free_port() { PYTHONPATH=tests/lib python3 -Bc 'import server; print(server.free_port())'; }

wait_for() { # wait_for PID SECONDS command…: fails when the server dies or the time is over
    local pid=$1 end=$((SECONDS + $2)); shift 2
    until "$@" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

stop_pid() { # TERM, after 10 s KILL
    kill "$1" 2>/dev/null || return 0
    local end=$((SECONDS + 10))
    while kill -0 "$1" 2>/dev/null; do
        [ $SECONDS -lt $end ] || kill -9 "$1" 2>/dev/null
        sleep 0.1
    done
}

stop_servers() {
    local command
    for command in "${servers_stop[@]}"; do eval "$command" || true; done
    servers_stop=()
}

# PostgreSQL: ASSAY_TEST_POSTGRES, a URI with a superuser; a suite makes its own databases.
start_postgres() {
    local bin dir=$servers_dir/pg port as=()
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$bin" ] || { echo "servers: no PostgreSQL installed" >&2; return 1; }
    port=$(free_port); mkdir -p "$dir"; printf assay-test >"$dir/password"
    if [ "$(id -u)" = 0 ]; then as=(runuser -u postgres --); chown -R postgres "$dir"; fi
    (cd "$dir" && "${as[@]}" "$bin/initdb" -D "$dir/data" -U assay --auth=scram-sha-256 --pwfile="$dir/password" \
        --no-sync -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log") || { cat "$dir/initdb.log" >&2; return 1; }
    printf '%s\n' "listen_addresses='127.0.0.1'" "port=$port" "unix_socket_directories='$dir'" fsync=off \
        synchronous_commit=off full_page_writes=off shared_buffers=64MB max_connections=100 |
        "${as[@]}" tee -a "$dir/data/postgresql.conf" >/dev/null
    (cd "$dir" && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 300 start >/dev/null)
    servers_stop+=("(cd '$dir' && ${as[*]} '$bin/pg_ctl' -D '$dir/data' -m immediate -w stop >/dev/null)")
    export ASSAY_TEST_POSTGRES="postgresql://assay:assay-test@127.0.0.1:$port/postgres"
    export ASSAY_TEST_POSTGRES_DATA="$dir/data"
}

# Redis: ASSAY_TEST_REDIS; ASSAY_TEST_REDIS_PID for suites that stop or freeze it.
start_redis() {
    local port pid
    port=$(free_port); mkdir -p "$servers_dir/redis"
    setsid redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$servers_dir/redis" \
        --requirepass assay-test >"$servers_dir/redis/log" 2>&1 &
    pid=$!
    servers_stop+=("stop_pid $pid")
    wait_for $pid 120 sh -c "redis-cli -p $port -a assay-test --no-auth-warning ping | grep -q PONG" ||
        { cat "$servers_dir/redis/log" >&2; return 1; }
    export ASSAY_TEST_REDIS="redis://:assay-test@127.0.0.1:$port/0" ASSAY_TEST_REDIS_PID=$pid
}

kafka_jars() { # the broker's jars, once, in the cache
    [ -e "$kafka_cache/complete" ] && return 0
    local dep='<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>'
    mkdir -p "$kafka_cache"
    {
        printf '<project><modelVersion>4.0.0</modelVersion><groupId>assay.test</groupId><artifactId>kafka</artifactId>'
        printf '<version>1</version><packaging>pom</packaging><dependencies>'
        # shellcheck disable=SC2059
        printf "$dep" org.apache.kafka kafka_2.13 $kafka_version org.slf4j slf4j-reload4j 1.7.36
        printf '</dependencies></project>'
    } >"$kafka_cache/pom.xml"
    (cd "$kafka_cache" && mvn -B -q dependency:copy-dependencies -DoutputDirectory="$PWD/lib") && touch "$kafka_cache/complete"
}

# Apache Kafka, one broker in KRaft mode: ASSAY_TEST_KAFKA (host:port), ASSAY_TEST_KAFKA_PID.
start_kafka() {
    local dir=$servers_dir/kafka port controller pid lib
    kafka_jars || { echo "servers: the Kafka jars could not be fetched" >&2; return 1; }
    lib=$(cd "$kafka_cache/lib" && pwd); port=$(free_port); controller=$(free_port); mkdir -p "$dir"
    printf '%s\n' 'log4j.rootLogger=WARN, o' log4j.appender.o=org.apache.log4j.ConsoleAppender \
        log4j.appender.o.layout=org.apache.log4j.PatternLayout 'log4j.appender.o.layout.ConversionPattern=[%d] %p %m (%c)%n' \
        >"$dir/log4j.properties"
    printf '%s\n' process.roles=broker,controller node.id=1 "controller.quorum.voters=1@127.0.0.1:$controller" "log.dirs=$dir/data" \
        "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller" "advertised.listeners=PLAINTEXT://127.0.0.1:$port" \
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT controller.listener.names=CONTROLLER \
        inter.broker.listener.name=PLAINTEXT offsets.topic.replication.factor=1 offsets.topic.num.partitions=4 \
        transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 transaction.state.log.num.partitions=4 \
        group.initial.rebalance.delay.ms=0 auto.create.topics.enable=false broker.session.timeout.ms=3000 \
        broker.heartbeat.interval.ms=500 >"$dir/server.properties"
    kafka_java() { java "-Dlog4j.configuration=file:$dir/log4j.properties" -cp "$lib/*" "$@"; }
    kafka_java kafka.tools.StorageTool format -t 0GUNjvdYTrqbpeBVYPGxjQ -c "$dir/server.properties" >"$dir/format.log" 2>&1
    setsid java -Xms128m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j.configuration=file:$dir/log4j.properties" \
        -cp "$lib/*" kafka.Kafka "$dir/server.properties" >"$dir/log" 2>&1 &
    pid=$!
    servers_stop+=("stop_pid $pid")
    wait_for $pid 300 kafka_answers "$port" || { tail -n 20 "$dir/log" "$dir/format.log" >&2; return 1; }
    export ASSAY_TEST_KAFKA="127.0.0.1:$port" ASSAY_TEST_KAFKA_PID=$pid
}

# A broker answers when it accepts an ApiVersions request (key 18, version 0) and sends its 8-byte head back.
kafka_answers() {
    python3 - "$1" <<'PY'
import socket, struct, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2) as s:
    body = struct.pack(">hhih", 18, 0, 1, -1)
    s.sendall(struct.pack(">i", len(body)) + body)
    size, correlation = struct.unpack(">ii", s.recv(8, socket.MSG_WAITALL))
    sys.exit(0 if correlation == 1 and size > 4 else 1)
PY
}
