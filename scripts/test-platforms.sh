#!/bin/sh
# Runs a command in a chroot, in namespaces of its own: loopback is the only network, and programs for arm64 run under
# qemu without a change to the host's binfmt_misc, which needs Linux 6.7. scripts/test-platforms.js calls it under
# unshare.
#
#   usage: test-platforms.sh ROOT SOURCE NODE_MODULES COMMAND...
set -eu
root=$1 source=$2 modules=$3
shift 3

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/source"
mount --bind "$source" "$root/source"
mkdir -p "$root/source/node_modules"
mount --bind "$modules" "$root/source/node_modules"
chroot "$root" ip link set lo up

mount -t binfmt_misc binfmt_misc "$root/proc/sys/fs/binfmt_misc"
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":qemu-aarch64:M::$magic:$mask:$root/usr/bin/qemu-aarch64:OCF" >"$root/proc/sys/fs/binfmt_misc/register"

exec chroot "$root" env --chdir=/source "$@"
