#!/bin/sh
# Takes the arguments that the image registry:2 takes:
#   CONFIG.yml                        serves with this configuration
#   serve ..., garbage-collect ...    a command of the registry, or an option
#   any other words                   a program of the image: sh, df
# The program replaces this shell, so that it is process 1 and gets the signals itself.
set -eu
case ${1-} in
  *.yml | *.yaml) set -- registry serve "$@" ;;
  serve | garbage-collect | retention | scrub | check-config | help | -*) set -- registry "$@" ;;
esac
exec "$@"
