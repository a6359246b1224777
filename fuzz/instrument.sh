#!/bin/sh
# A rustc for `make fuzz`. Our own crates alone tell the fuzzer where they have been: the random
# numbers of a TLS handshake lead through the cryptography in another way each time, and a fuzzer that
# sees that takes every input for a new one.
rustc=$1
shift
case " $* " in
*" --crate-name secsmtp "* | *" --crate-name secsmtp_fuzz "*)
    set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
