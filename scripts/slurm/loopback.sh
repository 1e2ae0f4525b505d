#!/bin/bash
# Runs a sweep of 64 runs in 8 shards over a real slurmctld and slurmd on this machine, kills a task,
# submits what is missing again, and compares the content hash with that of one process.
#
# As root, with Debian's packages slurmctld, slurmd and slurm-client; all in a temporary folder, on
# 127.0.0.1 only, stopped at the end. Exit code 0 when the hashes agree, 77 when it cannot run here.
#
# usage: scripts/slurm/loopback.sh       (after npm run build)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../dist/cli/main.js

skip() { echo "skipped: $1"; exit 77; }
for each in slurmctld slurmd sbatch squeue scontrol sinfo; do
  command -v $each > /dev/null || skip "$each is not installed"
done
[ "$(id -u)" = 0 ] || skip 'slurmctld and slurmd are started as root'
[ -f "$program" ] || skip 'no dist/: npm run build'
plugins=$(find /usr/lib -maxdepth 3 -type d -name slurm-wlm | head -n 1)
[ -n "$plugins" ] || skip 'no folder slurm-wlm with plugins under /usr/lib'

state=$(mktemp -d "/tmp/slurm-loopback.XXXXXX")
# With a blank, as folders of people have them.
work="$state/a sweep"
daemons=()
finish() {
  code=$?
  trap - EXIT
  [ $code = 0 ] || tail -n 20 "$state"/ctld.log "$state"/d.log 2>&1 || true
  scancel --quiet --user=root 2> /dev/null || true
  for pid in "${daemons[@]}"; do kill "$pid" 2> /dev/null || true; done
  for pid in "${daemons[@]}"; do wait "$pid" 2> /dev/null || true; done
  rm -rf "$state"
  exit $code
}
trap finish EXIT

swaplab() { timeout 300 node "$program" "$@"; }
# Waits until a command holds, looking so many times at most.
until_holds() {
  local left=$1
  shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "gave up: $*" >&2; exit 1; }
    sleep 0.5
  done
}

# Nothing of the user's is read or written.
export XDG_STATE_HOME=$state/home
mkdir -p "$state/state" "$state/spool" "$work"
# The name that slurmd looks for itself under.
host=$(hostname -s)
sed -e "s|STATE_DIR|$state|; s|PLUGIN_DIR|$plugins|; s|HOST|$host|" \
  "$here/slurm.conf" > "$state/slurm.conf"
export SLURM_CONF=$state/slurm.conf
slurmctld -D -f "$SLURM_CONF" > "$state/ctld.out" 2>&1 &
daemons+=($!)
# Debian has the step daemon beside the other two; slurmd looks for it elsewhere.
slurmd -D -f "$SLURM_CONF" -N "$host" -d "$(command -v slurmstepd)" > "$state/d.out" 2>&1 &
daemons+=($!)
is_idle() { sinfo --noheader --format=%T 2> /dev/null | grep -q '^idle$'; }
until_holds 60 is_idle
slurmctld -V

cd "$work"
cat > pool.json << 'END'
{"name": "pool",
 "spec": {"areas": [{"size": "32M"}], "zswap": {"enabled": true}, "machine": {"memory": "8M"},
          "workload": {"name": "usemem", "arguments": ["-n", "1", "-O", "14M"]}},
 "grid": {"zswap.maxPoolPercent": [1, 5, 10, 20], "design": ["swap-table", "vswap"]},
 "seeds": {"from": 1, "count": 8}}
END

swaplab sweep plan pool.json -o plan.ndjson
swaplab sweep slurm --plan plan.ndjson --shards 8 --throttle 2 --time 10:00 -o sweep.sbatch
echo '$ bash sweep.sbatch submit'
bash sweep.sbatch submit | sed "s|$work/||" | tee submitted

# A task that has done some of its runs, but not all, is killed as a dying machine would.
began() {
  pid=$(pgrep -f "$state/.*/shard-1-of-8.db sweep run" | head -n 1)
  [ -n "$pid" ] || return 1
  { swaplab sweep status --plan plan.ndjson "$shard" 2> /dev/null || true; } | grep -q ' done'
}
shard=plan.ndjson.slurm/shard-1-of-8.db
until_holds 100 began
kill -KILL "$pid"
echo "killed task 1 of the array with SIGKILL"

jobs_end() { [ -z "$(squeue --noheader)" ]; }
until_holds 280 jobs_end
echo '$ cat plan.ndjson.slurm/slurm-*.log'
cat plan.ndjson.slurm/slurm-*.log | sed "s|$work/||"

echo '$ bash sweep.sbatch status'
bash sweep.sbatch status | tee status || true
array=$(sed -n 's/^shards: --array=//p' status)
[ "$array" = 1 ] || { echo "shard 1 is missing, and only that; found: '$array'" >&2; exit 1; }

echo "\$ bash sweep.sbatch submit $array"
bash sweep.sbatch submit "$array" | sed "s|$work/||" | tee submitted
until_holds 280 jobs_end
merge=$(sed -n 's/.*then merge \([0-9]*\) .*/\1/p' submitted)
echo "\$ cat plan.ndjson.slurm/slurm-${merge}_1.log"
sed "s|$work/||" "plan.ndjson.slurm/slurm-${merge}_1.log" | tee merged

echo '$ swaplab --db one.db sweep run --plan plan.ndjson      # one process'
swaplab --db one.db sweep run --plan plan.ndjson
echo '$ swaplab sweep merge one.db --plan plan.ndjson -o all-of-one.db'
swaplab sweep merge one.db --plan plan.ndjson -o all-of-one.db | sed "s|$work/||" | tee one
if [ "$(grep '^content hash' merged)" = "$(grep '^content hash' one)" ]; then
  echo 'the content hashes agree'
else
  echo 'the content hashes differ' >&2
  exit 1
fi
