#!/bin/sh
# Prints a lead as JSON. Exit code 22 when the server answers with an error, which is printed too.
set -eu
: "${LEADLIGHT:=http://127.0.0.1:8000}"

curl --silent --show-error --fail-with-body "$LEADLIGHT/api/v1/leads/$1" \
  --header "Authorization: Bearer $KEY"
