#!/usr/bin/env bash
# A SLURM of one node on the loopback interface, for tests: no systemd, no cgroups, nothing outside SLURM_TEST_ROOT.
#
#   cluster.sh install    Debian's packages, as root
#   cluster.sh start      daemons; then: . $SLURM_TEST_ROOT/env.sh
#   cluster.sh restart    end the controller with kill -9 and start it again from its saved state
#   cluster.sh stop       what start began, by its process ids
#
#   SLURM_TEST_ROOT  folder for everything (default: ${TMPDIR:-/tmp}/slurm-test)
#   SLURM_TEST_PORT  first of two TCP ports (default 16817)
#
# More is advertised than the machine has, among it two fake GPUs: symlinks to /dev/null, which SLURM takes for devices,
# so that each job gets its own CUDA_VISIBLE_DEVICES.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
ROOT=${SLURM_TEST_ROOT:-${TMPDIR:-/tmp}/slurm-test}
PORT=${SLURM_TEST_PORT:-16817}
NODE=$(hostname -s)
PACKAGES="slurmctld slurmd slurm-client munge"

die() { echo "slurm: $*" >&2; exit 1; }

missing() { for p in slurmctld slurmd sbatch munged; do command -v $p >/dev/null || echo $p; done; }

install() {
    [ -n "$(missing)" ] || return 0
    [ "$(id -u)" = 0 ] || die "not installed, and not root: apt install $PACKAGES"
    command -v apt-get >/dev/null || die "not installed, and no apt-get: install $PACKAGES"
    export DEBIAN_FRONTEND=noninteractive
    made=""
    if [ ! -e /usr/sbin/policy-rc.d ]; then # keeps the packages from starting daemons of their own
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        made=1
    fi
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $PACKAGES >/dev/null || die "apt-get failed"
    [ -z "$made" ] || rm -f /usr/sbin/policy-rc.d
}

configure() {
    umask 022 # munge refuses a key or a socket below a folder that others may write
    mkdir -p "$ROOT"/{munge,state,spool,log,bin,dev}
    : >"$ROOT/pids"
    (umask 077; head -c 1024 /dev/urandom >"$ROOT/munge/key")
    for i in 0 1; do
        ln -sf /dev/null "$ROOT/dev/nvidia$i"
        echo "NodeName=$NODE Name=gpu File=$ROOT/dev/nvidia$i"
    done >"$ROOT/gres.conf"
    echo "CgroupPlugin=cgroup/v1" >"$ROOT/cgroup.conf"
    cat >"$ROOT/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$NODE(127.0.0.1)
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$ROOT/munge/socket
CredType=cred/munge
StateSaveLocation=$ROOT/state
SlurmdSpoolDir=$ROOT/spool
SlurmctldPidFile=$ROOT/slurmctld.pid
SlurmdPidFile=$ROOT/slurmd.pid
SlurmctldLogFile=$ROOT/log/slurmctld.log
SlurmdLogFile=$ROOT/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=10000
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=36000
KillWait=5
InactiveLimit=0
DefMemPerCPU=100
GresTypes=gpu
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=32 RealMemory=64000 State=UNKNOWN Gres=gpu:2
PartitionName=standard Nodes=$NODE Default=YES MaxTime=7-00:00:00 DefaultTime=60 State=UP
PartitionName=gpu Nodes=$NODE Default=NO MaxTime=1-00:00:00 DefaultTime=60 State=UP
CONF
    # The executor's job step drops SLURM_CONF before it calls srun: these find the configuration without it.
    for c in srun sbatch squeue scancel sinfo scontrol sacct; do
        real=$(command -v $c) || continue
        printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$ROOT/slurm.conf" "$real" >"$ROOT/bin/$c"
        chmod +x "$ROOT/bin/$c"
    done
    printf 'export SLURM_CONF=%s PATH=%s:$PATH\n' "$ROOT/slurm.conf" "$ROOT/bin" >"$ROOT/env.sh"
}

daemon() { # name, arguments
    "$@" </dev/null >>"$ROOT/log/$1.out" 2>&1 &
    echo "$1 $!" >>"$ROOT/pids"
}

start() {
    [ -z "$(missing)" ] || die "not installed: $(missing | tr '\n' ' ')"
    if [ -s "$ROOT/pids" ]; then stop; fi
    rm -rf "$ROOT"
    configure
    . "$ROOT/env.sh"
    daemon munged --foreground --key-file="$ROOT/munge/key" --socket="$ROOT/munge/socket" \
        --pid-file="$ROOT/munge/pid" --seed-file="$ROOT/munge/seed" --log-file="$ROOT/log/munged.log" --num-threads=2
    for _ in $(seq 300); do munge -S "$ROOT/munge/socket" -n >/dev/null 2>&1 && break; sleep 0.2; done
    munge -S "$ROOT/munge/socket" -n >/dev/null || { tail -n 5 "$ROOT"/log/munged.* >&2; die "munged does not answer"; }
    daemon slurmctld -D -c -f "$SLURM_CONF"
    daemon slurmd -D -c -f "$SLURM_CONF"
    ready
}

ready() {
    for _ in $(seq 300); do
        case $(timeout 5 sinfo -h -N -o %T 2>/dev/null | head -n1) in idle | mixed | allocated) return 0 ;; esac
        sleep 0.2
    done
    tail -n 20 "$ROOT"/log/*.out "$ROOT"/log/*.log >&2
    die "the node does not become ready"
}

restart() {
    . "$ROOT/env.sh"
    pid=$(awk '$1 == "slurmctld" { p = $2 } END { print p }' "$ROOT/pids")
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    sleep 3
    daemon slurmctld -D -f "$SLURM_CONF"
    ready
}

left_over() { # processes of this SLURM's jobs that lost their parents
    for d in /proc/[0-9]*; do
        env=$({ tr '\0' '\n' <"$d/environ"; } 2>/dev/null) || continue
        case $env in *SLURM_JOB_ID=*) case $env in *"$ROOT/bin"*) echo "${d#/proc/}" ;; esac ;; esac
    done
}

stop() {
    [ -s "$ROOT/pids" ] || return 0
    . "$ROOT/env.sh"
    timeout 5 squeue -h -o %A 2>/dev/null | xargs -r timeout 10 scancel 2>/dev/null || true
    for _ in $(seq 25); do [ -z "$(timeout 5 squeue -h -t R,CG 2>/dev/null)" ] && break; sleep 0.2; done
    tac "$ROOT/pids" | while read -r name pid; do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] || continue
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$pid" 2>/dev/null || true
    done
    : >"$ROOT/pids"
    for pid in $(left_over); do kill -9 "$pid" 2>/dev/null || true; done
}

case ${1:-} in install | start | restart | stop) "$1" ;; *) sed -n '2,15p' "$0" >&2; exit 2 ;; esac
