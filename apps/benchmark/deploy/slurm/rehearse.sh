#!/usr/bin/env bash
# Rehearses a sweep on a Slurm of two nodes on this machine, one of which dies in the middle: nothing may be lost, done twice or
# different from a run without parts. As root, after `apt-get install slurmctld slurmd slurm-client munge`:
#
#   apps/benchmark/deploy/slurm/rehearse.sh [run|sweep]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
work=$(mktemp -d)
export SLURM_CONF=$work/slurm.conf RESULTS=$work/results
export BENCH="npx tsx --tsconfig ../../tsconfig.json src/cli.ts"
what=(--dataset glyphs --quick --epochs "${EPOCHS:-30}")
# shellcheck disable=SC2054 # The models are one word, and so are the values of a hyperparameter.
case ${1:-run} in
  run) result=results.json sweep=(run --models vae,arm-finite-memory,idf,arm-nade "${what[@]}" --seed 0) ;;
  sweep) result=sweep.json sweep=(sweep learningRate=1e-3,3e-3 width=16 --models vae "${what[@]}" --seeds 0,1) ;;
  *) echo "expected run or sweep, got $1" >&2; exit 2 ;;
esac

cat > "$SLURM_CONF" <<CONF
ClusterName=rehearsal
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdTimeout=20
ReturnToService=2
MpiDefault=none
NodeName=n1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=17001 CPUs=1
NodeName=n2 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=17002 CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES State=UP
CONF
mkdir -p "$work/state" "$RESULTS" /run/munge
chown munge: /run/munge
munge -n > "$work/credential" 2>&1 || su -s /bin/sh munge -c munged
end() {
  scancel ${job:+"$job"} ${merge:+"$merge"} 2> "$work/cancel.log" || true
  for daemon in slurmd-n1 slurmd-n2 slurmctld; do
    [ ! -f "$work/$daemon.pid" ] || kill "$(cat "$work/$daemon.pid")" 2> "$work/end.log" || true
  done
}
trap end EXIT
slurmctld
until scontrol ping | grep -q UP; do sleep 1; done
slurmd -N n1
slurmd -N n2
until [ "$(sinfo -h -t idle -o %D)" = 2 ]; do sleep 1; done

job=$(sbatch --parsable --array=1-2 --output="$work/part%a.log" "$here/sweep.sbatch" "${sweep[@]}")
merge=$(sbatch --parsable --dependency="afterok:$job" --output="$work/merge.log" "$here/merge.sbatch")

# The first node dies once its part has a checkpoint: its daemon, and everything that it runs.
until [ -n "$(find "$RESULTS/part1/checkpoints" -type f 2> "$work/find.log" | head -1)" ]; do sleep 1; done
task=$(squeue -h -j "${job}_1" -o %N)
echo "node $task dies"
kill -9 "$(cat "$work/slurmd-$task.pid")"
# The daemon of the task first, or it would tell the controller that the task has failed.
# Other processes may end while they are looked at.
tasks=$( (grep -lz "^RESULTS=$RESULTS\$" /proc/[0-9]*/environ 2> "$work/proc.log" || true) | while read -r file; do
  if grep -qsz "^SLURMD_NODENAME=$task\$" "$file"; then cut -d/ -f3 <<< "$file"; fi
done)
for process in $(for each in $tasks; do ps -o ppid= -p "$each"; done | sort -u); do
  if [ "$(ps -o comm= -p "$process")" = slurmstepd ]; then kill -9 "$process"; fi
done
for process in $tasks; do kill -9 "$process" 2> "$work/kill.log" || true; done

until [ -f "$RESULTS/whole/$result" ] || [ "$(squeue -h -j "$merge" | wc -l)" = 0 ]; do sleep 2; done
sinfo -h -N -o '%N %T'
grep -h "^SLURM_RESTART\|Resum\|resum\|goes on" "$work"/part*.log || true
$BENCH "${sweep[@]}" --out "$work/alone" > "$work/alone.log"
node - "$RESULTS/whole/$result" "$work/alone/$result" <<'JS'
const [whole, alone] = process.argv.slice(2).map((file) => JSON.parse(require('node:fs').readFileSync(file, 'utf8')));
const CLOCK = new Set(['trainSeconds', 'msPerStep', 'sampleSeconds', 'peakMemoryMiB', 'extra']);
const said = ({ runs, trials, chosen = [] }) =>
  [...(runs ?? trials), ...chosen]
    .map((each) => JSON.stringify(each, (name, value) => (CLOCK.has(name) ? undefined : value)))
    .sort();
const [a, b] = [said(whole), said(alone)];
const same = a.length === b.length && a.every((run, at) => run === b[at]);
console.log(`${a.length} results of ${b.length}, ${same ? 'the same to the bit as' : 'DIFFERENT from'} a run without parts`);
process.exit(same ? 0 : 1);
JS
