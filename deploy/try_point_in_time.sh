#!/usr/bin/env bash
# The procedure of docs/exploitation.fr.md « Revenir à un instant », tried on a cluster of its own: base backup, archived
# WAL, an accident, and the database as it was a moment before it. Run as a user PostgreSQL accepts (not root).
# try_point_in_time.sh FOLDER_OF_PROGRAMS EMPTY_FOLDER
set -euo pipefail
export PATH="$1:$PATH"
cd "$2"
here=$PWD
mkdir archive
ask() { psql -h "$here" -p "$1" -U postgres -d postgres -qtA -v ON_ERROR_STOP=1 -c "$2"; }
options() { echo "-c port=$1 -c listen_addresses= -c unix_socket_directories='$here' -c archive_mode=$2 -c archive_command='test ! -f $here/archive/%f && cp %p $here/archive/%f'"; }
finish() { for folder in cluster recovered; do pg_ctl stop -D $folder -m immediate -s 2> /dev/null || true; done; }
trap finish EXIT

initdb -D cluster -U postgres -A trust --no-sync > initdb.log
pg_ctl start -D cluster -w -s -l cluster.log -o "$(options 5501 on)"
ask 5501 "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 1000)"
pg_basebackup -h "$here" -p 5501 -U postgres -D base --checkpoint=fast
pg_verifybackup -q base
ask 5501 "INSERT INTO orders SELECT generate_series(1001, 1500)"
instant=$(ask 5501 "SELECT clock_timestamp()")
sleep 0.2
ask 5501 "DROP TABLE orders"
ask 5501 "SELECT pg_switch_wal()" > switched
archived=$(ask 5501 "SELECT pg_walfile_name(pg_current_wal_lsn() - 1)")
until [ -f "archive/$archived" ] || ask 5501 "SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >= '$archived'" | grep -q 1; do sleep 0.1; done
pg_ctl stop -D cluster -m fast -w -s

started=$(date +%s%N)
cp -a base recovered
touch recovered/recovery.signal
cat >> recovered/postgresql.auto.conf << CONF
restore_command = 'cp $here/archive/%f %p'
recovery_target_time = '$instant'
recovery_target_action = 'promote'
CONF
pg_ctl start -D recovered -w -s -l recovered.log -o "$(options 5502 off)"
until [ "$(ask 5502 'SELECT pg_is_in_recovery()')" = f ]; do sleep 0.1; done
count=$(ask 5502 "SELECT count(*) FROM orders")
echo "$count commandes sur 1500 retrouvées à $instant, en $(( ($(date +%s%N) - started) / 1000000 )) ms"
[ "$count" = 1500 ]
